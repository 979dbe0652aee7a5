/* SPDX-License-Identifier: Apache-2.0 */
/* What TOML says is the same after each of our ways to write it. */
#include <assert.h>
#include <stdlib.h>

#include "lib/data/toml.h"
#include "lib/settings/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
as_json(struct buf *out, struct value *v)
{
	struct jout j;

	value_sort(v);
	jout_init(&j, out);
	value_to_json(&j, v);
}

static void
there_and_back(struct value *v, enum toml_form form)
{
	struct buf text = { 0 }, first = { 0 }, second = { 0 };
	struct value *again;
	const char *why;

	as_json(&first, v);
	assert(toml_write(&text, v, form, &why) == 0);
	again = toml_read(buf_span(&text), NULL);
	assert(again != NULL);
	as_json(&second, again);
	assert(span_eq(buf_span(&first), buf_span(&second)));
	value_free(&again);
	buf_free(&text);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct data_error e = { .line = 0 };
	struct value *v = toml_read(span_make(data, size), &e);

	if (v == NULL) {
		assert(e.text[0] != '\0');
		return 0;
	}
	there_and_back(v, TOML_PLAIN);
	there_and_back(v, TOML_PRETTY);
	there_and_back(v, TOML_COMPACT);
	value_free(&v);
	return 0;
}
