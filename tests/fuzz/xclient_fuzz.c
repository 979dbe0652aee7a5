/* SPDX-License-Identifier: Apache-2.0 */
/* XCLIENT attributes, and xtext both ways. */
#include <assert.h>

#include "lib/base/text.h"
#include "lib/mail/xclient.h"
#include "lib/mail/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
text_check(struct span s)
{
	size_t i;

	assert(text_is_utf8(s));
	for (i = 0; i < s.len; i++)
		assert((uint8_t)s.p[i] >= ' ' && s.p[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct buf plain = { 0 }, coded = { 0 }, again = { 0 };
	struct arena a = { 0 };
	struct xclient x;

	if (xclient_parse(in, &a, &x) == NULL) {
		assert(x.given != 0);
		assert(((x.unavailable | x.tempunavail) & ~x.given) == 0);
		text_check(x.name);
		text_check(x.helo);
		text_check(x.login);
	}
	arena_free(&a);
	if (xtext_decode(in, &plain) == 0) {
		text_check(buf_span(&plain));
		xtext_encode(buf_span(&plain), &coded);
		buf_reserve(&coded, 1);
		assert(xtext_decode(buf_span(&coded), &again) == 0);
		assert(span_eq(buf_span(&plain), buf_span(&again)));
	}
	buf_free(&plain);
	buf_free(&coded);
	buf_free(&again);
	return 0;
}
