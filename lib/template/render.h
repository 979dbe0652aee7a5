/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rendering under way: its output, limits, memory and first error. What
 * fails returns -1 and is passed on; text being built may be left half done
 * then. Only for lib/template.
 */
#ifndef LIB_TEMPLATE_RENDER_H
#define LIB_TEMPLATE_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/template/template.h"
#include "lib/template/tval.h"

enum escape {
	ESCAPE_NONE,
	ESCAPE_HTML,
	ESCAPE_JSON,
};

struct scope;
struct loop_state;
struct block_state;

struct render {
	const struct template *template; /* the one at work */
	const struct template_input *in;
	struct template_limits limits;
	struct template_error *error;
	bool failed;
	int line;

	struct arena arena;
	uint64_t steps;
	unsigned depth;

	struct buf *out;
	size_t out_start; /* bytes that were there before */
	enum escape escape;

	/* Jinja. */
	struct scope *scope;
	struct loop_state *loop;
	int jump; /* enum jump */
	struct block_state *blocks;
	struct tval piped; /* what a block gave, for its filters */
	struct span block; /* the one at work, and its layer */
	size_t layer;
	const struct template *parent; /* what an {% extends %} named */
	bool discard; /* text below {% extends %} counts for nothing */
	/* Handlebars. */
	struct hb_frame *frame;
	struct hb_inline *inlines;
};

/* -1, after the first of these was noted with template and line. */
int render_fail(struct render *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Count work; -1 when there was too much, or too much memory was taken. */
int render_steps(struct render *r, uint64_t n);
/* One level down; each that returns 0 wants a render_leave(). */
int render_enter(struct render *r);
void render_leave(struct render *r);

void *render_alloc(struct render *r, size_t size);
/* Room for `size` more bytes of text? */
int render_room(struct render *r, size_t size);
/*
 * Text being built: adds nothing once the rendering has failed, which it
 * does when the text gets too long.
 */
void render_put(struct render *r, struct buf *b, struct span s);
/* Into the arena; frees b. -1 when the rendering has failed. */
int render_take(struct render *r, struct buf *b, struct span *out);

/* Text of the template itself, and values as its escaping wants them. */
int render_data(struct render *r, struct span s);
int render_value(struct render *r, const struct tval *v);
/* The same into a buffer. */
int render_escaped(struct render *r, struct buf *b, const struct tval *v,
    enum escape escape);
void escape_html(struct render *r, struct buf *b, struct span s);

#endif
