/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/text_ops.h"

#include <string.h>

#include "lib/template/chars.h"

int
list_push(struct render *r, struct tval *list, struct tval item)
{
	struct tlist *l = list->u.list;
	struct tval *grown;

	if (render_steps(r, 1) == -1)
		return -1;
	/* A power of two is full; an empty list has room for none. */
	if ((l->n & (l->n - 1)) == 0) {
		grown = render_alloc(r, (l->n == 0 ? 1 : 2 * l->n) *
		    sizeof(*grown));
		if (l->n > 0)
			memcpy(grown, l->v, l->n * sizeof(*grown));
		l->v = grown;
	}
	l->v[l->n++] = item;
	return 0;
}

static int
taken(struct render *r, struct buf *b, struct tval *out)
{
	struct span s;

	if (render_take(r, b, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

static bool
ends_word(uint32_t c)
{
	return (c < 0x80 && !chars_is_letter(c)) || chars_is_blank(c);
}

int
text_case(struct render *r, struct span s, enum letter_case how,
    struct tval *out)
{
	struct buf b = { .base = NULL };
	bool first = true, upper;
	size_t at = 0, start;
	uint32_t c;

	if (render_room(r, s.len * 2) == -1 ||
	    render_steps(r, s.len / 16) == -1)
		return -1;
	while (at < s.len) {
		start = at;
		c = chars_next(s, &at);
		if (c == 0xfffd) {
			buf_add(&b, s.p + start, at - start);
			continue;
		}
		upper = how == CASE_UPPER || (how != CASE_LOWER && first);
		if (how == CASE_TITLE)
			first = ends_word(c);
		else
			first = false;
		chars_put(&b, upper ? chars_upper(c) : chars_lower(c));
	}
	return taken(r, &b, out);
}

int
text_replace(struct render *r, struct span s, struct span from,
    struct span to, int64_t count, struct tval *out)
{
	struct buf b = { .base = NULL };
	const char *at;
	size_t n;

	while (count != 0 && !r->failed) {
		if (from.len > 0) {
			at = s.len >= from.len ?
			    memmem(s.p, s.len, from.p, from.len) : NULL;
			if (at == NULL)
				break;
			n = (size_t)(at - s.p);
		} else if (s.len > 0) { /* before each character */
			n = 0;
		} else {
			render_put(r, &b, to);
			break;
		}
		render_put(r, &b, span_make(s.p, n));
		render_put(r, &b, to);
		s = span_from(s, n + from.len);
		if (from.len == 0) {
			n = chars_skip(s, 0, 1);
			render_put(r, &b, span_make(s.p, n));
			s = span_from(s, n);
		}
		if (render_steps(r, 1) == -1)
			break;
		count--;
	}
	render_put(r, &b, s);
	return taken(r, &b, out);
}

static bool
is_one_of(uint32_t c, struct span chars)
{
	size_t at = 0;

	if (chars.len == 0)
		return chars_is_blank(c);
	while (at < chars.len) {
		if (chars_next(chars, &at) == c)
			return true;
	}
	return false;
}

struct span
text_strip(struct span s, struct span chars, unsigned ends)
{
	size_t at, n;

	while ((ends & END_START) != 0 && s.len > 0) {
		at = 0;
		if (!is_one_of(chars_next(s, &at), chars))
			break;
		s = span_from(s, at);
	}
	while ((ends & END_END) != 0 && s.len > 0) {
		n = chars_last(s, s.len);
		at = s.len - n;
		if (!is_one_of(chars_next(s, &at), chars))
			break;
		s.len -= n;
	}
	return s;
}

/* Where the text parts next: bytes before, and of what parts it. */
static bool
next_part(struct span s, struct span sep, size_t *before, size_t *gap)
{
	size_t at = 0, start;
	const char *found;

	if (sep.p != NULL) {
		found = s.len >= sep.len ?
		    memmem(s.p, s.len, sep.p, sep.len) : NULL;
		if (found == NULL)
			return false;
		*before = (size_t)(found - s.p);
		*gap = sep.len;
		return true;
	}
	while (at < s.len) {
		start = at;
		if (!chars_is_blank(chars_next(s, &at)))
			continue;
		*before = start;
		while (at < s.len) {
			size_t behind = at;

			if (!chars_is_blank(chars_next(s, &at))) {
				at = behind;
				break;
			}
		}
		*gap = at - start;
		return true;
	}
	return false;
}

int
text_split(struct render *r, struct span s, struct span sep, int64_t most,
    struct tval *out)
{
	size_t before, gap;

	if (sep.p != NULL && sep.len == 0)
		return render_fail(r, "an empty text cannot be split at");
	*out = tval_list(r, 0);
	if (sep.p == NULL)
		s = most < 0 ? chars_trim(s) :
		    text_strip(s, SPAN_LIT(""), END_START);
	if (sep.p == NULL && s.len == 0)
		return 0;
	while (most != 0 && next_part(s, sep, &before, &gap)) {
		if (render_steps(r, before / 64) == -1 || list_push(r, out,
		    tval_text(span_make(s.p, before))) == -1)
			return -1;
		s = span_from(s, before + gap);
		most--;
	}
	if (sep.p == NULL && s.len == 0)
		return 0;
	return list_push(r, out, tval_text(s));
}

int
text_lines(struct render *r, struct span s, bool keep_ends, struct tval *out)
{
	ptrdiff_t end;
	size_t n, next;

	*out = tval_list(r, 0);
	while (s.len > 0) {
		end = span_find(s, '\n');
		n = end == -1 ? s.len : (size_t)end;
		next = end == -1 ? s.len : n + 1;
		if (keep_ends)
			n = next;
		else if (end != -1 && n > 0 && s.p[n - 1] == '\r')
			n--;
		if (list_push(r, out, tval_text(span_make(s.p, n))) == -1)
			return -1;
		s = span_from(s, next);
	}
	return 0;
}
