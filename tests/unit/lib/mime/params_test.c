/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/charset.h"
#include "lib/mime/params.h"

/* want: the value, then "name=value" for each parameter. */
static const struct {
	const char *text, *want;
} good[] = {
	{ "text/plain", "text/plain" },
	{ " text/plain (comment) ; charset=us-ascii",
	    "text/plain|charset=us-ascii" },
	{ "text/plain; CharSet=\"a b\\\"c\"; x=y;",
	    "text/plain|charset=a b\"c|x=y" },
	{ "text/plain;\r\n\tcharset = utf-8 (ok)", "text/plain|charset=utf-8" },
	{ "a; x; y=; =z; ;; w=1", "a|y=|w=1" },
	{ "a; x=\"not closed; y=2", "a" },
	{ "a; x=1 2; y=3", "a|x=1|y=3" },
	{ "a; b=c; b=d", "a|b=c" },
	/* RFC 2231 sections 3 and 4. */
	{ "a; u*0=\"ftp://\"; u*1=\"cs.utk.edu/pub\"",
	    "a|u=ftp://cs.utk.edu/pub" },
	{ "a; t*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	    "a|t=This is ***fun***" },
	{ "a; t*0*=us-ascii'en'This%20is%20even%20more%20; "
	    "t*1*=%2A%2A%2Afun%2A%2A%2A%20; t*2=\"isn't it!\"",
	    "a|t=This is even more ***fun*** isn't it!" },
	{ "a; t*1=b; t*0=a; t*3=d", "a|t=ab" },
	{ "a; f=plain; f*=utf-8''%e2%82%ac", "a|f=\xe2\x82\xac" },
	{ "a; f*=utf-8''%e2%82%ac; f=plain", "a|f=\xe2\x82\xac" },
	{ "a; f*=iso-8859-1''%e9%zz%", "a|f=\xc3\xa9%zz%" },
	{ "a; f*=x-none''%e9", "a|f=\xe9" },
	{ "a; f*=utf-8''%e9", "a|f=\xe9" },
	{ "a; f*x=1", "a|f*x=1" },
	{ "a; f=\"=?utf-8?q?gr=C3=BCn?=.txt\"", "a|f=gr\xc3\xbcn.txt" },
	{ "multipart/mixed; boundary=\"=_a/b:c\"",
	    "multipart/mixed|boundary==_a/b:c" },
};

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "there is no value" },
	{ "; charset=x", "there is no value" },
	{ "(only a comment)", "there is no value" },
	{ "text/plain charset=x", "text behind the value" },
	{ "text/plain, x", "text behind the value" },
};

static void
reading(void **state)
{
	struct charsets *cs = charsets_open();
	struct arena a = { 0 };
	struct mime_params p;
	struct buf got = { 0 };
	const char *why;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (mime_params_parse(&a, cs, span_of(good[i].text), &p,
		    &why) != 0)
			fail_msg("%s: %s", good[i].text, why);
		buf_clear(&got, 1000);
		buf_add_span(&got, p.value);
		for (k = 0; k < p.n; k++) {
			buf_add_byte(&got, '|');
			buf_add_span(&got, p.v[k].name);
			buf_add_byte(&got, '=');
			buf_add_span(&got, p.v[k].value);
		}
		check_span(good[i].text, buf_span(&got),
		    span_of(good[i].want));
	}
	for (i = 0; i < COUNT(bad); i++) {
		if (mime_params_parse(&a, cs, span_of(bad[i].text), &p,
		    &why) == 0)
			fail_msg("%s: read", bad[i].text);
		check_str(bad[i].text, why, bad[i].why);
	}
	buf_free(&got);
	arena_free(&a);
	charsets_free(&cs);
}

static void
too_many(void **state)
{
	struct arena a = { 0 };
	struct mime_params p;
	struct buf text = { 0 };
	const char *why;
	size_t i;

	(void)state;
	buf_add_str(&text, "a");
	for (i = 0; i < MIME_PARAMS_MAX; i++)
		buf_addf(&text, "; p%zu=x", i);
	check_int("most", mime_params_parse(&a, NULL, buf_span(&text), &p,
	    &why), 0);
	check_int("most", p.n, MIME_PARAMS_MAX);
	buf_add_str(&text, "; q=x");
	check_int("more", mime_params_parse(&a, NULL, buf_span(&text), &p,
	    &why), -1);
	check_str("more", why, "too many parameters");
	buf_free(&text);
	arena_free(&a);
}

#define A20 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4" \
    "\xc3\xa4\xc3\xa4\xc3\xa4"

static const struct {
	const char *value, *want;
} written[] = {
	{ "", "p=\"\"" },
	{ "a b\"c\\d", "p=\"a b\\\"c\\\\d\"" },
	{ "\xe2\x82\xac rate", "p*=utf-8''%E2%82%AC%20rate" },
	{ "a\r\nBcc: b", "p*=utf-8''a%0D%0ABcc%3A%20b" },
	{ "\xff", "p*=''%FF" },
	{ A20 "x", "p*0*=utf-8''%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4"
	    "%C3%A4%C3%A4%C3%A4;\r\n\tp*1*=x" },
};

static void
writing(void **state)
{
	struct mime_param v = { SPAN_LIT("p"), { "", 0 } };
	struct mime_params p = { SPAN_LIT("a/b"), &v, 1 };
	struct buf got = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(written); i++) {
		v.value = span_of(written[i].value);
		buf_clear(&got, 1000);
		mime_params_put(&p, &got);
		check_span(written[i].value, span_from(buf_span(&got), 7),
		    span_of(written[i].want));
	}
	buf_free(&got);
}

static void
types(void **state)
{
	(void)state;
	assert_true(mime_type_valid(SPAN_LIT("text/plain")));
	assert_false(mime_type_valid(SPAN_LIT("text")));
	assert_false(mime_type_valid(SPAN_LIT("/plain")));
	assert_false(mime_type_valid(SPAN_LIT("text/")));
	assert_false(mime_type_valid(SPAN_LIT("text/a b")));
	assert_false(mime_type_valid(SPAN_LIT("text/a\r\n")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(too_many),
		cmocka_unit_test(writing),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
