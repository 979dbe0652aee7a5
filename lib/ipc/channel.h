/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel: framed messages over one half of a socket pair made by master.
 *
 * Frame: magic and version (u32), type (u16), flags (u16; bit 0: a descriptor
 * came with the first byte), body length (u32), zero (u32), request id (u64);
 * then the body. What a turn sends leaves at its end in one write.
 *
 * A frame that breaks the rules of messages.def closes the channel with one
 * log line; the owner hears of it by lost(). A handler gets the body to read
 * and, with it, the descriptor (which it then owns; -1 if none). After the
 * handler the body's bytes are gone: copy what must stay. A handler that
 * leaves its reader bad or unread closes the channel in the same way.
 */
#ifndef LIB_IPC_CHANNEL_H
#define LIB_IPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/wire.h"
#include "lib/ipc/message.h"

struct loop;
struct channel;

struct channel_handler {
	enum message type;
	void (*handle)(void *arg, struct channel *ch, uint64_t id,
	    struct reader *body, int fd);
};

struct channel_events {
	/* Ends with a row whose handle is NULL. */
	const struct channel_handler *handlers;
	/* The other side is gone or broke the rules; close it now. */
	void (*lost)(void *owner, struct channel *ch);
	/* What was pending fell below the low mark again (may be NULL). */
	void (*drained)(void *owner, struct channel *ch);
	void *owner;
};

enum {
	CHANNEL_HIGH = 4 * 1024 * 1024, /* pending bytes: stop producing */
	CHANNEL_LOW = 1024 * 1024,
	CHANNEL_FRAME = 24,
};

/*
 * Takes the descriptor over. peer_index tells processes of one role apart;
 * arg is what handlers get. events must outlive the channel.
 */
struct channel *channel_new(struct loop *loop, int fd, enum role self,
    enum role peer, unsigned peer_index, const struct channel_events *events,
    void *arg);
/* Safe inside a handler of this channel. Clears the caller's pointer. */
void channel_close(struct channel **ch);
enum role channel_peer(const struct channel *ch);
unsigned channel_peer_index(const struct channel *ch);
/* To be asked in lost(): did the peer break the rules, or just end? */
bool channel_broke(const struct channel *ch);

/*
 * Begin a frame: write its body into the returned buffer, then call
 * channel_end(). Nothing else may be sent on the channel in between.
 */
struct buf *channel_begin(struct channel *ch, enum message type, uint64_t id);
void channel_end(struct channel *ch);
/* As channel_end, with a descriptor, which is duplicated. */
void channel_end_fd(struct channel *ch, int fd);
/* A frame without body. */
void channel_send(struct channel *ch, enum message type, uint64_t id);
/* Write pending frames now, not at the end of the turn. */
void channel_flush(struct channel *ch);

/* Bytes not yet with the kernel. */
size_t channel_pending(const struct channel *ch);
static inline bool
channel_full(const struct channel *ch)
{
	return channel_pending(ch) >= CHANNEL_HIGH;
}

/*
 * Has the peer died, though the loop has not said so yet? Asked by one who must
 * not speak into a dead channel when the peer's successor is meant.
 */
bool channel_is_dead(const struct channel *ch);

/*
 * Handle now all that has already arrived; the channel may be lost by it.
 * Does nothing inside a handler of this channel.
 */
void channel_drain(struct channel *ch);

/* Stop and start reading: this is how a slow process slows its senders. */
void channel_pause(struct channel *ch);
void channel_resume(struct channel *ch);

#endif
