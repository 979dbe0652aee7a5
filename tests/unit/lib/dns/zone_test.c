/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/base/buf.h"
#include "lib/dns/zone.h"

static const char example[] =
    "; a comment\n"
    "$ORIGIN example.com.\n"
    "$TTL 300\n"
    "@ 3600 IN SOA ns1 hostmaster ( 2026112201 ; serial\n"
    "      3600 600\n"
    "      86400 300 )\n"
    "@    600  IN MX 2 two.example.com.\n"
    "              MX 1 one\n"
    "one  A 192.0.2.1\n"
    "     AAAA 2001:db8::1\n"
    "one  60 A 192.0.2.2\n"
    "ALIAS IN 100 CNAME One\n"
    "loop CNAME loop\n"
    "a.b.c TXT \"v=1; \" \"more\"\n"
    "null MX 0 .\n"
    "_25._tcp.one TLSA 3 1 1 ( 0a0B\n  ff )\n"
    "$ORIGIN sub.example.com.\n"
    "@ A 192.0.2.9\n";

static struct zones
zones_of(const char *text, bool secure)
{
	struct zones z = { .records = 0 };
	const char *why = NULL;
	int line;

	if (zones_add(&z, span_of(text), secure, &line, &why) == -1)
		fail_msg("line %d: %s", line, why);
	return z;
}

/* Records in one text, with blanks between. */
static void
show(const struct dns_answer *a, uint16_t type, struct buf *out)
{
	char ip[IP_TEXT_MAX];
	size_t i, k;

	for (i = 0; i < a->n; i++) {
		const struct dns_record *r = &a->v[i];

		if (i != 0)
			buf_add_byte(out, ' ');
		if (type == DNS_A || type == DNS_AAAA)
			buf_add_str(out, ip_format(&r->addr, ip));
		else if (type == DNS_MX)
			buf_addf(out, "%u:%.*s", r->preference,
			    SPAN_FMT(r->name));
		else if (type == DNS_TXT)
			buf_add_span(out, r->data);
		else if (type == DNS_TLSA) {
			buf_addf(out, "%u,%u,%u,", r->usage, r->selector,
			    r->matching);
			for (k = 0; k < r->data.len; k++)
				buf_addf(out, "%02x", (uint8_t)r->data.p[k]);
		}
	}
}

static const struct {
	const char *name;
	uint16_t type;
	enum dns_status status;
	const char *records;
	uint32_t ttl;
} questions[] = {
	{ "example.com", DNS_MX, DNS_OK, "2:two.example.com. "
	    "1:one.example.com.", 300 },
	{ "Example.COM.", DNS_MX, DNS_OK, "2:two.example.com. "
	    "1:one.example.com.", 300 },
	{ "one.example.com", DNS_A, DNS_OK, "192.0.2.1 192.0.2.2", 60 },
	{ "one.example.com", DNS_AAAA, DNS_OK, "2001:db8::1", 300 },
	{ "one.example.com", DNS_MX, DNS_NODATA, "", 604800 },
	{ "alias.example.com", DNS_A, DNS_OK, "192.0.2.1 192.0.2.2", 60 },
	{ "loop.example.com", DNS_A, DNS_FAILED, "", 300 },
	{ "a.b.c.example.com", DNS_TXT, DNS_OK, "v=1; more", 300 },
	{ "b.c.example.com", DNS_A, DNS_NODATA, "", 604800 },
	{ "x.example.com", DNS_A, DNS_NXDOMAIN, "", 604800 },
	{ "null.example.com", DNS_MX, DNS_OK, "0:.", 300 },
	{ "_25._tcp.one.example.com", DNS_TLSA, DNS_OK, "3,1,1,0a0bff", 300 },
	{ "sub.example.com", DNS_A, DNS_OK, "192.0.2.9", 300 },
	{ "broken.example.com", DNS_A, DNS_FAILED, "", 604800 },
};

static void
test_questions(void **state)
{
	struct zones z = zones_of(example, false);
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;
	struct buf text = { .base = NULL };
	size_t i;

	(void)state;
	zones_add_failing(&z, SPAN_LIT("Broken.example.com"));
	for (i = 0; i < COUNT(questions); i++) {
		zones_ask(&z, questions[i].name, questions[i].type, &a,
		    &arena);
		check_int(questions[i].name, a.status, questions[i].status);
		check_int(questions[i].name, a.ttl, questions[i].ttl);
		buf_clear(&text, 4096);
		show(&a, questions[i].type, &text);
		check_span(questions[i].name, buf_span(&text),
		    span_of(questions[i].records));
	}
	buf_free(&text);
	arena_free(&arena);
	zones_free(&z);
}

static void
test_secure(void **state)
{
	struct zones z = zones_of("$ORIGIN a.test.\n@ A 192.0.2.1\n"
	    "there CNAME here.b.test.\n", true);
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;
	const char *why;
	int line;

	(void)state;
	check_int("second zone", zones_add(&z,
	    SPAN_LIT("$ORIGIN b.test.\nhere A 192.0.2.2\n"), false, &line,
	    &why), 0);
	zones_ask(&z, "a.test", DNS_A, &a, &arena);
	check_int("a.test", a.secure, true);
	zones_ask(&z, "here.b.test", DNS_A, &a, &arena);
	check_int("here.b.test", a.secure, false);
	zones_ask(&z, "there.a.test", DNS_A, &a, &arena);
	check_int("there.a.test", a.secure, false);
	check_int("there.a.test", a.n, 1);
	arena_free(&arena);
	zones_free(&z);
}

static const struct {
	const char *text;
	int line;
} bad[] = {
	{ "@ A 192.0.2.1\n", 1 },
	{ "relative A 192.0.2.1\n", 1 },
	{ "$ORIGIN a.\n  A 192.0.2.1\n", 2 },
	{ "$ORIGIN a.\nx A 192.0.2\n", 2 },
	{ "$ORIGIN a.\nx A ::1\n", 2 },
	{ "$ORIGIN a.\n\nx MX one\n", 3 },
	{ "$ORIGIN a.\nx MX 65536 one\n", 2 },
	{ "$ORIGIN a.\nx WHAT 1\n", 2 },
	{ "$ORIGIN a.\nx\n", 2 },
	{ "$ORIGIN a.\nx TXT \"open\n", 2 },
	{ "$ORIGIN a.\nx TXT ( \"a\"\n\n", 2 },
	{ "$ORIGIN a.\nx TXT )\n", 2 },
	{ "$ORIGIN a.\nx TLSA 3 1 1 0g\n", 2 },
	{ "$ORIGIN a.\nx TLSA 3 1 1 0\n", 2 },
	{ "$INCLUDE /etc/passwd\n", 1 },
	{ "$ORIGIN a..b.\n", 1 },
	{ "$TTL soon\n", 1 },
};

static void
test_bad(void **state)
{
	const char *why;
	size_t i;
	int line;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct zones z = { .records = 0 };

		check_int(bad[i].text, zones_add(&z, span_of(bad[i].text),
		    false, &line, &why), -1);
		check_int(bad[i].text, line, bad[i].line);
		check_int(bad[i].text, why != NULL, true);
		zones_free(&z);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_secure),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
