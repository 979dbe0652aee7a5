/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/report.h"

#define HEAD "Content-Type: multipart/report; report-type=delivery-status; " \
    "boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
#define MTA "Reporting-MTA: dns; m\r\n"
#define RCPT "\r\nFinal-Recipient: rfc822; r@x\r\nAction: failed\r\n"

static const struct {
	const char *text;
	enum report_kind kind;
	const char *why;
} rows[] = {
	{ "Subject: x\r\n\r\n", REPORT_NONE, NULL },
	{ "Content-Type: multipart/report; boundary=b; report-type=x\r\n\r\n"
	    "--b--", REPORT_NONE, NULL },
	{ "Content-Type: multipart/report; boundary=b\r\n\r\n--b--",
	    REPORT_BAD, "it has no part with the delivery status" },
	{ HEAD "\r\n--b--", REPORT_BAD, "reporting-mta is missing" },
	{ HEAD MTA "\r\n--b--", REPORT_READ, NULL },
	{ HEAD MTA RCPT "Status: 5.1.1\r\n--b--", REPORT_READ, NULL },
	{ HEAD "\r\n \r\n" MTA " \t\r\n" RCPT "Status: 2.0.0\r\n"
	    "--b--", REPORT_READ, NULL },
	{ HEAD MTA RCPT "\r\n--b--", REPORT_BAD, "status is missing" },
	{ HEAD MTA RCPT "Status: 5.1.1x\r\n--b--", REPORT_BAD,
	    "status is no status code" },
	{ HEAD MTA RCPT "Status: 10.1.1\r\n--b--", REPORT_BAD,
	    "status is no status code" },
	{ HEAD MTA RCPT "Status: 5..1\r\n--b--", REPORT_BAD,
	    "status is no status code" },
	{ HEAD MTA RCPT "Status: 5.1.1\r\nStatus: 5.1.1\r\n--b--", REPORT_BAD,
	    "status is there twice" },
	{ HEAD MTA "x\r\n--b--", REPORT_BAD, "a line is no field" },
};

static void
kinds(void **state)
{
	struct mime m = { .root = NULL };
	struct arena a = { 0 };
	struct dsn dsn;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		mime_parse(&m, span_of(rows[i].text), &why);
		check_int(rows[i].text, dsn_parse(&a, NULL, &m, &dsn, &why),
		    rows[i].kind);
		if (rows[i].why != NULL)
			check_str(rows[i].text, why, rows[i].why);
		mime_free(&m);
	}
	arena_free(&a);
}

static void
too_many(void **state)
{
	struct mime m = { .root = NULL };
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct dsn dsn;
	const char *why;
	size_t i;

	(void)state;
	buf_add_str(&text, HEAD MTA);
	for (i = 0; i <= REPORT_RECIPIENTS_MAX; i++)
		buf_add_str(&text, RCPT "Status: 5.1.1\r\n");
	mime_parse(&m, buf_span(&text), &why);
	check_int("recipients", dsn_parse(&a, NULL, &m, &dsn, &why),
	    REPORT_BAD);
	check_str("recipients", why, "the report has too many recipients");
	mime_free(&m);
	buf_free(&text);
	arena_free(&a);
}

/* What is made is what was meant. */
static void
made(void **state)
{
	static const struct span rcpts[] = { { "a@x.example", 11 },
		{ "\xc3\xb6@x.example", 12 } };
	struct dsn_making d = {
		.reporting_mta = { SPAN_LIT("dns"), SPAN_LIT("m.example") },
		.sender = SPAN_LIT("s@y.example"), .recipients = rcpts,
		.n = 2, .peer_name = SPAN_LIT("mx.example"),
		.peer_addr = SPAN_LIT("192.0.2.1"), .code = 452,
		.text = SPAN_LIT("line one\r\n\r\nStatus: 2.0.0"),
		.arrived = 773615765, .failed = 773615766,
		.returns = DSN_RETURN_HEADERS,
		.original = SPAN_LIT("Subject: \xc3\xb6\r\n\r\nbody"),
		.id = SPAN_LIT("id"), .stable = true,
	};
	struct mime m = { .root = NULL };
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct dsn dsn;
	const char *why;

	(void)state;
	dsn_make(&d, &text);
	mime_parse(&m, buf_span(&text), &why);
	check_int("kind", dsn_parse(&a, NULL, &m, &dsn, &why), REPORT_READ);
	check_int("recipients", dsn.n, 2);
	check_span("type", dsn.v[0].final.type, SPAN_LIT("rfc822"));
	check_span("type", dsn.v[1].final.type, SPAN_LIT("utf-8"));
	check_span("recipient", dsn.v[1].final.text, rcpts[1]);
	check_int("status", dsn.v[0].status.class, 4);
	check_span("diagnostic", dsn.v[0].diagnostic.text,
	    SPAN_LIT("452 line one Status: 2.0.0"));
	check_int("date", dsn.v[0].last_attempt.seconds, 773615766);
	check_int("arrival", dsn.arrival.seconds, 773615765);
	check_span("original", dsn.original, SPAN_LIT("Subject: \xc3\xb6\n"));
	check_span("encoding", mime_field_value(m.root,
	    "Content-Transfer-Encoding"), SPAN_LIT("8bit"));
	mime_free(&m);
	buf_free(&text);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(too_many),
		cmocka_unit_test(made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
