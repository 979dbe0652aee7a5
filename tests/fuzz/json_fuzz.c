/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the check calls a JSON value another library reads too, on one line;
 * any text becomes such a value.
 */
#include <assert.h>
#include <jansson.h>

#include "lib/base/jout.h"
#include "lib/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *
load(struct span s, json_error_t *err)
{
	return json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL |
	    JSON_DECODE_INT_AS_REAL, err);
}

/* Too deep for us, or with line ends; and to the other one a NUL is an end. */
static bool
is_beyond_us(struct span s)
{
	size_t i, depth = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\0')
			return true;
		depth += s.p[i] == '[' || s.p[i] == '{';
	}
	return depth > JSON_DEPTH_MAX;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct buf out = { 0 };
	json_error_t err;
	struct jout j;
	json_t *v;

	v = load(in, &err);
	/* Numbers too large for a double: not a question of form. */
	if (json_is_value(in))
		assert(v != NULL ||
		    json_error_code(&err) == json_error_numeric_overflow);
	else
		assert(v == NULL || is_beyond_us(in));
	json_decref(v);
	jout_init(&j, &out);
	jout_text(&j, in);
	assert(json_is_value(buf_span(&out)));
	v = load(buf_span(&out), &err);
	assert(json_is_string(v));
	json_decref(v);
	buf_free(&out);
	return 0;
}
