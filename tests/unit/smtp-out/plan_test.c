/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/plan.h"

#include "tests/support/check.h"

struct host_row {
	const char *name;
	uint16_t preference, port;
	const char *addrs; /* with spaces between; "" is a unix socket */
	bool literal;
};

struct row {
	const char *name;
	enum ip_lookup_strategy strategy;
	const char *prohibited, *skip;
	uint16_t remote_port;
	bool keep_order;
	struct host_row hosts[4];
	enum plan_result result;
	const char *want; /* name/address:port, with spaces between */
};

static const struct row rows[] = {
	{ "by preference", IPV4_AND_IPV6, NULL, NULL, 0, false,
	    { { "b", 20, 0, "192.0.2.2", false },
	      { "a", 10, 0, "192.0.2.1", false } }, PLAN_OK,
	    "a/192.0.2.1:25 b/192.0.2.2:25" },
	{ "as listed", IPV4_AND_IPV6, NULL, NULL, 0, true,
	    { { "b", 20, 0, "192.0.2.2 192.0.2.4 192.0.2.3", false },
	      { "a", 10, 0, "192.0.2.1", false } }, PLAN_OK,
	    "b/192.0.2.2:25 b/192.0.2.4:25 b/192.0.2.3:25 a/192.0.2.1:25" },
	{ "only IPv4", IPV4_ONLY, NULL, NULL, 0, true,
	    { { "a", 10, 0, "2001:db8::1 192.0.2.1", false } }, PLAN_OK,
	    "a/192.0.2.1:25" },
	{ "only IPv6, none", IPV6_ONLY, NULL, NULL, 0, true,
	    { { "a", 10, 0, "192.0.2.1", false } }, PLAN_NO_ADDRESS, "" },
	{ "a literal is what it is", IPV6_ONLY, NULL, NULL, 0, true,
	    { { "", 10, 0, "192.0.2.1", true } }, PLAN_OK,
	    "/192.0.2.1:25" },
	{ "IPv6 then IPv4", IPV6_THEN_IPV4, NULL, NULL, 0, true,
	    { { "a", 10, 0, "192.0.2.1 2001:db8::1", false },
	      { "b", 10, 0, "192.0.2.2", false } }, PLAN_OK,
	    "a/[2001:db8::1]:25 b/192.0.2.2:25" },
	{ "IPv4 then IPv6", IPV4_THEN_IPV6, NULL, NULL, 0, true,
	    { { "a", 10, 0, "2001:db8::1 192.0.2.1", false },
	      { "b", 10, 0, "2001:db8::2", false } }, PLAN_OK,
	    "a/192.0.2.1:25 b/[2001:db8::2]:25" },
	{ "one prohibited is too many", IPV4_AND_IPV6, "127.0.0.0/8", NULL, 0,
	    true, { { "a", 10, 0, "192.0.2.1 127.0.0.9", false } },
	    PLAN_PROHIBITED, "" },
	{ "one skipped", IPV4_AND_IPV6, NULL, "192.0.2.1", 0, true,
	    { { "a", 10, 0, "192.0.2.1 192.0.2.2", false } }, PLAN_OK,
	    "a/192.0.2.2:25" },
	{ "all skipped", IPV4_AND_IPV6, NULL, "192.0.2.0/24", 0, true,
	    { { "a", 10, 0, "192.0.2.1 192.0.2.2", false } }, PLAN_SKIPPED,
	    "" },
	{ "port of the host", IPV4_AND_IPV6, NULL, NULL, 0, true,
	    { { "a", 10, 2525, "192.0.2.1", false } }, PLAN_OK,
	    "a/192.0.2.1:2525" },
	{ "port of the source first", IPV4_AND_IPV6, NULL, NULL, 587, true,
	    { { "a", 10, 2525, "192.0.2.1", false } }, PLAN_OK,
	    "a/192.0.2.1:587" },
	{ "a socket", IPV4_AND_IPV6, NULL, NULL, 0, true,
	    { { "/run/lmtp", 10, 0, "", false } }, PLAN_OK, "/run/lmtp/" },
	{ "nothing", IPV4_AND_IPV6, NULL, NULL, 0, true, { { 0 } },
	    PLAN_NO_ADDRESS, "" },
};

static uint32_t
parse_addrs(const char *text, struct ip *out)
{
	struct span s = span_of(text);
	ptrdiff_t space;
	uint32_t n = 0;

	while (s.len > 0) {
		space = span_find(s, ' ');
		assert_int_equal(ip_parse(span_make(s.p, space < 0 ? s.len :
		    (size_t)space), &out[n++]), 0);
		s = span_from(s, space < 0 ? s.len : (size_t)space + 1);
	}
	return n;
}

static void
cidrs(struct cidr_set *set, const char *text)
{
	struct cidr c;

	if (text == NULL)
		return;
	assert_int_equal(cidr_parse(span_of(text), &c), 0);
	cidr_set_add(set, &c);
}

static void
show(const struct plan *p, struct buf *out)
{
	char text[IP_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		if (i > 0)
			buf_add_byte(out, ' ');
		buf_add_span(out, p->v[i].name);
		buf_add_byte(out, '/');
		if (!p->v[i].is_unix)
			buf_add_str(out, ip_port_format(&p->v[i].addr, text));
	}
}

static void
test_rows(void **state)
{
	struct ip addrs[4][8], bad;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct cidr_set prohibited = { 0 }, skip = { 0 };
		struct plan_rules rules = { .strategy = row->strategy,
			.prohibited = &prohibited, .skip = &skip,
			.remote_port = row->remote_port, .smtp_port = 25,
			.keep_order = row->keep_order };
		struct plan_host hosts[4] = { 0 };
		struct arena a = { 0 };
		struct buf got = { 0 };
		struct plan p;
		uint64_t seed = 1;
		uint32_t n;

		cidrs(&prohibited, row->prohibited);
		cidrs(&skip, row->skip);
		for (n = 0; n < 4 && row->hosts[n].name != NULL; n++) {
			hosts[n].name = span_of(row->hosts[n].name);
			hosts[n].preference = row->hosts[n].preference;
			hosts[n].port = row->hosts[n].port;
			hosts[n].is_literal = row->hosts[n].literal;
			hosts[n].is_unix = row->hosts[n].addrs[0] == '\0';
			hosts[n].addrs = addrs[n];
			hosts[n].n_addrs = parse_addrs(row->hosts[n].addrs,
			    addrs[n]);
		}
		check_int(row->name, plan_make(&p, &rules, hosts, n, &seed, &a,
		    &bad), row->result);
		if (row->result == PLAN_OK)
			show(&p, &got);
		check_span(row->name, buf_span(&got), span_of(row->want));
		buf_free(&got);
		arena_free(&a);
		cidr_set_free(&prohibited);
		cidr_set_free(&skip);
	}
}

/* Equal hosts are shuffled, the same seed gives the same order. */
static void
test_shuffle(void **state)
{
	struct cidr_set none = { 0 };
	struct plan_rules rules = { .prohibited = &none, .skip = &none,
		.smtp_port = 25 };
	struct ip addrs[8];
	struct plan_host hosts[2] = {
		{ .name = SPAN_LIT("a"), .preference = 10, .addrs = addrs },
		{ .name = SPAN_LIT("b"), .preference = 20,
		    .addrs = addrs, .n_addrs = 1 } };
	struct arena a = { 0 };
	struct plan first, p;
	struct ip bad;
	uint64_t seed;
	bool differs = false;
	int i;

	(void)state;
	hosts[0].n_addrs = parse_addrs("192.0.2.1 192.0.2.2 192.0.2.3 "
	    "192.0.2.4", addrs);
	seed = 5;
	plan_make(&first, &rules, hosts, 2, &seed, &a, &bad);
	seed = 5;
	plan_make(&p, &rules, hosts, 2, &seed, &a, &bad);
	assert_memory_equal(first.v, p.v, p.n * sizeof(*p.v));
	for (i = 0; i < 20; i++) {
		plan_make(&p, &rules, hosts, 2, &seed, &a, &bad);
		differs |= !ip_eq(&p.v[0].addr, &first.v[0].addr);
		check_span("last", p.v[4].name, SPAN_LIT("b"));
	}
	assert_true(differs);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_shuffle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
