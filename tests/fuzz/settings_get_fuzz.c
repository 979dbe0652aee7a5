/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from another process as an object of each table: the first byte chooses
 * it. What is taken must be put into the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/settings/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
object(const struct option_table *t, struct span bytes)
{
	void *obj = xcalloc(1, t->size);
	struct buf out = { 0 };
	struct reader r;
	struct jout j;

	reader_init(&r, bytes);
	option_get(t, &r, obj);
	if (reader_end(&r)) {
		option_put(t, &out, obj);
		if (!span_eq(buf_span(&out), bytes))
			abort();
		buf_clear(&out, 0);
		jout_init(&j, &out);
		option_json(t, &j, obj);
	}
	option_free(t, obj);
	free(obj);
	buf_free(&out);
}

static void
suite(struct span bytes)
{
	struct buf out = { 0 };
	struct reader r;
	struct suite s;

	reader_init(&r, bytes);
	suite_get(&r, &s);
	if (reader_end(&r)) {
		suite_put(&out, &s);
		if (!span_eq(buf_span(&out), bytes))
			abort();
	}
	suite_free(&s);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes;
	size_t n = 0;

	if (size == 0)
		return 0;
	bytes = span_make(data + 1, size - 1);
	while (option_tables[n] != NULL)
		n++;
	if (data[0] % (n + 1) == n)
		suite(bytes);
	else
		object(option_tables[data[0] % (n + 1)], bytes);
	return 0;
}
