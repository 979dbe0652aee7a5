/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Received messages as files for a person to look at: Return-Path and
 * Delivered-To fields, then the content without dot stuffing. A file gets its
 * name (NNNNNNNN.eml) when the message is complete.
 */
#ifndef TESTS_BENCH_SINK_STORE_H
#define TESTS_BENCH_SINK_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct store {
	const char *dir; /* NULL: nothing is kept */
	uint64_t next;   /* number of the next file */
};

/* A message being written; all zero: none. */
struct stored {
	FILE *file;
	uint64_t number;
	bool line_start; /* the next byte opens a line */
	bool cr;         /* the last byte was CR */
};

/* Makes the folder when it is missing; numbering goes on behind its files. */
void store_open(struct store *st, const char *dir);
/* rcpts: addresses separated by commas. */
void store_begin(struct store *st, struct stored *m, struct span sender,
    struct span rcpts);
/* Content as it came off the wire. */
void store_add(struct stored *m, const char *p, size_t len);
/* Complete (keep) or given up. */
void store_end(struct store *st, struct stored *m, bool keep);

#endif
