/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/scan.h"

#include <string.h>

#include "lib/mail/chars.h"

struct scan
scan_of(struct span s)
{
	struct scan out = { s.p, s.p, NULL };

	if (s.len != 0)
		out.end = s.p + s.len;
	return out;
}

bool
scan_more(const struct scan *s)
{
	return s->p < s->end;
}

char
scan_peek(const struct scan *s)
{
	return s->p < s->end ? *s->p : '\0';
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* At "(": behind its end, or at the end of all when it has none. */
static void
skip_comment(struct scan *s)
{
	size_t depth = 0;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '(')
			depth++;
		else if (*s->p == ')' && --depth == 0) {
			s->p++;
			return;
		}
	}
}

void
scan_skip(struct scan *s)
{
	while (s->p < s->end) {
		if (blank(*s->p))
			s->p++;
		else if (*s->p == '(')
			skip_comment(s);
		else
			return;
	}
}

bool
scan_take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

struct span
scan_run(struct scan *s, unsigned classes)
{
	const char *from = s->p;

	while (s->p < s->end && char_is(*s->p, classes))
		s->p++;
	return span_make(from, (size_t)(s->p - from));
}

struct span
scan_until(struct scan *s, const char *stops)
{
	const char *from = s->p;

	while (s->p < s->end && !blank(*s->p) &&
	    (*s->p == '\0' || strchr(stops, *s->p) == NULL))
		s->p++;
	return span_make(from, (size_t)(s->p - from));
}

int
scan_quoted(struct scan *s, struct buf *out)
{
	buf_reserve(out, 1);
	for (s->p++; s->p < s->end; s->p++) {
		if (*s->p == '"') {
			s->p++;
			return 0;
		}
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '\r' || *s->p == '\n')
			continue; /* of a fold */
		buf_add_byte(out, (uint8_t)*s->p);
	}
	return scan_fault(s, "a quoted text does not end");
}

int
scan_fault(struct scan *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
	return -1;
}
