/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/regex/regex.h"

static bool
name_char(char c)
{
	return ascii_digit(c) || c == '_' ||
	    (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Behind a '$': the name, and the bytes that it takes; 0: it is none. */
static size_t
name_at(struct span s, struct span *name)
{
	ptrdiff_t end;
	size_t n = 0;

	if (s.len > 0 && s.p[0] == '{') {
		end = span_find(s, '}');
		if (end < 0)
			return 0;
		*name = span_make(s.p + 1, (size_t)end - 1);
		return (size_t)end + 1;
	}
	while (n < s.len && name_char(s.p[n]))
		n++;
	*name = span_make(s.p, n);
	return n;
}

bool
regex_piece_next(struct span *left, struct span *piece, bool *group_out)
{
	size_t n;

	*group_out = false;
	if (left->len == 0)
		return false;
	if (left->p[0] != '$') {
		const char *dollar = memchr(left->p, '$', left->len);

		n = dollar == NULL ? left->len : (size_t)(dollar - left->p);
		*piece = span_make(left->p, n);
	} else if (left->len > 1 && left->p[1] == '$') {
		*piece = span_make(left->p, 1);
		n = 2;
	} else {
		n = name_at(span_from(*left, 1), piece);
		*group_out = n > 0;
		if (n == 0)
			*piece = span_make(left->p, 1);
		n++;
	}
	*left = span_from(*left, n);
	return true;
}

struct span
regex_group_named(const struct regex *r, struct span name)
{
	unsigned i, group;
	struct span each;
	uint64_t number;

	if (text_u64(name, 0, 65535, &number) == 0)
		return regex_group(r, (unsigned)number);
	for (i = 0; regex_name(r, i, &each, &group); i++) {
		if (span_eq(name, each))
			return regex_group(r, group);
	}
	return span_make(NULL, 0);
}
