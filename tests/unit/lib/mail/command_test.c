/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>

#include "lib/mail/command.h"

/* "501 5.5.4", or "ok". */
static const char *
answer(const struct refusal *r)
{
	static char text[32];

	if (r == NULL)
		return "ok";
	snprintf(text, sizeof(text), "%u %s", r->code, r->enhanced);
	return text;
}

static const struct {
	const char *line, *answer;
	enum verb verb;
	const char *arg;
} lines[] = {
	{ "MAIL FROM:<a@b>", "ok", VERB_MAIL, "FROM:<a@b>" },
	{ "mail from:<a@b>", "ok", VERB_MAIL, "from:<a@b>" },
	{ "RcPt  TO:<a@b>  ", "ok", VERB_RCPT, "TO:<a@b>" },
	{ "DATA", "ok", VERB_DATA, "" },
	{ "DATA ", "ok", VERB_DATA, "" },
	{ "DATA x", "501 5.5.4", VERB_DATA, "x" },
	{ "STARTTLS", "ok", VERB_STARTTLS, "" },
	{ "starttls now", "501 5.5.4", VERB_STARTTLS, "now" },
	{ "RSET x", "501 5.5.4", VERB_RSET, "x" },
	{ "QUIT", "ok", VERB_QUIT, "" },
	{ "NOOP what ever", "ok", VERB_NOOP, "what ever" },
	{ "EHLO", "501 5.5.4", VERB_EHLO, "" },
	{ "EHLO a", "ok", VERB_EHLO, "a" },
	{ "LHLO a", "ok", VERB_LHLO, "a" },
	{ "HELO a", "ok", VERB_HELO, "a" },
	{ "BDAT 1", "ok", VERB_BDAT, "1" },
	{ "XCLIENT A=b", "ok", VERB_XCLIENT, "A=b" },
	{ "AUTH PLAIN", "ok", VERB_AUTH, "PLAIN" },
	{ "VRFY a", "ok", VERB_VRFY, "a" },
	{ "EXPN", "ok", VERB_EXPN, "" },
	{ "HELP", "ok", VERB_HELP, "" },
	{ "", "500 5.5.1", VERB_UNKNOWN, "" },
	{ " DATA", "500 5.5.1", VERB_UNKNOWN, "DATA" },
	{ "DAT", "500 5.5.1", VERB_UNKNOWN, "" },
	{ "DATAX", "500 5.5.1", VERB_UNKNOWN, "" },
	{ "STARTTLSX", "500 5.5.1", VERB_UNKNOWN, "" },
	{ "GET / HTTP/1.1", "500 5.5.1", VERB_FOREIGN, "/ HTTP/1.1" },
	{ "OPTIONS * HTTP/1.1", "500 5.5.1", VERB_FOREIGN, "* HTTP/1.1" },
	{ "\x16\x03\x01", "500 5.5.1", VERB_FOREIGN, "" },
	{ "NOOP\ta", "501 5.5.2", VERB_UNKNOWN, "" },
	{ "NOOP a\rb", "501 5.5.2", VERB_UNKNOWN, "" },
	{ "NOOP a\nDATA", "501 5.5.2", VERB_UNKNOWN, "" },
	{ "NOOP \x7f", "501 5.5.2", VERB_UNKNOWN, "" },
	{ "NOOP \xff", "501 5.5.2", VERB_UNKNOWN, "" },
	{ "NOOP \xc3\xa9", "ok", VERB_NOOP, "\xc3\xa9" },
	{ "\xc4\xc1\xd4\xc1", "501 5.5.2", VERB_UNKNOWN, "" },
};

static void
verbs(void **state)
{
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		check_str(lines[i].line, answer(command_parse(
		    span_of(lines[i].line), &c)), lines[i].answer);
		check_int(lines[i].line, c.verb, lines[i].verb);
		check_span(lines[i].line, c.arg, span_of(lines[i].arg));
	}
	check_str("NUL", answer(command_parse(SPAN_LIT("NOOP\0x"), &c)),
	    "501 5.5.2");
	check_str("name", command_verb_name(VERB_STARTTLS), "STARTTLS");
	check_str("name", command_verb_name(VERB_UNKNOWN), "-");
}

static const struct {
	const char *arg, *answer;
} helos[] = {
	{ "example.com", "ok" },
	{ "localhost", "ok" },
	{ "WIN_PC7", "ok" },
	{ "1.2.3.4", "ok" },
	{ "[1.2.3.4]", "ok" },
	{ "[IPv6:::1]", "ok" },
	{ "[::1]", "501 5.5.4" },
	{ "[1.2.3.4] x", "501 5.5.4" },
	{ "[x]", "501 5.5.4" },
	{ "a b", "501 5.5.4" },
	{ "a..b", "501 5.5.4" },
	{ "m\xc3\xbcnchen.de", "501 5.5.4" },
	{ "a(b", "501 5.5.4" },
};

static void
greetings(void **state)
{
	struct command_helo h;
	char longest[400];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(helos); i++) {
		check_str(helos[i].arg, answer(command_helo_parse(
		    span_of(helos[i].arg), &h)), helos[i].answer);
	}
	memset(longest, '[', sizeof(longest));
	check_str("long", answer(command_helo_parse(
	    span_make(longest, sizeof(longest)), &h)), "501 5.5.4");
}

static const struct {
	const char *arg, *answer, *from;
	uint64_t size;
	enum body_type body;
	bool utf8;
	const char *auth;
} mails[] = {
	{ "FROM:<a@b>", "ok", "a@b", 0, BODY_NOT_GIVEN, false, "" },
	{ "FROM:<>", "ok", "", 0, BODY_NOT_GIVEN, false, "" },
	{ "From: <a@b>", "ok", "a@b", 0, BODY_NOT_GIVEN, false, "" },
	{ "FROM:<@x:a@b>", "ok", "a@b", 0, BODY_NOT_GIVEN, false, "" },
	{ "FROM:<a@b> SIZE=1000", "ok", "a@b", 1000, BODY_NOT_GIVEN, false,
	    "" },
	{ "FROM:<a@b> size=18446744073709551615", "ok", "a@b", UINT64_MAX,
	    BODY_NOT_GIVEN, false, "" },
	{ "FROM:<a@b>  BODY=8bitmime   SIZE=5", "ok", "a@b", 5, BODY_8BITMIME,
	    false, "" },
	{ "FROM:<a@b> BODY=7BIT", "ok", "a@b", 0, BODY_7BIT, false, "" },
	{ "FROM:<\xc3\xa9@b> SMTPUTF8", "ok", "\xc3\xa9@b", 0, BODY_NOT_GIVEN,
	    true, "" },
	{ "FROM:<a@b> AUTH=<>", "ok", "a@b", 0, BODY_NOT_GIVEN, false, "<>" },
	{ "FROM:<a@b> AUTH=e+2Bmc@b.c", "ok", "a@b", 0, BODY_NOT_GIVEN, false,
	    "e+2Bmc@b.c" },
	{ "FROM:<\xc3\xa9@b>", "553 5.6.7", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> SIZE=18446744073709551616", "501 5.5.4", NULL, 0, 0, 0,
	    NULL },
	{ "FROM:<a@b> SIZE=-1", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> SIZE=", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> SIZE", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> SIZE=1 SIZE=2", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> BODY=BINARYMIME", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> BODY", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> BODY=7BIT BODY=7BIT", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> SMTPUTF8=1", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> AUTH=", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> AUTH=x", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> AUTH=a+0Ab@c", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> AUTH=a+2b@c", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> RET=HDRS", "555 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> ENVID=x", "555 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> =x", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> -x=1", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b> x=a=b", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b>SIZE=1", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM:a@b", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM:", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM:<a>", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM:<postmaster>", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM:<a@b", "501 5.1.7", NULL, 0, 0, 0, NULL },
	{ "FROM <a@b>", "501 5.5.4", NULL, 0, 0, 0, NULL },
	{ "TO:<a@b>", "501 5.5.4", NULL, 0, 0, 0, NULL },
};

static void
mail(void **state)
{
	const struct refusal *no;
	struct command_mail m;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(mails); i++) {
		no = command_mail_parse(span_of(mails[i].arg), &m);
		check_str(mails[i].arg, answer(no), mails[i].answer);
		if (no != NULL)
			continue;
		check_span(mails[i].arg, m.from.text, span_of(mails[i].from));
		check_int(mails[i].arg, m.size, mails[i].size);
		check_int(mails[i].arg, m.body, mails[i].body);
		check_int(mails[i].arg, m.smtputf8, mails[i].utf8);
		check_span(mails[i].arg, m.auth, span_of(mails[i].auth));
	}
}

static const struct {
	const char *arg;
	bool utf8;
	const char *answer, *to;
} rcpts[] = {
	{ "TO:<a@b>", false, "ok", "a@b" },
	{ "to: <a@b> ", false, "ok", "a@b" },
	{ "TO:<Postmaster>", false, "ok", "Postmaster" },
	{ "TO:<\"a@b\"@c>", false, "ok", "\"a@b\"@c" },
	{ "TO:<\xc3\xa9@b>", true, "ok", "\xc3\xa9@b" },
	{ "TO:<\xc3\xa9@b>", false, "553 5.6.7", NULL },
	{ "TO:<>", false, "501 5.1.3", NULL },
	{ "TO:<a>", false, "501 5.1.3", NULL },
	{ "TO:a@b", false, "501 5.1.3", NULL },
	{ "TO:<a@b>x", false, "501 5.1.3", NULL },
	{ "TO:<a@b> NOTIFY=NEVER", false, "555 5.5.4", NULL },
	{ "TO:<a@b> ORCPT=rfc822;a", false, "555 5.5.4", NULL },
	{ "TO:<a@b> =", false, "501 5.5.4", NULL },
	{ "FROM:<a@b>", false, "501 5.5.4", NULL },
};

static void
rcpt(void **state)
{
	const struct refusal *no;
	struct command_rcpt r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rcpts); i++) {
		no = command_rcpt_parse(span_of(rcpts[i].arg), rcpts[i].utf8,
		    &r);
		check_str(rcpts[i].arg, answer(no), rcpts[i].answer);
		if (no == NULL)
			check_span(rcpts[i].arg, r.to.text,
			    span_of(rcpts[i].to));
	}
}

static const struct {
	const char *arg, *answer;
	uint64_t size;
	bool last;
} bdats[] = {
	{ "0", "ok", 0, false },
	{ "0 LAST", "ok", 0, true },
	{ "1000 last", "ok", 1000, true },
	{ "18446744073709551615", "ok", UINT64_MAX, false },
	{ "18446744073709551616", "501 5.5.4", 0, false },
	{ "-1", "501 5.5.4", 0, false },
	{ "+1", "501 5.5.4", 0, false },
	{ "1x", "501 5.5.4", 0, false },
	{ "LAST", "501 5.5.4", 0, false },
	{ "1 LASTX", "501 5.5.4", 0, false },
	{ "1 LAST x", "501 5.5.4", 0, false },
	{ "1 2", "501 5.5.4", 0, false },
};

static void
bdat(void **state)
{
	const struct refusal *no;
	struct command_bdat b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bdats); i++) {
		no = command_bdat_parse(span_of(bdats[i].arg), &b);
		check_str(bdats[i].arg, answer(no), bdats[i].answer);
		if (no != NULL)
			continue;
		check_int(bdats[i].arg, b.size, bdats[i].size);
		check_int(bdats[i].arg, b.last, bdats[i].last);
	}
}

static const struct {
	const char *arg, *answer, *mechanism;
	bool has_initial;
	const char *initial;
} auths[] = {
	{ "PLAIN", "ok", "PLAIN", false, "" },
	{ "plain AGEAYg==", "ok", "plain", true, "AGEAYg==" },
	{ "PLAIN =", "ok", "PLAIN", true, "" },
	{ "SCRAM-SHA-256 a+/=", "ok", "SCRAM-SHA-256", true, "a+/=" },
	{ "PLAIN a b", "501 5.5.4", NULL, false, NULL },
	{ "PLAIN a*b", "501 5.5.4", NULL, false, NULL },
	{ "PL(AIN", "501 5.5.4", NULL, false, NULL },
	{ "ABCDEFGHIJKLMNOPQRSTU", "501 5.5.4", NULL, false, NULL },
};

static void
auth(void **state)
{
	const struct refusal *no;
	struct command_auth a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(auths); i++) {
		no = command_auth_parse(span_of(auths[i].arg), &a);
		check_str(auths[i].arg, answer(no), auths[i].answer);
		if (no != NULL)
			continue;
		check_span(auths[i].arg, a.mechanism,
		    span_of(auths[i].mechanism));
		check_int(auths[i].arg, a.has_initial, auths[i].has_initial);
		check_span(auths[i].arg, a.initial, span_of(auths[i].initial));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs),
		cmocka_unit_test(greetings),
		cmocka_unit_test(mail),
		cmocka_unit_test(rcpt),
		cmocka_unit_test(bdat),
		cmocka_unit_test(auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
