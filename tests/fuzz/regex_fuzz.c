/* SPDX-License-Identifier: Apache-2.0 */
/* First line: a pattern, second: a replacement; the rest: the text. */
#include <assert.h>
#include <stddef.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/regex/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span
line_of(struct span *left)
{
	ptrdiff_t end = span_find(*left, '\n');
	struct span line = span_make(left->p, end < 0 ? left->len :
	    (size_t)end);

	*left = span_from(*left, end < 0 ? left->len : (size_t)end + 1);
	return line;
}

static void
walk(struct regex *r, struct span with, struct span text)
{
	struct regex_walk w;
	struct span found, piece, left;
	size_t last = 0, at, n = 0;
	bool group;

	regex_walk_begin(&w, r, text);
	while (n++ < 1000 && regex_walk_next(&w, clock_mono_us() + 100000,
	    &found) == REGEX_FOUND) {
		at = (size_t)(found.p - text.p);
		assert(at + found.len <= text.len);
		assert(text_is_utf8(found));
		assert(at + found.len >= last);
		last = at + found.len;
		for (left = with; regex_piece_next(&left, &piece, &group); ) {
			if (group)
				regex_group_named(r, piece);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span left = span_make(data, size), pattern, with;
	char why[REGEX_WHY_MAX];
	struct regex *r;

	pattern = line_of(&left);
	with = line_of(&left);
	r = regex_new(pattern, NULL, why);
	if (r == NULL) {
		assert(why[0] != '\0');
		return 0;
	}
	if (text_is_utf8(left))
		walk(r, with, left);
	regex_free(&r);
	return 0;
}
