/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/base/base64.h"

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *coded;
} good[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

static const char *const refused[] = {
	"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=",
	"Zm9v\n", "Zm 9v===", "Zm9-", "Zm9_", "Zg==Zg==", "Z=g=", "Zm9v=",
	"Zm9\xff", "=AAA", "A=AA",
};

static void
both_ways(void **state)
{
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		buf_free(&b);
		buf_reserve(&b, 1);
		base64_encode(span_of(good[i].plain), &b);
		check_span(good[i].plain, buf_span(&b), span_of(good[i].coded));
		buf_clear(&b, 1000);
		check_int(good[i].coded,
		    base64_decode(span_of(good[i].coded), &b), 0);
		check_span(good[i].coded, buf_span(&b), span_of(good[i].plain));
	}
	buf_free(&b);
}

static void
strict(void **state)
{
	struct buf b = { 0 };
	size_t i;

	(void)state;
	buf_add_str(&b, "kept");
	for (i = 0; i < COUNT(refused); i++) {
		check_int(refused[i],
		    base64_decode(span_of(refused[i]), &b), -1);
		check_span(refused[i], buf_span(&b), SPAN_LIT("kept"));
	}
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
