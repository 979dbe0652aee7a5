/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/base/buf.h"
#include "lib/dns/resolv_conf.h"

/* resolv.conf(5). */
static const struct {
	const char *text, *want, *why;
	int line;
} rows[] = {
	{ "", "- - - -", NULL, 0 },
	{ "# nameserver x\n; y\n\nnameserver 192.0.2.1\n"
	    "nameserver\t2001:db8::1  # first\n",
	    "192.0.2.1:53 [2001:db8::1]:53 - - - -", NULL, 0 },
	{ "domain a.test\nsearch b.test c.test\r\nsearch d.test",
	    "domain=a.test d.test - - - -", NULL, 0 },
	{ "options ndots:2 timeout:3 rotate attempts:4 edns0 trust-ad\n",
	    "2 3 4 edns0", NULL, 0 },
	{ "options ndots:x timeout: attempts:1000\nsortlist 1.2.3.4\n",
	    "- - - -", NULL, 0 },
	{ "search a\n\nnameserver x\n", NULL, "a nameserver is an IP", 3 },
	{ "nameserver\n", NULL, "a nameserver is an IP", 1 },
	{ "nameserver fe80::1%eth0\n", NULL, "a nameserver is an IP", 1 },
};

static void
put_number(struct buf *out, int32_t n)
{
	if (n == -1)
		buf_add_str(out, "- ");
	else
		buf_addf(out, "%d ", n);
}

static void
put_conf(struct buf *out, const struct resolv_conf *c)
{
	char text[IP_TEXT_MAX];
	size_t i;

	for (i = 0; i < c->n_servers; i++)
		buf_addf(out, "%s ", ip_port_format(&c->servers[i], text));
	if (c->domain.len != 0)
		buf_addf(out, "domain=%.*s ", SPAN_FMT(c->domain));
	for (i = 0; i < c->n_search; i++)
		buf_addf(out, "%.*s ", SPAN_FMT(c->search[i]));
	put_number(out, c->ndots);
	put_number(out, c->timeout);
	put_number(out, c->attempts);
	buf_add_str(out, c->edns0 ? "edns0" : "-");
}

static void
rows_test(void **state)
{
	struct resolv_conf c;
	const char *why;
	size_t i;
	int line;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct buf got = { .base = NULL };
		int rc = resolv_conf_read(span_of(rows[i].text), &c, &line,
		    &why);

		check_int(rows[i].text, rc, rows[i].want == NULL ? -1 : 0);
		if (rc == -1) {
			check_int(rows[i].text, line, rows[i].line);
			if (strstr(why, rows[i].why) == NULL)
				fail_msg("%s: got %s, want %s", rows[i].text,
				    why, rows[i].why);
		} else {
			put_conf(&got, &c);
			check_span(rows[i].text, buf_span(&got),
			    span_of(rows[i].want));
		}
		buf_free(&got);
	}
}

static void
many_test(void **state)
{
	struct buf b = { .base = NULL };
	struct resolv_conf c;
	const char *why;
	int line, i;

	(void)state;
	for (i = 0; i <= RESOLV_SERVERS_MAX; i++)
		buf_add_str(&b, "nameserver ::1\n");
	check_int("servers", resolv_conf_read(buf_span(&b), &c, &line, &why),
	    -1);
	check_int("servers", line, RESOLV_SERVERS_MAX + 1);
	buf_clear(&b, 0);
	buf_add_str(&b, "search");
	for (i = 0; i <= RESOLV_SEARCH_MAX; i++)
		buf_add_str(&b, " x");
	check_int("search", resolv_conf_read(buf_span(&b), &c, &line, &why),
	    -1);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_test),
		cmocka_unit_test(many_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
