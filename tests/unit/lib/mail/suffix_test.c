/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/suffix.h"

#include "tests/support/check.h"

static const struct {
	const char *name, *suffix, *domain;
} rows[] = {
	{ "a.b.example.com", "com", "example.com" },
	{ "EXAMPLE.Co.UK", "Co.UK", "EXAMPLE.Co.UK" },
	{ "co.uk", "co.uk", "" },
	{ "example.com.", "com.", "example.com." },
	{ "a.b.nowhere", "nowhere", "b.nowhere" },
	/* A wildcard rule and its exception. */
	{ "a.b.ck", "b.ck", "a.b.ck" },
	{ "www.ck", "ck", "www.ck" },
	{ "", "", "" },
	{ ".", "", "" },
	{ ".com", "", "" },
	{ "a..com", "", "" },
};

static void
finds(void **state)
{
	size_t i;

	(void)state;
	check_int("before", suffix_of(SPAN_LIT("a.com")).len, 0);
	suffix_prepare();
	for (i = 0; i < COUNT(rows); i++) {
		check_span(rows[i].name, suffix_of(span_of(rows[i].name)),
		    span_of(rows[i].suffix));
		check_span(rows[i].name,
		    suffix_domain_of(span_of(rows[i].name)),
		    span_of(rows[i].domain));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
