/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/dns/dns.h"
#include "lib/io/loop.h"
#include "lib/settings/dns_opts.h"
#include "lib/resolve/mx.h"

static const char zone[] =
    "$ORIGIN test.\n"
    "a MX 20 z.a\n"
    "a MX 10 y.a\n"
    "a MX 10 b.a\n"
    "null MX 0 .\n"
    "odd MX 0 .\n"
    "odd MX 5 mx.odd\n"
    "plain A 192.0.2.1\n"
    "xn--bcher-kva MX 1 mx\n";

struct bed {
	struct loop *loop;
	struct dns *dns;
	struct mx *mx;
	struct buf got;
	unsigned answers;
};

static void
bed_make(struct bed *b)
{
	const struct mx_limits limits = { .timeout_ms = 5000,
		.negative_ttl_ms = 300000, .concurrency = 2 };
	struct problems problems = { .v = NULL };
	struct value *v = value_text(1, span_of(zone));
	struct dns_opts opts;
	char *why;

	memset(b, 0, sizeof(*b));
	dns_opts_defaults(&opts);
	opts.backend = DNS_TEST;
	check_int("zone", dns_opts_add_zone(&opts, v, &problems), 0);
	opts.servfail.v = xcalloc(1, sizeof(char *));
	opts.servfail.v[opts.servfail.n++] = xstrdup("broken.test");
	b->loop = loop_new();
	b->dns = dns_new(b->loop, &opts, &why);
	assert_non_null(b->dns);
	b->mx = mx_new(b->loop, b->dns, &limits);
	value_free(&v);
	dns_opts_free(&opts);
	problems_free(&problems);
}

static void
bed_free(struct bed *b)
{
	mx_free(&b->mx);
	dns_free(&b->dns);
	loop_free(&b->loop);
	buf_free(&b->got);
}

static void
on_answer(void *arg, const struct mx_answer *a)
{
	struct bed *b = arg;
	char ip[IP_TEXT_MAX];
	uint32_t i;

	b->answers++;
	buf_clear(&b->got, 4096);
	buf_addf(&b->got, "%d %.*s", a->result, SPAN_FMT(a->site));
	for (i = 0; i < a->n_hosts; i++) {
		const struct next_hop *h = &a->hosts[i];

		buf_addf(&b->got, " %u:", h->preference);
		if (h->is_unix)
			buf_add_str(&b->got, "unix:");
		if (h->addr.family != IP_NONE)
			buf_add_str(&b->got, ip_format(&h->addr, ip));
		else
			buf_add_span(&b->got, h->name);
		if (h->addr.port != 0)
			buf_addf(&b->got, ":%u", h->addr.port);
	}
	if (a->ttl_ms <= 0)
		fail_msg("ttl is %lld", (long long)a->ttl_ms);
}

static const struct {
	const char *domain, *answer;
} domains[] = {
	{ "a.test", "0 (b|y|z).a.test 10:b.a.test. 10:y.a.test. "
	    "20:z.a.test." },
	{ "A.Test.", "0 (b|y|z).a.test 10:b.a.test. 10:y.a.test. "
	    "20:z.a.test." },
	{ "a.test:2525", "0 (b|y|z).a.test:2525 10:b.a.test.:2525 "
	    "10:y.a.test.:2525 20:z.a.test.:2525" },
	{ "null.test", "3 " },
	{ "odd.test", "0 mx.odd.test 5:mx.odd.test." },
	{ "plain.test", "0 plain.test 1:plain.test." },
	{ "b\xc3\xbc" "cher.test", "0 mx.test 1:mx.test." },
	{ "nowhere.test", "1 " },
	{ "broken.test", "2 " },
	{ "[192.0.2.7]", "0 192.0.2.7 1:192.0.2.7" },
	{ "[192.0.2.7]:26", "0 192.0.2.7:26 1:192.0.2.7:26" },
	{ "[IPv6:::1]", "0 ::1 1:::1" },
	{ "[::1]", "0 ::1 1:::1" },
	{ "[what]", "2 " },
	{ "a.test:0", "2 " },
	{ "a.test:99999", "2 " },
	{ "", "2 " },
	{ "a b.test", "2 " },
};

static void
test_domains(void **state)
{
	struct bed b;
	size_t i, pass;

	(void)state;
	bed_make(&b);
	/* The second time from the cache. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < COUNT(domains); i++) {
			b.answers = 0;
			mx_ask(b.mx, span_of(domains[i].domain), on_answer,
			    &b);
			check_int(domains[i].domain, b.answers, 1);
			check_span(domains[i].domain, buf_span(&b.got),
			    span_of(domains[i].answer));
		}
	}
	bed_free(&b);
}

static void
test_list(void **state)
{
	const struct span good[] = { SPAN_LIT("localhost:2525"),
		SPAN_LIT("b.test"), SPAN_LIT("[192.0.2.1]"),
		SPAN_LIT("unix:/run/lmtp") };
	const struct span bad[] = { SPAN_LIT("good.test"), SPAN_LIT("a b") };
	struct bed b = { .answers = 0 };

	(void)state;
	mx_list_answer(good, 4, on_answer, &b);
	check_span("good", buf_span(&b.got), SPAN_LIT("0 mx_list:"
	    "localhost:2525,b.test,[192.0.2.1],unix:/run/lmtp "
	    "0:localhost.:2525 1:b.test. 2:192.0.2.1 3:unix:/run/lmtp"));
	mx_list_answer(bad, 2, on_answer, &b);
	check_int("bad", b.got.base[b.got.start], '2');
	buf_free(&b.got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
