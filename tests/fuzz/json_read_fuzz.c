/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read as JSON is what another library reads; written, also laid out,
 * it reads as the same again.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "lib/data/json_read.h"
#include "lib/data/json_write.h"
#include "lib/settings/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_value(struct buf *out, const struct value *v)
{
	struct jout j;

	jout_init(&j, out);
	value_to_json(&j, v);
}

static void
reads_again(struct span text, struct span want)
{
	struct value *v = json_read_value(text, 0, NULL);
	struct buf out = { 0 };

	assert(v != NULL);
	write_value(&out, v);
	assert(span_eq(buf_span(&out), want));
	buf_free(&out);
	value_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct buf out = { 0 }, pretty = { 0 };
	struct data_error e;
	json_error_t err;
	struct value *v;
	json_t *other;

	v = json_read_value(in, JSON_READ_COMMENTS, &e);
	value_free(&v);
	v = json_read_value(in, 0, &e);
	if (v == NULL)
		return 0;
	other = json_loadb(in.p, in.len, JSON_DECODE_ANY | JSON_ALLOW_NUL |
	    JSON_DECODE_INT_AS_REAL, &err);
	assert(other != NULL ||
	    json_error_code(&err) == json_error_numeric_overflow);
	json_decref(other);
	write_value(&out, v);
	json_write_pretty(&pretty, buf_span(&out), 2);
	reads_again(buf_span(&out), buf_span(&out));
	reads_again(buf_span(&pretty), buf_span(&out));
	value_free(&v);
	buf_free(&out);
	buf_free(&pretty);
	return 0;
}
