/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions: the syntax of Rust's regex and fancy-regex, matched by
 * PCRE2, which only this folder knows. Pattern and text are UTF-8; classes and
 * word boundaries are Unicode's. No look at a text goes on for ever: one that
 * needs too many steps gives up. There is no JIT compiler: the jail of a
 * process has no room for new code.
 */
#ifndef LIB_REGEX_REGEX_H
#define LIB_REGEX_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum {
	REGEX_PATTERN_MAX = 65536, /* bytes */
	REGEX_WHY_MAX = 256,
};

enum regex_result {
	REGEX_FOUND,
	REGEX_NONE,
	REGEX_GAVE_UP,   /* too many steps */
	REGEX_NO_MEMORY,
};

/* Where memory comes from; take may answer NULL. */
struct regex_memory {
	void *(*take)(size_t size, void *arg);
	void (*give)(void *p, void *arg);
	void *arg;
};

extern const struct regex_memory regex_heap;

struct regex;

/* memory NULL: regex_heap. NULL with a reason, "" when memory is out. */
struct regex *regex_new(struct span pattern,
    const struct regex_memory *memory, char why[REGEX_WHY_MAX]);
void regex_free(struct regex **r);

/*
 * The first match in text, which must be UTF-8, at or behind `from`. What is
 * found holds until the next call; text must live as long. Gives up soon
 * behind a time by clock_mono_us().
 */
enum regex_result regex_find(struct regex *r, struct span text, size_t from,
    int64_t until_us);
/* Of what was found: the whole is 0. p is NULL for a group without part. */
struct span regex_group(const struct regex *r, unsigned group);
/* Groups and the whole. */
unsigned regex_groups(const struct regex *r);
/* The i-th name and its group; false behind the last. */
bool regex_name(const struct regex *r, unsigned i, struct span *name_out,
    unsigned *group_out);

/* ---- all matches, one behind the other ----------------------------------- */

struct regex_walk {
	struct regex *r;
	struct span text;
	size_t at;
	size_t last_end; /* of the last match */
	bool any;
};

void regex_walk_begin(struct regex_walk *w, struct regex *r,
    struct span text);
/* An empty match that touches the one before it is passed over. */
enum regex_result regex_walk_next(struct regex_walk *w, int64_t until_us,
    struct span *found);

/* ---- replace.c ----------------------------------------------------------- */

/*
 * The next piece of a replacement: literal text, or with *group_out the name
 * or number of a group ($1, $name, ${name}; $$ is a dollar). The longest name
 * counts. false at the end.
 */
bool regex_piece_next(struct span *left, struct span *piece,
    bool *group_out);
/* What was found in the group of that name or number; else empty. */
struct span regex_group_named(const struct regex *r, struct span name);

/* ---- syntax.c ------------------------------------------------------------ */

/* Appends the pattern in PCRE2's syntax; -1 with a constant reason. */
int regex_translate(struct span pattern, struct buf *out,
    const char **why_out);

#endif
