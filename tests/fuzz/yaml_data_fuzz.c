/* SPDX-License-Identifier: Apache-2.0 */
/* Any YAML as data; what it says is the same after we wrote it. */
#include <assert.h>
#include <stdlib.h>

#include "lib/settings/value.h"
#include "lib/settings/yaml.h"
#include "lib/settings/yaml_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct value *
parse(struct span text)
{
	struct problems problems = { 0 };
	struct value *v;
	int column;

	v = yaml_parse_data(text, &problems, &column);
	assert((v == NULL) == (problems.errors > 0));
	problems_free(&problems);
	return v;
}

static void
as_json(struct buf *out, const struct value *v)
{
	struct jout j;

	jout_init(&j, out);
	value_to_json(&j, v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 }, first = { 0 }, second = { 0 };
	struct value *v = parse(span_make(data, size)), *again;

	if (v == NULL)
		return 0;
	if (yaml_write(&text, v) == 0) {
		again = parse(buf_span(&text));
		assert(again != NULL);
		as_json(&first, v);
		as_json(&second, again);
		assert(span_eq(buf_span(&first), buf_span(&second)));
		value_free(&again);
	}
	value_free(&v);
	buf_free(&text);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
