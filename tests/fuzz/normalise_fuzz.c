/* SPDX-License-Identifier: Apache-2.0 */
/* Replies normalised and folded: no byte appears from nowhere. */
#include <assert.h>
#include <stddef.h>

#include "lib/mail/fold.h"
#include "lib/mail/normalise.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct buf out = { .base = NULL }, folded = { .base = NULL };
	size_t hard = size > 0 ? data[0] % 100 + 1 : 1, line = 0, i;

	normalise_response(in, &out);
	/* The longest token stands for at least one byte. */
	assert(buf_len(&out) <= size * 11);
	assert(!text_is_utf8(in) || text_is_utf8(buf_span(&out)));
	fold_text(in, hard / 2 + 1, hard, &folded);
	for (i = 0; i < buf_len(&folded); i++) {
		if (buf_data(&folded)[i] == '\r')
			i += 2, line = 0;
		else
			assert(++line <= hard);
	}
	buf_free(&folded);
	buf_free(&out);
	return 0;
}
