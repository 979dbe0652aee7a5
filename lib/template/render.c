/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/render.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/text.h"

int
render_fail(struct render *r, const char *fmt, ...)
{
	char what[TEMPLATE_ERROR_MAX], text[TEMPLATE_ERROR_MAX];
	va_list ap;

	if (r->failed)
		return -1;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	r->error->line = r->line;
	snprintf(text, sizeof(text), "template '%.100s' line %d: %.300s",
	    template_name(r->template), r->line, what);
	text_printable(span_of(text), r->error->text, sizeof(r->error->text));
	return -1;
}

int
render_steps(struct render *r, uint64_t n)
{
	if (r->failed)
		return -1;
	if (n > r->limits.steps || r->steps > r->limits.steps - n)
		return render_fail(r, "more than %llu steps of work",
		    (unsigned long long)r->limits.steps);
	r->steps += n;
	if (r->arena.total > r->limits.memory)
		return render_fail(r, "values take more than %zu bytes",
		    r->limits.memory);
	return 0;
}

int
render_enter(struct render *r)
{
	if (r->depth >= r->limits.depth)
		return render_fail(r, "nested more than %u levels deep",
		    r->limits.depth);
	if (render_steps(r, 1) == -1)
		return -1;
	r->depth++;
	return 0;
}

void
render_leave(struct render *r)
{
	r->depth--;
}

void *
render_alloc(struct render *r, size_t size)
{
	return arena_alloc(&r->arena, size);
}

int
render_room(struct render *r, size_t size)
{
	if (r->failed)
		return -1;
	if (size > r->limits.memory ||
	    r->arena.total > r->limits.memory - size)
		return render_fail(r, "values take more than %zu bytes",
		    r->limits.memory);
	return 0;
}

void
render_put(struct render *r, struct buf *b, struct span s)
{
	/* A byte copied is work, too, if little. */
	if (s.len == 0 || render_room(r, buf_len(b) + s.len) == -1 ||
	    render_steps(r, s.len / 64) == -1)
		return;
	buf_add_span(b, s);
}

int
render_take(struct render *r, struct buf *b, struct span *out)
{
	if (!r->failed && render_room(r, buf_len(b)) == 0)
		*out = arena_span(&r->arena, buf_span(b));
	buf_free(b);
	return r->failed ? -1 : 0;
}

static int
render_check(struct render *r)
{
	if (r->failed)
		return -1;
	if (buf_len(r->out) - r->out_start > r->limits.output)
		return render_fail(r, "the text is longer than %zu bytes",
		    r->limits.output);
	return 0;
}

int
render_data(struct render *r, struct span s)
{
	if (r->discard)
		return r->failed ? -1 : 0;
	if (s.len > r->limits.output)
		return render_fail(r, "the text is longer than %zu bytes",
		    r->limits.output);
	buf_add_span(r->out, s);
	return render_check(r);
}

/* Runs of bytes that stand for themselves are copied whole. */
void
escape_html(struct render *r, struct buf *b, struct span s)
{
	static const char *const entities[256] = {
		['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;",
		['"'] = "&quot;", ['\''] = "&#x27;", ['/'] = "&#x2f;",
	};
	size_t i, run = 0;

	for (i = 0; i < s.len; i++) {
		if (entities[(unsigned char)s.p[i]] == NULL)
			continue;
		render_put(r, b, span_make(s.p + run, i - run));
		render_put(r, b, span_of(entities[(unsigned char)s.p[i]]));
		run = i + 1;
	}
	render_put(r, b, span_from(s, run));
}

int
render_escaped(struct render *r, struct buf *b, const struct tval *v,
    enum escape escape)
{
	struct span text;

	if (tval_is_text(v) && (escape == ESCAPE_NONE ||
	    (v->flags & TV_SAFE) != 0)) {
		render_put(r, b, v->u.text);
		return r->failed ? -1 : 0;
	}
	switch (escape) {
	case ESCAPE_NONE:
		tval_print(r, b, v);
		return r->failed ? -1 : 0;
	case ESCAPE_JSON:
		return tval_json(r, b, v);
	case ESCAPE_HTML:
		if (tval_to_text(r, v, &text) == -1)
			return -1;
		escape_html(r, b, text);
		return r->failed ? -1 : 0;
	}
	return -1;
}

int
render_value(struct render *r, const struct tval *v)
{
	if (r->discard)
		return r->failed ? -1 : 0;
	if (render_escaped(r, r->out, v, r->escape) == -1)
		return -1;
	return render_check(r);
}
