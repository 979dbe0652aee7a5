/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/xclient.h"
#include "lib/mail/xtext.h"

static void
accepted(void **state)
{
	struct arena a = { 0 };
	struct xclient x;
	char text[IP_TEXT_MAX];

	(void)state;
	assert_null(xclient_parse(SPAN_LIT("ADDR=192.0.2.1 PORT=2525 "
	    "name=spike.example PROTO=ESMTP HELO=[192.0.2.1] LOGIN=a+20b "
	    "DESTADDR=IPV6:2001:db8::1 DESTPORT=25"), &a, &x));
	check_int("given", x.given, 255);
	check_int("unavailable", x.unavailable | x.tempunavail, 0);
	check_str("addr", ip_format(&x.addr, text), "192.0.2.1");
	check_str("destaddr", ip_format(&x.destaddr, text), "2001:db8::1");
	check_int("port", x.port, 2525);
	check_int("destport", x.destport, 25);
	check_int("esmtp", x.esmtp, true);
	check_span("name", x.name, SPAN_LIT("spike.example"));
	check_span("helo", x.helo, SPAN_LIT("[192.0.2.1]"));
	check_span("login", x.login, SPAN_LIT("a b"));

	assert_null(xclient_parse(SPAN_LIT("NAME=[UNAVAILABLE]  "
	    "ADDR=[tempunavail] DESTADDR=::1 PROTO=smtp"), &a, &x));
	check_int("given", x.given, XCLIENT_NAME | XCLIENT_ADDR |
	    XCLIENT_DESTADDR | XCLIENT_PROTO);
	check_int("unavailable", x.unavailable, XCLIENT_NAME);
	check_int("tempunavail", x.tempunavail, XCLIENT_ADDR);
	check_int("esmtp", x.esmtp, false);
	arena_free(&a);
}

static const char *const refused[] = {
	"", " ", "ADDR", "ADDR=", "=x", "FOO=bar", "ADDR=x", "ADDR=1.2.3.4.5",
	"ADDR=IPV6:1.2.3.4", "ADDR=[1.2.3.4]", "ADDR=[::1]", "PORT=65536",
	"PORT=-1", "PORT=x", "PROTO=LMTP", "ADDR=1.2.3.4 ADDR=1.2.3.4",
	"HELO=a+0D+0Ab", "HELO=a+00b", "HELO=a+2", "HELO=a+zz", "HELO=a+20b",
	"NAME=a..b", "NAME=a+0Ab", "LOGIN=a+FFb", "HELO=a=b", "ADDR=1.2.3.4 x",
};

static void
not_accepted(void **state)
{
	const struct refusal *no;
	struct arena a = { 0 };
	struct xclient x;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++) {
		no = xclient_parse(span_of(refused[i]), &a, &x);
		check_int(refused[i], no != NULL ? no->code : 0, 501);
	}
	arena_free(&a);
}

static void
xtext(void **state)
{
	struct buf coded = { 0 }, plain = { 0 };

	(void)state;
	xtext_encode(SPAN_LIT("a+b=c d\xc3\xa9"), &coded);
	check_span("coded", buf_span(&coded),
	    SPAN_LIT("a+2Bb+3Dc+20d+C3+A9"));
	check_int("decode", xtext_decode(buf_span(&coded), &plain), 0);
	check_span("plain", buf_span(&plain), SPAN_LIT("a+b=c d\xc3\xa9"));
	buf_free(&coded);
	buf_free(&plain);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(not_accepted),
		cmocka_unit_test(xtext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
