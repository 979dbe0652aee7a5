/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of Handlebars; hb_parse.c has texts and tags, hb_value.c what
 * stands inside of them.
 */
#ifndef LIB_TEMPLATE_HB_PARSE_H
#define LIB_TEMPLATE_HB_PARSE_H

#include "lib/template/hb.h"

enum {
	HB_DEPTH_MAX = 100,
	HB_MEMORY_MAX = 64 * 1024 * 1024,
};

struct hb_parser {
	struct template *t;
	struct span source;
	size_t at;
	int line;
	unsigned depth;
	bool trim;              /* the text that follows loses its blanks */
	size_t tag;             /* where the tag at hand began */
	struct hb_node *before; /* the text before it, or NULL */
	bool failed;
	struct template_error *error;
};

/* NULL, after the first error was noted. */
void *hb_fail(struct hb_parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct span hb_rest(const struct hb_parser *p);
/* Move on, counting lines. */
void hb_skip(struct hb_parser *p, size_t n);
bool hb_here(const struct hb_parser *p, const char *text);
/* Take it if it is here. */
bool hb_take(struct hb_parser *p, const char *text);
bool hb_is_blank(char c);
void hb_blanks(struct hb_parser *p);
struct hb_node *hb_node_new(struct hb_parser *p, enum hb_kind kind);
/* One level down; false after a failure. */
bool hb_enter(struct hb_parser *p);

/* ---- hb_value.c ---------------------------------------------------------- */

/* Can this character be in a name? */
bool hb_is_id(char c);
struct span hb_take_id(struct hb_parser *p);
/* Behind n bytes stands no more of a name. */
bool hb_ends_here(struct span s, size_t n);
/* The end of a tag or of a bracket? */
bool hb_at_end(const struct hb_parser *p);
/* A literal, a path, (a call); NULL after a failure. */
struct hb_node *hb_param(struct hb_parser *p);
/* Arguments of n to the end of its tag, or its target before them, too. */
int hb_args(struct hb_parser *p, struct hb_node *n);
int hb_call(struct hb_parser *p, struct hb_node *n);

#endif
