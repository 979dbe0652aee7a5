/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/normalise.h"

#include "tests/support/check.h"

static const struct {
	const char *text, *want;
} rows[] = {
	{ "", "" },
	{ " \r\n ", "" },
	{ "250 2.0.0  OK\r\n", "250 2.0.0 OK" },
	{ "retry at 2025-11-06T17:11:34.261306612Z, please",
	    "retry at {timestamp}, please" },
	{ "id 10aa5da5-3f3b-4176-beb9-32875830f082", "id {uuid}" },
	{ "ids=8a5475ccbbc611eda12250ebf67f93bd", "ids={uuid}" },
	{ "a=b=10.0.0.1", "a=b={ipaddr}" },
	{ "Queued as 4XbYk93Rcxz1Qs.", "Queued as {hash}." },
	{ "throttled: 10.0.0.1 [::1] 2001:db8::5 192.0.2.7:25 [2001:db8::7]:25",
	    "throttled: {ipaddr} [{ipaddr}] {ipaddr} {ipaddr} {ipaddr}" },
	{ "after 00:10:34 at 5.7.1", "after 00:10:34 at 5.7.1" },
	{ "aGVsbG8K aGVsbG8uCg== (aGVsbG8uCg==)",
	    "{base64} {base64} ({base64})" },
	{ "No such user <some.body@gmail.com>: unknown",
	    "No such user <{email}>: unknown" },
	{ "sieve@example.org", "{email}" },
	/* Words of people, whatever their length. */
	{ "duration mailboxes UNKNOWN! Rejected rate-limited sending",
	    "duration mailboxes UNKNOWN! Rejected rate-limited sending" },
	{ "-------- ________", "-------- ________" },
	{ "see https://example.com/a?b=c now", "see https://example.com/a?b=c "
	    "now" },
	{ "= == =x", "= == =x" },
	{ "caf\xc3\xa9 \xff", "caf\xc3\xa9 \xff" },
	{ "1=2=3=4=5=6=7=8=9=10.0.0.1", "1=2=3=4=5=6=7=8=9=10.0.0.1" },
};

static void
replaces_tokens(void **state)
{
	struct buf out = { .base = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&out, 4096);
		normalise_response(span_of(rows[i].text), &out);
		check_span(rows[i].text, buf_span(&out),
		    span_of(rows[i].want));
	}
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
