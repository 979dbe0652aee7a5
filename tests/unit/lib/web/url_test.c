/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/web/url.h"

/* RFC 3986 sections 3, 5.2.4 and 6.2; RFC 6455 section 3. */
static const struct {
	const char *text, *want; /* want NULL: refused */
	const char *why;
} parses[] = {
	{ "http://example.com", "http://example.com/", NULL },
	{ "HTTP://Example.COM:80/A/b", "http://example.com/A/b", NULL },
	{ "https://example.com:443", "https://example.com/", NULL },
	{ "https://example.com:80", "https://example.com:80/", NULL },
	{ "https://example.com:/x", "https://example.com/x", NULL },
	{ "ws://h:8080/s?q", "ws://h:8080/s?q", NULL },
	{ "wss://h", "wss://h/", NULL },
	{ "http://h.test./", "http://h.test/", NULL },
	{ "http://h?x=1", "http://h/?x=1", NULL },
	{ "http://h#f?x", "http://h/#f?x", NULL },
	{ "http://h/?", "http://h/?", NULL },
	{ "http://u:p%40@h/", "http://u:p%40@h/", NULL },
	{ "http://u@x@h/", "http://u%40x@h/", NULL },
	{ "http://h/a/b/c/./../../g", "http://h/a/g", NULL },
	{ "http://h/mid/content=5/../6", "http://h/mid/6", NULL },
	{ "http://h/../../x/..", "http://h/", NULL },
	{ "http://h/a/%2E%2e/b/%2e", "http://h/b/", NULL },
	{ "http://h/...", "http://h/...", NULL },
	{ "http://h/a b?c d#e f", "http://h/a%20b?c%20d#e%20f", NULL },
	{ "http://h/%7e%zz\"{}", "http://h/%7e%zz%22%7B%7D", NULL },
	{ "http://h/\xc3\xbc?\xc3\xbc", "http://h/%C3%BC?%C3%BC", NULL },
	{ "http://b\xc3\xbc" "cher.test/", "http://xn--bcher-kva.test/", NULL },
	{ "http://192.0.2.1:8080/", "http://192.0.2.1:8080/", NULL },
	{ "http://[2001:DB8::1]/", "http://[2001:db8::1]/", NULL },
	{ "http://[::1]:8080/x", "http://[::1]:8080/x", NULL },
	{ "http://a_b.test/", "http://a_b.test/", NULL },
	{ "", NULL, "neither http:// nor" },
	{ "example.com/x", NULL, "neither http:// nor" },
	{ "ftp://h/", NULL, "neither http:// nor" },
	{ "file:///etc/passwd", NULL, "neither http:// nor" },
	{ "http:/h", NULL, "neither http:// nor" },
	{ "http://", NULL, "no host" },
	{ "http:///x", NULL, "no host" },
	{ "http://u@:80/", NULL, "no host" },
	{ "http://h:0/", NULL, "port" },
	{ "http://h:65536/", NULL, "port" },
	{ "http://h:8x/", NULL, "port" },
	{ "http://::1/", NULL, "no name" },
	{ "http://[::1/", NULL, "no name" },
	{ "http://[1.2.3.4]/", NULL, "no IPv6 address" },
	{ "http://[fe80::1%25eth0]/", NULL, "no IPv6 address" },
	{ "http://2130706433/", NULL, "no IPv4 address, and no name" },
	{ "http://0x7f.1/", NULL, "no IPv4 address, and no name" },
	{ "http://127.0.0.0x1/", NULL, "no IPv4 address, and no name" },
	{ "http://1.2.3/", NULL, "no IPv4 address, and no name" },
	{ "http://%6c/", NULL, "no name" },
	{ "http://a b/", NULL, "no name" },
	{ "http://h\\@x/", NULL, "backslash" },
	{ "http://h/\n", NULL, "control characters" },
	{ "http://h/\r\nX: y", NULL, "control characters" },
};

static void
parse_test(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parses) / sizeof(*parses); i++) {
		struct arena a = { .blocks = NULL };
		struct buf got = { .base = NULL };
		const char *why = NULL;
		struct url u;
		int rc = url_parse(span_of(parses[i].text), &a, &u, &why);

		if (parses[i].want == NULL) {
			check_int(parses[i].text, rc, -1);
			if (strstr(why, parses[i].why) == NULL)
				fail_msg("%s: got '%s', want '%s'",
				    parses[i].text, why, parses[i].why);
		} else {
			check_int(parses[i].text, rc, 0);
			url_put(&got, &u, URL_WITH_USER | URL_WITH_FRAGMENT);
			check_span(parses[i].text, buf_span(&got),
			    span_of(parses[i].want));
		}
		buf_free(&got);
		arena_free(&a);
	}
}

/* RFC 3986 sections 5.4.1 and 5.4.2, with an http base. */
static const struct {
	const char *ref, *want;
} joins[] = {
	{ "g", "http://a/b/c/g" },
	{ "./g", "http://a/b/c/g" },
	{ "g/", "http://a/b/c/g/" },
	{ "/g", "http://a/g" },
	{ "//g", "http://g/" },
	{ "?y", "http://a/b/c/d;p?y" },
	{ "g?y", "http://a/b/c/g?y" },
	{ "#s", "http://a/b/c/d;p?q#s" },
	{ "g#s", "http://a/b/c/g#s" },
	{ "g?y#s", "http://a/b/c/g?y#s" },
	{ ";x", "http://a/b/c/;x" },
	{ "", "http://a/b/c/d;p?q" },
	{ ".", "http://a/b/c/" },
	{ "..", "http://a/b/" },
	{ "../g", "http://a/b/g" },
	{ "../..", "http://a/" },
	{ "../../../g", "http://a/g" },
	{ "/./g", "http://a/g" },
	{ "/../g", "http://a/g" },
	{ "g.", "http://a/b/c/g." },
	{ "..g", "http://a/b/c/..g" },
	{ "./g/.", "http://a/b/c/g/" },
	{ "g/../h", "http://a/b/c/h" },
	{ "g?y/../x", "http://a/b/c/g?y/../x" },
	{ " https://x:444/y ", "https://x:444/y" },
	{ "mailto:x@y", NULL },
	{ "javascript:1", NULL },
	{ "file:///etc/passwd", NULL },
	{ "//", NULL },
	{ "g\nh", NULL },
	{ "1x:y", "http://a/b/c/1x:y" },
};

static void
join_test(void **state)
{
	struct arena a = { .blocks = NULL };
	struct url base, u;
	const char *why;
	size_t i;

	(void)state;
	check_int("base", url_parse(SPAN_LIT("http://a/b/c/d;p?q#f"), &a,
	    &base, &why), 0);
	for (i = 0; i < sizeof(joins) / sizeof(*joins); i++) {
		struct buf got = { .base = NULL };
		int rc = url_join(&base, span_of(joins[i].ref), &a, &u, &why);

		check_int(joins[i].ref, rc, joins[i].want == NULL ? -1 : 0);
		if (rc == 0) {
			url_put(&got, &u, URL_WITH_FRAGMENT);
			check_span(joins[i].ref, buf_span(&got),
			    span_of(joins[i].want));
		}
		buf_free(&got);
	}
	arena_free(&a);
}

static void
shown_test(void **state)
{
	struct arena a = { .blocks = NULL };
	struct buf got = { .base = NULL };
	struct url u;
	const char *why;

	(void)state;
	check_int("parse", url_parse(SPAN_LIT(
	    "https://user:secret@h:8443/path?token=secret#secret"), &a, &u,
	    &why), 0);
	check_span("user", u.user, SPAN_LIT("user"));
	check_span("password", u.password, SPAN_LIT("secret"));
	url_put_shown(&got, &u);
	check_span("shown", buf_span(&got),
	    SPAN_LIT("https://h:8443/path?..."));
	buf_clear(&got, 0);
	url_put_host(&got, &u);
	check_span("Host", buf_span(&got),
	    SPAN_LIT("h:8443"));
	buf_free(&got);
	arena_free(&a);
}

static void
pair_test(void **state)
{
	struct buf got = { .base = NULL };

	(void)state;
	url_put_pair(&got, SPAN_LIT("a b"), SPAN_LIT("1&2=3+4"), true);
	url_put_pair(&got, SPAN_LIT("\xc3\xbc"), span_make("*-._~\0", 6),
	    false);
	check_span("pairs", buf_span(&got),
	    SPAN_LIT("a+b=1%262%3D3%2B4&%C3%BC=*-._%7E%00"));
	buf_clear(&got, 0);
	url_put_path(&got, SPAN_LIT("a/b c%2f?~\xc3\xbc"));
	check_span("path", buf_span(&got),
	    SPAN_LIT("a/b%20c%252f%3F~%C3%BC"));
	buf_clear(&got, 0);
	url_decode(&got, SPAN_LIT("a%20b%2fc%zz%4"));
	check_span("decoded", buf_span(&got),
	    SPAN_LIT("a b/c%zz%4"));
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_test),
		cmocka_unit_test(join_test),
		cmocka_unit_test(shown_test),
		cmocka_unit_test(pair_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
