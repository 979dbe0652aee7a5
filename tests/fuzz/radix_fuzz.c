/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes is what its bytes encode to, padding aside. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/radix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
bare_len(struct span s)
{
	while (s.len > 0 && s.p[s.len - 1] == '=')
		s.len--;
	return s.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum radix radix;
	struct span in, bytes;
	char *out, *text;
	size_t place = 0, len;
	ssize_t n;

	if (size == 0)
		return 0;
	radix = (enum radix)(data[0] % RADIX_COUNT);
	in = span_make(data + 1, size - 1);
	out = xmalloc(radix_decoded_max(radix, in.len) + 1);
	n = radix_decode(radix, in, out, &place);
	if (n == -1) {
		assert(place <= in.len);
	} else {
		bytes = span_make(out, (size_t)n);
		len = radix_encoded_len(radix, bytes.len);
		text = xmalloc(len + 1);
		radix_encode(radix, bytes, text);
		assert(span_eq(span_make(text, bare_len(span_make(text, len))),
		    span_make(in.p, bare_len(in))));
		free(text);
	}
	free(out);
	return 0;
}
