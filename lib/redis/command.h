/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be known of a command before it is sent: which of its words is a
 * key, whether it waits on the server, whether it only reads, and whether it
 * changes the connection, which it cannot on one that many share.
 */
#ifndef LIB_REDIS_COMMAND_H
#define LIB_REDIS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { REDIS_SLOTS = 16384, REDIS_WORDS_MAX = 65536 };

enum redis_command_flag {
	REDIS_READS = 1,   /* changes nothing: a replica may answer */
	REDIS_WAITS = 2,   /* the server may take its time on purpose */
	REDIS_REFUSED = 4, /* makes the connection something else */
	REDIS_KEYLESS = 8, /* any node may answer */
};

/* The flags of the command words[0]; n is at least 1. */
unsigned redis_command_flags(const struct span *words, size_t n);
/* Position of its first key in words; 0: it has none. */
size_t redis_command_key(const struct span *words, size_t n);
/* As the protocol has it, appended. */
void redis_command_put(struct buf *out, const struct span *words, size_t n);
/* The slot of a cluster that a key is in. */
unsigned redis_slot(struct span key);

/* "MOVED 3999 127.0.0.1:6381", "ASK ...": where to ask instead. */
struct redis_redirect {
	bool ask;   /* only this once */
	unsigned slot;
	struct span host; /* empty: the host that said so; in the text */
	uint16_t port;
};

bool redis_redirect_read(struct span error, struct redis_redirect *out);
/*
 * A server's error for people: on one line, without what it repeats of the
 * command's arguments. Heap.
 */
char *redis_error_text(struct span error);

#endif
