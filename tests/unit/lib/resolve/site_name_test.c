/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>

#include "lib/resolve/site_name.h"

static const struct {
	const char *hosts[8];
	uint16_t port;
	const char *site;
} sites[] = {
	{ { NULL }, 0, "" },
	{ { "mx.example.com." }, 0, "mx.example.com" },
	{ { "mx.example.com" }, 2525, "mx.example.com:2525" },
	{ { "gmail-smtp-in.l.google.com.", "alt1.gmail-smtp-in.l.google.com.",
	    "alt2.gmail-smtp-in.l.google.com.",
	    "alt3.gmail-smtp-in.l.google.com.",
	    "alt4.gmail-smtp-in.l.google.com." }, 0,
	    "(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com" },
	{ { "mta5.am0.yahoodns.net.", "mta6.am0.yahoodns.net.",
	    "mta7.am0.yahoodns.net." }, 0,
	    "(mta5|mta6|mta7).am0.yahoodns.net" },
	{ { "mta7.am0.yahoodns.net.", "mta5.am0.yahoodns.net." }, 0,
	    "(mta7|mta5).am0.yahoodns.net" },
	{ { "a.example.com.", "b.example.net." }, 0,
	    "(a|b).example.(com|net)" },
	{ { "a.x.test.", "b.x.test.", "c.y.test." }, 0, "(a|b|c).(x|y).test" },
	{ { "x.test.", "b.x.test." }, 0, "b?.x.test" },
	{ { "x.test.", "b.x.test.", "b.y.test." }, 26,
	    "b?.(x|y).test:26" },
	{ { "a.test.", "b.net." }, 25, "(a|b).(test:25|net:25)" },
	{ { "same.test.", "same.test." }, 0, "same.test" },
};

static void
test_sites(void **state)
{
	struct buf out = { .base = NULL };
	struct span hosts[8];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(sites); i++) {
		for (n = 0; n < 8 && sites[i].hosts[n] != NULL; n++)
			hosts[n] = span_of(sites[i].hosts[n]);
		buf_clear(&out, 4096);
		site_name_put(&out, hosts, n, sites[i].port);
		check_span(sites[i].site, buf_span(&out),
		    span_of(sites[i].site));
	}
	buf_free(&out);
}

/* Long names stay apart and within bounds. */
static void
test_long(void **state)
{
	char text[40][80];
	struct span hosts[40];
	struct buf one = { .base = NULL }, two = { .base = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++) {
		snprintf(text[i], sizeof(text[i]), "%063zu.%02zu.test.", i, i);
		hosts[i] = span_of(text[i]);
	}
	site_name_put(&one, hosts, 40, 0);
	text[39][0] = '1';
	site_name_put(&two, hosts, 40, 0);
	assert_true(buf_len(&one) <= SITE_NAME_MAX);
	assert_true(buf_len(&one) == buf_len(&two));
	assert_memory_equal(buf_data(&one), buf_data(&two), 900);
	assert_false(span_eq(buf_span(&one), buf_span(&two)));
	buf_free(&one);
	buf_free(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
