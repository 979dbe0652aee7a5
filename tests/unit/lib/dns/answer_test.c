/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/dns/answer.h"

#define BYTES(lit) { (lit), sizeof(lit) - 1 }

static const struct {
	const char *row;
	struct span msg;
	size_t at;
	const char *name; /* NULL: refused */
	size_t behind;
} names[] = {
	{ "plain", BYTES("\3foo\4TEST\0"), 0, "foo.test.", 10 },
	{ "root", BYTES("\0"), 0, ".", 1 },
	{ "pointer", BYTES("\4test\0\3foo\xc0\0z"), 6, "foo.test.", 12 },
	{ "pointer to itself", BYTES("\xc0\0"), 0, NULL, 0 },
	{ "pointer forward", BYTES("\xc0\2\0"), 0, NULL, 0 },
	{ "pointer cut", BYTES("\4test\0\xc0"), 6, NULL, 0 },
	{ "label cut", BYTES("\5foo"), 0, NULL, 0 },
	{ "no end", BYTES("\3foo"), 0, NULL, 0 },
	{ "reserved kind", BYTES("\x80\0"), 0, NULL, 0 },
	{ "dot inside", BYTES("\3a.b\0"), 0, NULL, 0 },
	{ "control inside", BYTES("\3a\nb\0"), 0, NULL, 0 },
};

static void
test_names(void **state)
{
	char out[DNS_NAME_MAX];
	size_t i, at;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		at = names[i].at;
		check_int(names[i].row, dns_name_read(names[i].msg, &at, out),
		    names[i].name != NULL ? 0 : -1);
		if (names[i].name == NULL)
			continue;
		check_str(names[i].row, out, names[i].name);
		check_int(names[i].row, at, names[i].behind);
	}
}

static void
test_long_name(void **state)
{
	char msg[300], out[DNS_NAME_MAX];
	size_t at, i;

	(void)state;
	/* Labels of one byte: 127 give 254 bytes of text, 128 are too many. */
	for (i = 0; i < 128; i++) {
		msg[2 * i] = 1;
		msg[2 * i + 1] = 'a';
	}
	msg[256] = 0;
	at = 2;
	check_int("254 bytes", dns_name_read(span_make(msg, 257), &at, out),
	    0);
	check_int("254 bytes", strlen(out), 254);
	at = 0;
	check_int("256 bytes", dns_name_read(span_make(msg, 257), &at, out),
	    -1);
}

static const struct {
	const char *row;
	struct span data;
	uint16_t type;
	int result;
} rdata[] = {
	{ "A", BYTES("\1\2\3\4"), DNS_A, 0 },
	{ "A short", BYTES("\1\2\3"), DNS_A, -1 },
	{ "A long", BYTES("\1\2\3\4\5"), DNS_A, -1 },
	{ "AAAA", BYTES("0123456789abcdef"), DNS_AAAA, 0 },
	{ "AAAA short", BYTES("0123456789abcde"), DNS_AAAA, -1 },
	{ "MX", BYTES("\0\5\1a\0"), DNS_MX, 0 },
	{ "MX without host", BYTES("\0\5"), DNS_MX, -1 },
	{ "MX with more", BYTES("\0\5\1a\0x"), DNS_MX, -1 },
	{ "TXT", BYTES("\2ab\1c"), DNS_TXT, 0 },
	{ "TXT empty text", BYTES("\0"), DNS_TXT, 0 },
	{ "TXT nothing", BYTES(""), DNS_TXT, -1 },
	{ "TXT cut", BYTES("\3ab"), DNS_TXT, -1 },
	{ "TLSA", BYTES("\3\1\1x"), DNS_TLSA, 0 },
	{ "TLSA without data", BYTES("\3\1\1"), DNS_TLSA, -1 },
	{ "unknown type", BYTES("x"), 99, -1 },
};

static void
test_rdata(void **state)
{
	struct arena arena = { .blocks = NULL };
	struct dns_record r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rdata); i++)
		check_int(rdata[i].row, dns_rdata_read(rdata[i].data, 0,
		    rdata[i].data.len, rdata[i].type, &r, &arena),
		    rdata[i].result);
	check_int("past the end", dns_rdata_read(SPAN_LIT("abcd"), 2, 4,
	    DNS_A, &r, &arena), -1);
	dns_rdata_read(SPAN_LIT("\2ab\1c"), 0, 5, DNS_TXT, &r, &arena);
	check_span("TXT joined", r.data, SPAN_LIT("abc"));
	arena_free(&arena);
}

#define QUESTION "\1d\4test\0\0\17\0\1"

static const struct span positive = BYTES("\0\1\x81\x80\0\1\0\2\0\0\0\0"
    QUESTION
    "\xc0\14\0\5\0\1\0\0\0\74\0\4\1e\xc0\16"
    "\xc0\44\0\17\0\1\0\0\1\54\0\6\0\12\1m\xc0\16");
static const struct span negative = BYTES("\0\1\x81\x83\0\1\0\0\0\1\0\0"
    QUESTION
    "\xc0\16\0\6\0\1\0\0\2\0\0\32\1n\0\1h\0"
    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\144");
static const struct span servfail = BYTES("\0\1\x81\x82\0\1\0\0\0\0\0\0"
    QUESTION);

static void
test_messages(void **state)
{
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;
	size_t len;

	(void)state;
	dns_message_read(positive, DNS_MX, &a, &arena);
	check_int("positive", a.status, DNS_OK);
	check_int("positive", a.n, 1);
	check_int("positive", a.v[0].preference, 10);
	check_span("positive", a.v[0].name, SPAN_LIT("m.test."));
	/* The alias on the way lives shorter. */
	check_int("positive", a.ttl, 60);
	dns_message_read(positive, DNS_A, &a, &arena);
	check_int("another type", a.status, DNS_NODATA);
	dns_message_read(servfail, DNS_MX, &a, &arena);
	check_int("servfail", a.status, DNS_FAILED);
	for (len = 0; len < positive.len; len++) {
		dns_message_read(span_make(positive.p, len), DNS_MX, &a,
		    &arena);
		check_int("cut", a.status, DNS_FAILED);
	}
	arena_free(&arena);
}

static void
test_negative(void **state)
{
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;

	(void)state;
	dns_message_read(negative, DNS_MX, &a, &arena);
	check_int("negative", a.status, DNS_NXDOMAIN);
	check_int("negative", a.ttl, 100);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_rdata),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
