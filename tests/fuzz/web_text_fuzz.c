/* SPDX-License-Identifier: Apache-2.0 */
/* A field's value and a body: what comes out is UTF-8. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/web/field.h"
#include "lib/web/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *cs;
	struct span text = span_make(data, size), value = text;
	struct buf out = { .base = NULL };
	ptrdiff_t end = span_find(text, '\n');

	if (cs == NULL)
		cs = charsets_open();
	if (end != -1)
		value.len = (size_t)end;
	web_text_decode(cs, web_parameter(value, "charset"),
	    span_from(text, value.len), &out);
	if (!text_is_utf8(buf_span(&out)))
		abort();
	buf_free(&out);
	return 0;
}
