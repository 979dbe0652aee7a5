/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to the spool's writer and is not answered yet. An entry stays here
 * until its answer, so that a writer that was restarted gets it again; when
 * its session no longer waits, it is dropped. Refusal records have no answer:
 * a bounded number waits while the writer is away, the rest is dropped.
 */
#ifndef SMTPD_STORE_H
#define SMTPD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/ipc/store.h"

struct channel;
struct session;

struct outbox_entry {
	struct outbox_entry *next, *prev; /* in order of request */
	struct outbox_entry *next_of_session;
	struct session *session;
	uint64_t id;
	struct buf head; /* of the frame, see store_head_put() */
	struct buf body; /* empty when fd carries it */
	int fd;          /* or -1 */
	uint64_t bytes;  /* counted as held */
};

struct outbox_slot {
	uint32_t generation;
	uint32_t next_free;
	struct outbox_entry *entry;
};

enum {
	OUTBOX_SPARE = 64,             /* buffers kept for the next messages */
	OUTBOX_RECORDS_MAX = 1024 * 1024, /* bytes of records that wait */
	/* Content that is held, coming in or waiting: more is not begun. */
	OUTBOX_HELD_MAX = 256 * 1024 * 1024,
};

/* Zero-initialised is empty; call outbox_init. */
struct outbox {
	struct channel *writer; /* NULL: away */
	struct outbox_entry *first, *last;
	struct outbox_entry *unsent; /* first that is not on this channel */
	struct outbox_slot *slots;
	uint32_t nslots, first_free;
	uint64_t held;
	struct buf records;     /* length and body, again and again */
	uint64_t records_lost;
	struct buf spare[OUTBOX_SPARE];
	unsigned nspare;
};

void outbox_init(struct outbox *o);
/*
 * Takes head, body and fd over. The answer finds
 * it by its id unless the session has forgotten it by then.
 */
void outbox_add(struct outbox *o, struct session *s, struct buf *head,
    struct buf *body, int fd, uint64_t bytes);
/* A refusal record, encoded as RECORD's body. */
void outbox_record(struct outbox *o, struct span body);
/* The entry with this id, taken out of the table, or NULL. */
struct outbox_entry *outbox_take(struct outbox *o, uint64_t id);
void outbox_entry_free(struct outbox *o, struct outbox_entry *e);
/* The session waits no more for any of its entries. */
void outbox_forget(struct outbox *o, struct session *s);
/* Sends what is not sent, as far as the channel has room. */
void outbox_pump(struct outbox *o);
void outbox_writer_up(struct outbox *o, struct channel *ch);
void outbox_writer_down(struct outbox *o);
/* Should clients be read at all now? */
bool outbox_is_full(const struct outbox *o);
/* An empty buffer with room from an earlier message, or an empty one. */
struct buf outbox_buf(struct outbox *o);
void outbox_buf_back(struct outbox *o, struct buf *b);

#endif
