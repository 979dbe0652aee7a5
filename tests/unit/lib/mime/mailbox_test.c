/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/charset.h"
#include "lib/mime/mailbox.h"

/* want: name{local|domain}, with a group's between [ and ]. */
static const struct {
	const char *text, *want;
} good[] = {
	{ "", "" },
	{ "a@b.example", "{a|b.example}" },
	{ " <a@b.example> ", "{a|b.example}" },
	{ "John Smith <j.s@b.example>", "John Smith{j.s|b.example}" },
	{ "\"Smith, John\" <j@b.example> (x), c@d.example",
	    "Smith, John{j|b.example}{c|d.example}" },
	{ "a@b.example,, ,c@d.example,", "{a|b.example}{c|d.example}" },
	{ "J. Doe <a@b.example>", "J. Doe{a|b.example}" },
	{ "Dr.Who <a@b.example>", "Dr.Who{a|b.example}" },
	{ "=?iso-8859-1?q?J=F6rg?= =?utf-8?q?_X?= <a@b.example>",
	    "J\xc3\xb6rg X{a|b.example}" },
	{ "J\xc3\xb6rg <j\xc3\xb6rg@\xc3\xa4.example>",
	    "J\xc3\xb6rg{j\xc3\xb6rg|\xc3\xa4.example}" },
	{ "\"a \\\"b\\\" c\"@d.example", "{a \"b\" c|d.example}" },
	{ "\"\" <a@b.example>", "{a|b.example}" },
	{ "a.b.c@d", "{a.b.c|d}" },
	{ "a..b.@d", "{a..b.|d}" },
	{ "a@[192.0.2.1], b@[IPv6:2001:db8::1]",
	    "{a|[192.0.2.1]}{b|[IPv6:2001:db8::1]}" },
	{ "a@b . example", "{a|b.example}" },
	{ "(pre) a (mid) @ (at) b.example (post (nested \\) ) x)",
	    "{a|b.example}" },
	{ "<@x.example,@y.example:a@b.example>", "{a|b.example}" },
	{ "Team: a@b.example, C <c@d.example>;",
	    "Team[{a|b.example}C{c|d.example}]" },
	{ "Undisclosed recipients:;", "Undisclosed recipients[]" },
	{ "a@b.example, g:;, c@d.example",
	    "{a|b.example}g[]{c|d.example}" },
	{ "x\r\n y <a@b.example>", "x y{a|b.example}" },
};

static const struct {
	const char *text;
	enum mime_address_kind kind;
	const char *why;
} bad[] = {
	{ "just words", MIME_ADDRESS_LIST, "an address has no domain" },
	{ "a@", MIME_ADDRESS_LIST, "an address has a bad domain" },
	{ "@b.example", MIME_ADDRESS_LIST, "an address has a bad local part" },
	{ "a b@c.example", MIME_ADDRESS_LIST,
	    "an address has a bad local part" },
	{ "<a@b.example", MIME_ADDRESS_LIST, "an address lacks its \">\"" },
	{ "<a>", MIME_ADDRESS_LIST, "an address has no domain" },
	{ "<>", MIME_ADDRESS_LIST, "an address has no domain" },
	{ "a@b.example c@d.example", MIME_ADDRESS_LIST,
	    "text behind an address" },
	{ "\"open <a@b.example>", MIME_ADDRESS_LIST,
	    "a quoted text does not end" },
	{ "g: a@b.example", MIME_ADDRESS_LIST, "a group lacks its \";\"" },
	{ "g: h: a@b.example;;", MIME_ADDRESS_LIST,
	    "an address has no domain" },
	{ "a@[192.0.2.1", MIME_ADDRESS_LIST, "an address has a bad domain" },
	{ "g: a@b.example;", MIME_MAILBOX_LIST, "an address has no domain" },
	{ "", MIME_MAILBOX_LIST, "there is no address" },
	{ "a@b.example, c@d.example", MIME_ONE_MAILBOX,
	    "wanted one address" },
	{ "", MIME_ONE_MAILBOX, "wanted one address" },
};

static void
put_mailboxes(const struct mime_mailbox *m, struct buf *out)
{
	for (; m != NULL; m = m->next) {
		if (m->name.p != NULL)
			buf_add_span(out, m->name);
		buf_addf(out, "{%.*s|%.*s}", SPAN_FMT(m->local),
		    SPAN_FMT(m->domain));
	}
}

static void
reading(void **state)
{
	struct charsets *cs = charsets_open();
	struct mime_addresses list;
	const struct mime_address *at;
	struct arena a = { 0 };
	struct buf got = { 0 };
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (mime_addresses_parse(&a, cs, span_of(good[i].text),
		    MIME_ADDRESS_LIST, &list, &why) != 0)
			fail_msg("%s: %s", good[i].text, why);
		buf_clear(&got, 1000);
		for (at = list.first; at != NULL; at = at->next) {
			if (at->is_group)
				buf_addf(&got, "%.*s[", SPAN_FMT(at->name));
			put_mailboxes(at->list, &got);
			if (at->is_group)
				buf_add_byte(&got, ']');
		}
		check_span(good[i].text, buf_span(&got),
		    span_of(good[i].want));
	}
	for (i = 0; i < COUNT(bad); i++) {
		if (mime_addresses_parse(&a, cs, span_of(bad[i].text),
		    bad[i].kind, &list, &why) == 0)
			fail_msg("%s: read", bad[i].text);
		check_str(bad[i].text, why, bad[i].why);
	}
	buf_free(&got);
	arena_free(&a);
	charsets_free(&cs);
}

static void
limits(void **state)
{
	struct mime_addresses list;
	struct arena a = { 0 };
	struct buf text = { 0 };
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i <= MIME_ADDRESSES_MAX; i++)
		buf_add_str(&text, "a@b,");
	check_int("many", mime_addresses_parse(&a, NULL, buf_span(&text),
	    MIME_ADDRESS_LIST, &list, &why), -1);
	check_str("many", why, "there are too many addresses");
	/* Deep comments take no stack. */
	buf_clear(&text, 0);
	for (i = 0; i < 1000000; i++)
		buf_add_byte(&text, '(');
	buf_add_str(&text, "a@b");
	check_int("deep", mime_addresses_parse(&a, NULL, buf_span(&text),
	    MIME_ADDRESS_LIST, &list, &why), 0);
	check_int("deep", list.n, 0);
	buf_free(&text);
	arena_free(&a);
}

static const struct {
	const char *text, *want;
} written[] = {
	{ "a@b.example", "<a@b.example>" },
	{ "A <a@b.example>, \"b c\"@d.example",
	    "A <a@b.example>,\r\n\t<\"b c\"@d.example>" },
	{ "\"A \\\"B\\\"\" <a@b.example>", "\"A \\\"B\\\"\" <a@b.example>" },
	{ "\xc3\xb6 <a@b.example>", "=?UTF-8?q?=C3=B6?= <a@b.example>" },
	{ "The Team: A B <a@b.example>, c@d.example;",
	    "The Team:\"A B\" <a@b.example>,\r\n\t<c@d.example>;" },
	{ "\"=?x?=\" <a@b.example>", "=?UTF-8?q?=3D=3Fx=3F=3D?= "
	    "<a@b.example>" },
};

static void
writing(void **state)
{
	struct mime_addresses list;
	struct arena a = { 0 };
	struct buf got = { 0 };
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(written); i++) {
		check_int(written[i].text, mime_addresses_parse(&a, NULL,
		    span_of(written[i].text), MIME_ADDRESS_LIST, &list,
		    &why), 0);
		buf_clear(&got, 1000);
		mime_addresses_put(&list, &got);
		check_span(written[i].text, buf_span(&got),
		    span_of(written[i].want));
	}
	buf_free(&got);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(limits),
		cmocka_unit_test(writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
