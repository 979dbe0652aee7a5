/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mime/auth_results.h"

/* The examples of RFC 8601 appendix B, and what is written for them. */
static const struct {
	const char *text, *want;
} good[] = {
	{ "example.org 1; none", "example.org 1; none" },
	{ "example.org", "example.org; none" },
	{ "example.com;\r\n spf=pass smtp.mailfrom=example.net",
	    "example.com;\r\n\tspf=pass\r\n\tsmtp.mailfrom=example.net" },
	{ "example.com; auth=pass (cleartext) smtp.auth=sender@example.net; "
	    "spf=pass smtp.mailfrom=example.net",
	    "example.com;\r\n\tauth=pass\r\n\tsmtp.auth=sender@example.net;"
	    "\r\n\tspf=pass\r\n\tsmtp.mailfrom=example.net" },
	{ "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 "
	    "(One yay) = (wait for it) fail policy (A dot can go here) "
	    ". (like that) expired (this surprised me) = (as I wasn't "
	    "expecting it) 1362471462 (see above)",
	    "foo.example.net 1;\r\n\tdkim/1=fail\r\n\t"
	    "policy.expired=1362471462" },
	{ "\"quoted id\" ; dkim/1=fail reason=\"bad \\\"key\\\"\" "
	    "header.b=\"x y\"", "\"quoted id\";\r\n\tdkim/1=fail\r\n\t"
	    "reason=\"bad \\\"key\\\"\"\r\n\theader.b=\"x y\"" },
	{ "a; b=c;", "a;\r\n\tb=c" },
	{ "", NULL },
	{ ";", NULL },
	{ "a b", NULL },
	{ "a; dkim", NULL },
	{ "a; dkim=", NULL },
	{ "a; dkim/x=pass", NULL },
	{ "a; dkim=pass header=x", NULL },
	{ "a; dkim=pass header.d", NULL },
	{ "a; dkim=pass header.d=\"x", NULL },
};

static void
both_ways(void **state)
{
	struct arena a = { 0 };
	struct mime_auth_results r;
	struct buf got = { 0 };
	const char *why;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		rc = mime_auth_results_parse(&a, span_of(good[i].text), &r,
		    &why);
		check_int(good[i].text, rc, good[i].want == NULL ? -1 : 0);
		if (rc != 0)
			continue;
		buf_clear(&got, 1000);
		mime_auth_results_put(&r, &got);
		check_span(good[i].text, buf_span(&got),
		    span_of(good[i].want));
	}
	buf_free(&got);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
