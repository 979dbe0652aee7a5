/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the time zone database: any bytes, and moments far and near. */
#include <assert.h>
#include <stdlib.h>

#include "lib/data/timezone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = {
		-62167219200, -1, 0, 1687624642, 4102444800, 253402300799,
	};
	struct timezone_rules *z = timezone_parse(span_make(data, size));
	int32_t offset;
	size_t i;

	for (i = 0; z != NULL && i < sizeof(moments) / sizeof(*moments); i++) {
		offset = timezone_offset(z, moments[i]);
		assert(offset > -8 * 86400 && offset < 8 * 86400);
	}
	timezone_free(&z);
	return 0;
}
