/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lookupd/vault_answer.h"

#define NO_JSON "no JSON of at most 1 MB"

/* Answers as Vault's API documentation has them, whole and spoilt. */
static const struct {
	const char *json;
	bool old;
	const char *field, *want, *why;
} rows[] = {
	{ "{\"request_id\":\"x\",\"data\":{\"data\":{\"key\":\"v\"},"
	    "\"metadata\":{\"version\":2}}}", false, "key", "v", NULL },
	{ "{\"data\":{\"key\":\"v\"},\"lease_duration\":2764800}", true,
	    "key", "v", NULL },
	{ "{\"data\":{\"data\":{\"a\":\"\\u00fc\"}}}", false, "a",
	    "\xc3\xbc", NULL },
	{ "{\"data\":{\"data\":{\"a\":\"\"}}}", false, "a", "", NULL },
	{ "{\"data\":{\"data\":{\"a\":\"b\"}}}", false, "key", NULL,
	    "no such field" },
	{ "{\"data\":{\"data\":{\"a\":{}}}}", false, "a", NULL, "no text" },
	{ "{\"data\":{\"data\":null}}", false, "a", NULL, "holds no secret" },
	{ "{\"data\":{\"key\":\"v\"}}", false, "key", NULL,
	    "holds no secret" },
	{ "{\"data\":[]}", true, "key", NULL, "holds no secret" },
	{ "{}", false, "key", NULL, "holds no secret" },
	{ "[]", false, "key", NULL, "holds no secret" },
	{ "\"x\"", false, "key", NULL, "holds no secret" },
	{ "", false, "key", NULL, NO_JSON },
	{ "{\"data\":", false, "key", NULL, NO_JSON },
	{ "<html>", false, "key", NULL, NO_JSON },
};

static void
rows_test(void **state)
{
	size_t i, len;
	char *text;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const char *why = vault_answer_read(span_of(rows[i].json),
		    rows[i].old, rows[i].field, &text, &len);

		if (why == NULL) {
			if (rows[i].want == NULL)
				fail_msg("%s: got %s, want an error",
				    rows[i].json, text);
			check_span(rows[i].json, span_make(text, len),
			    span_of(rows[i].want));
			free(text);
		} else if (rows[i].why == NULL ||
		    strstr(why, rows[i].why) == NULL) {
			fail_msg("%s: got %s, want %s", rows[i].json, why,
			    rows[i].why);
		}
	}
}

static void
size_test(void **state)
{
	size_t len = VAULT_ANSWER_MAX + 1;
	char *json = xmalloc(len), *text;
	const char *why;

	(void)state;
	memset(json, ' ', len);
	why = vault_answer_read(span_make(json, len), false, "key", &text,
	    &len);
	assert_non_null(strstr(why, NO_JSON));
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_test),
		cmocka_unit_test(size_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
