/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte picks the reader, the rest is the body. */
#include "tests/fuzz/bodies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		body_check(data[0], span_make(data + 1, size - 1));
	return 0;
}
