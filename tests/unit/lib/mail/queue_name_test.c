/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/queue_name.h"

static const struct {
	/* NULL: none */
	const char *text, *campaign, *tenant, *domain, *routing;
	const char *again; /* written again; NULL: the same */
} names[] = {
	{ "c:t@d", "c", "t", "d", NULL, NULL },
	{ "c:t@d!r", "c", "t", "d", "r", NULL },
	{ "t@d", NULL, "t", "d", NULL, NULL },
	{ "t@d!r", NULL, "t", "d", "r", NULL },
	{ "c:@d", "c", "", "d", NULL, NULL },
	{ "c:@d!r", "c", "", "d", "r", NULL },
	{ "d", NULL, NULL, "d", NULL, NULL },
	{ "d!r", NULL, NULL, "d", "r", NULL },
	{ "spring:acme@example.com!mx.relay.test:2525", "spring", "acme",
	    "example.com", "mx.relay.test:2525", NULL },
	{ "a:b:c@d", "a", "b:c", "d", NULL, NULL },
	{ "t@d@e", NULL, "t", "d@e", NULL, NULL },
	{ "d!r!s", NULL, NULL, "d", "r!s", NULL },
	{ "t!u@d", NULL, "t!u", "d", NULL, NULL },
	{ "d:25", NULL, NULL, "d:25", NULL, NULL },
	{ "@d", NULL, "", "d", NULL, "d" },
	{ "@d@", NULL, "", "d@", NULL, NULL },
	{ ":@d", "", "", "d", NULL, "d" },
	{ "d!", NULL, NULL, "d", "", "d" },
};

static const char *const refused[] = { "", "t@", "c:t@", "!r", "t@!r",
	"a\nb", "a\x7f" };

static void
part_check(const char *row, struct span got, const char *want)
{
	check_int(row, got.p != NULL, want != NULL);
	check_span(row, got, span_of(want));
}

static void
both_ways(void **state)
{
	struct queue_name q;
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		check_int(names[i].text, queue_name_parse(
		    span_of(names[i].text), &q), 0);
		part_check(names[i].text, q.campaign, names[i].campaign);
		part_check(names[i].text, q.tenant, names[i].tenant);
		part_check(names[i].text, q.domain, names[i].domain);
		part_check(names[i].text, q.routing_domain, names[i].routing);
		buf_clear(&b, 1000);
		queue_name_put(&b, &q);
		check_span(names[i].text, buf_span(&b), span_of(
		    names[i].again != NULL ? names[i].again : names[i].text));
	}
	buf_free(&b);
}

static void
not_accepted(void **state)
{
	char longest[QUEUE_NAME_MAX + 1];
	struct queue_name q;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++)
		check_int(refused[i], queue_name_parse(span_of(refused[i]),
		    &q), -1);
	memset(longest, 'a', sizeof(longest));
	check_int("long", queue_name_parse(span_make(longest,
	    sizeof(longest)), &q), -1);
	check_int("longest", queue_name_parse(span_make(longest,
	    sizeof(longest) - 1), &q), 0);
	check_int("NUL", queue_name_parse(SPAN_LIT("a\0b"), &q), -1);
}

static const struct {
	const char *name, *host; /* NULL: refused */
	unsigned port;
} targets[] = {
	{ "c:t@d", "d", 0 },
	{ "t@d!r", "r", 0 },
	{ "d:2525", "d", 2525 },
	{ "d!r:26", "r", 26 },
	{ "[192.0.2.1]:26", "[192.0.2.1]", 26 },
	{ "[IPv6:::1]", "[IPv6:::1]", 0 },
	{ "x![IPv6:::1]:26", "[IPv6:::1]", 26 },
	{ "d!", "d", 0 },
	{ "d:", NULL, 0 },
	{ "d:0", NULL, 0 },
	{ "d:65536", NULL, 0 },
	{ "d:x", NULL, 0 },
	{ "d!:25", NULL, 0 },
};

static void
target(void **state)
{
	struct queue_name q;
	struct span host;
	uint16_t port;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(targets); i++) {
		queue_name_parse(span_of(targets[i].name), &q);
		check_int(targets[i].name, queue_name_target(&q, &host, &port),
		    targets[i].host != NULL ? 0 : -1);
		if (targets[i].host == NULL)
			continue;
		check_span(targets[i].name, host, span_of(targets[i].host));
		check_int(targets[i].name, port, targets[i].port);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(not_accepted),
		cmocka_unit_test(target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
