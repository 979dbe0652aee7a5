/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/settings/listener_domain.h"
#include "smtpd/relay.h"

static const struct {
	bool relay_to;
	const char *from; /* network, or NULL */
	const char *peer;
	bool want_to, want_from;
} rows[] = {
	{ false, NULL, "192.0.2.1", false, false },
	{ true, NULL, "192.0.2.1", true, false },
	{ false, "192.0.2.0/24", "192.0.2.1", false, true },
	{ true, "192.0.2.0/24", "192.0.3.1", true, false },
	{ false, "192.0.2.0/24", "::ffff:192.0.2.9", false, true },
	{ false, "2001:db8::/32", "2001:db8::1", false, true },
	{ false, "2001:db8::/32", "192.0.2.1", false, false },
};

static void
test_rights(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct listener_domain d;
		struct rights got;
		struct cidr net;
		struct ip peer;

		listener_domain_defaults(&d);
		d.relay_to = rows[i].relay_to;
		if (rows[i].from != NULL) {
			assert_int_equal(cidr_parse(span_of(rows[i].from),
			    &net), 0);
			cidr_set_add(&d.relay_from, &net);
		}
		assert_int_equal(ip_parse(span_of(rows[i].peer), &peer), 0);
		got = rights_of(&d, &peer);
		if (got.relay_to != rows[i].want_to ||
		    got.relay_from != rows[i].want_from)
			fprintf(stderr, "row %zu: got %d %d want %d %d\n", i,
			    got.relay_to, got.relay_from, rows[i].want_to,
			    rows[i].want_from);
		assert_int_equal(got.relay_to, rows[i].want_to);
		assert_int_equal(got.relay_from, rows[i].want_from);
		listener_domain_free(&d);
	}
}

static void
test_no_domain(void **state)
{
	struct ip peer = { .family = IP_V4 };
	struct rights got = rights_of(NULL, &peer);

	(void)state;
	assert_false(got.relay_to || got.relay_from);
}

/* What was learnt last stays; the oldest gives way. */
static void
test_cache(void **state)
{
	struct rights_cache c = { 0 };
	struct rights got;
	char name[16];
	int i;

	(void)state;
	assert_false(rights_cached(&c, SPAN_LIT("0.test"), &got));
	for (i = 0; i <= RIGHTS_MAX; i++) {
		snprintf(name, sizeof(name), "%d.test", i);
		rights_cache_add(&c, span_of(name),
		    (struct rights){ .relay_to = i % 2 != 0 });
	}
	assert_false(rights_cached(&c, SPAN_LIT("0.test"), &got));
	assert_true(rights_cached(&c, SPAN_LIT("1.test"), &got));
	assert_true(got.relay_to);
	assert_true(rights_cached(&c, SPAN_LIT("16.test"), &got));
	assert_false(got.relay_to);
	rights_cache_clear(&c);
	assert_false(rights_cached(&c, SPAN_LIT("1.test"), &got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_no_domain),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
