/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16-byte ids in time order (UUID version 7, RFC 9562): bytes compare as
 * creation times do, also inside one millisecond of one process.
 */
#ifndef LIB_BASE_UUID_H
#define LIB_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

enum { UUID_LEN = 16, UUID_HEX_MAX = 33, UUID_TEXT_MAX = 37 };

struct uuid {
	uint8_t b[UUID_LEN];
};

/*
 * State of one maker: last millisecond and its counter, and random bytes that
 * were fetched ahead, since asking the kernel for each id costs more than all
 * the rest. Zero-initialised is ready; not to be shared over a fork.
 */
struct uuid_maker {
	int64_t last_ms;
	uint32_t counter;
	uint32_t left; /* bytes of pool, at its end */
	uint8_t pool[320];
};

struct uuid uuid_next(struct uuid_maker *m);
/* A random one (version 4), for names of sessions and nodes. */
struct uuid uuid_random(void);
/* Milliseconds since 1970 in a version 7 id. */
int64_t uuid_time_ms(const struct uuid *id);
bool uuid_eq(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *a);
/* 32 lower-case digits (spool ids); returns out. */
char *uuid_hex(const struct uuid *id, char out[UUID_HEX_MAX]);
/* 8-4-4-4-12; returns out. */
char *uuid_text(const struct uuid *id, char out[UUID_TEXT_MAX]);
/* Exactly 32 hex digits, or the 8-4-4-4-12 form; 0 or -1. */
int uuid_parse(struct span s, struct uuid *out);
/* Also the latter in {}, and behind "urn:uuid:"; 0 or -1. */
int uuid_parse_any(struct span s, struct uuid *out);

/* ---- uuid_node.c: versions 1 and 6, of time and machine ------------------ */

enum { UUID_NODE_LEN = 6 };

/*
 * The first network card's address that is no loopback's, else one made of
 * gethostid(). It asks the kernel and reads files: before a jail.
 */
void uuid_node_find(uint8_t node[UUID_NODE_LEN]);

/* State of one maker; zero-initialised is ready, but for the node. */
struct uuid_clock {
	uint64_t last;     /* in 100 ns since 15 October 1582 */
	uint16_t sequence; /* 14 bits, random at first */
	bool begun;
	uint8_t node[UUID_NODE_LEN];
};

struct uuid uuid_v1(struct uuid_clock *clock);
/* As version 1, with its time first: bytes compare as creation times do. */
struct uuid uuid_v6(struct uuid_clock *clock);

#endif
