/* SPDX-License-Identifier: Apache-2.0 */
/* What was read is read as the same again, and joins are no worse. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/web/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct url *u)
{
	struct arena a = { .blocks = NULL };
	struct buf first = { .base = NULL }, second = { .base = NULL };
	struct url copy;
	const char *why;

	url_put(&first, u, URL_WITH_USER | URL_WITH_FRAGMENT);
	/* Encoding may make it longer than what is read. */
	if (buf_len(&first) <= URL_MAX) {
		if (url_parse(buf_span(&first), &a, &copy, &why) == -1)
			abort();
		url_put(&second, &copy, URL_WITH_USER | URL_WITH_FRAGMENT);
		if (!span_eq(buf_span(&first), buf_span(&second)))
			abort();
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make(data, size), ref;
	struct arena a = { .blocks = NULL };
	struct buf shown = { .base = NULL };
	struct url u, joined;
	const char *why;
	ptrdiff_t end = span_find(text, '\0');

	ref = span_from(text, end == -1 ? size : (size_t)end + 1);
	if (end != -1)
		text.len = (size_t)end;
	if (url_parse(text, &a, &u, &why) == 0) {
		again(&u);
		url_put_shown(&shown, &u);
		if (url_join(&u, ref, &a, &joined, &why) == 0)
			again(&joined);
	}
	buf_free(&shown);
	arena_free(&a);
	return 0;
}
