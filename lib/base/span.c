/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/span.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

struct span
span_of(const char *s)
{
	return (struct span){ s != NULL ? s : "", s != NULL ? strlen(s) : 0 };
}

struct span
span_make(const void *p, size_t len)
{
	return (struct span){ p, len };
}

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_of(s));
}

bool
span_ieq(struct span a, struct span b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++) {
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	}
	return true;
}

bool
span_ieq_str(struct span a, const char *s)
{
	return span_ieq(a, span_of(s));
}

bool
span_starts(struct span a, const char *prefix)
{
	struct span b = span_of(prefix);

	return a.len >= b.len && span_eq(span_make(a.p, b.len), b);
}

bool
span_istarts(struct span a, const char *prefix)
{
	struct span b = span_of(prefix);

	return a.len >= b.len && span_ieq(span_make(a.p, b.len), b);
}

ptrdiff_t
span_find(struct span a, char c)
{
	const char *at;

	if (a.len == 0)
		return -1;
	at = memchr(a.p, c, a.len);
	return at != NULL ? at - a.p : -1;
}

struct span
span_trim(struct span a)
{
	while (a.len > 0 && (a.p[0] == ' ' || a.p[0] == '\t')) {
		a.p++;
		a.len--;
	}
	while (a.len > 0 &&
	    (a.p[a.len - 1] == ' ' || a.p[a.len - 1] == '\t'))
		a.len--;
	return a;
}

struct span
span_from(struct span a, size_t from)
{
	if (from > a.len)
		from = a.len;
	if (from == 0)
		return a;
	return (struct span){ a.p + from, a.len - from };
}

char *
span_dup(struct span a)
{
	return xmemdupz(a.p, a.len);
}
