/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0, read by toml++ (toml.cc is the only file that knows it) and
 * written by us. Dates and times become texts as RFC 3339 has them.
 */
#ifndef LIB_DATA_TOML_H
#define LIB_DATA_TOML_H

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/data/error.h"

struct value;

enum {
	TOML_SIZE_MAX = 4 * 1024 * 1024,
	TOML_DEPTH_MAX = 64,
	TOML_DOTS_MAX = 32, /* in one key */
};

/* A map whose nodes know their lines, or NULL with the error. */
struct value *toml_read(struct span text, struct data_error *error);

enum toml_form {
	TOML_PLAIN,   /* lists on one line */
	TOML_PRETTY,  /* lists of several items take a line for each */
	TOML_COMPACT, /* plain, and empty tables stand inline: key = {} */
};

/*
 * Values come before tables at each level; both in the order of the map. -1
 * with a constant reason for what TOML cannot say: a null, or no map.
 */
int toml_write(struct buf *out, const struct value *map, enum toml_form form,
    const char **why_out);

/* toml_read.c: what toml++ does not bound by itself; -1 with the error. */
int toml_dots_check(struct span text, struct data_error *error);

#endif
