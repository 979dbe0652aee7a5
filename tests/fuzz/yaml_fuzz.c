/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML from an operator's file: read, laid over the defaults, finished, carried
 * to another process and back, where it must be the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/settings/suite.h"
#include "lib/settings/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
carry(const struct suite *s)
{
	struct buf first = { 0 }, second = { 0 };
	struct queue_config queue;
	struct egress_path path;
	struct suite copy;
	struct reader r;
	struct jout j;

	suite_put(&first, s);
	reader_init(&r, buf_span(&first));
	suite_get(&r, &copy);
	if (!reader_end(&r))
		abort();
	suite_put(&second, &copy);
	if (!span_eq(buf_span(&first), buf_span(&second)))
		abort();
	suite_queue_config(&copy, SPAN_LIT("a.example.com"), SPAN_LIT("t"),
	    SPAN_LIT("c"), &queue);
	suite_path(&copy, SPAN_LIT("a.example.com"), SPAN_LIT("s"),
	    SPAN_LIT("mx.example.com"), &path);
	buf_clear(&second, 0);
	jout_init(&j, &second);
	suite_json(&j, &copy);
	suite_free(&copy);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct buf out = { 0 };
	struct suite s;

	if (suite_load_text(span_make(data, size), &s, &problems) == 0) {
		if (suite_finish(&s, &problems) == 0)
			carry(&s);
		suite_free(&s);
	} else if (problems.errors == 0) {
		abort();
	}
	problems_print(&problems, &out);
	problems_free(&problems);
	buf_free(&out);
	return 0;
}
