/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/address.h"

#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define D60 L60 "."

enum { Q = 1, LIT = 2, U8 = 4 };

static const struct {
	const char *text, *local, *domain;
	unsigned is;
} good[] = {
	{ "a@b", "a", "b", 0 },
	{ "first.last+tag@Example.COM", "first.last+tag", "Example.COM", 0 },
	{ "!#$%&'*+-/=?^_`{|}~@b.c", "!#$%&'*+-/=?^_`{|}~", "b.c", 0 },
	{ "\"a b\"@c.d", "\"a b\"", "c.d", Q },
	{ "\"a@b\"@c.d", "\"a@b\"", "c.d", Q },
	{ "\"\"@c.d", "\"\"", "c.d", Q },
	{ "\"\\\"\\\\\\ \"@c.d", "\"\\\"\\\\\\ \"", "c.d", Q },
	{ "\">\"@c.d", "\">\"", "c.d", Q },
	{ "a@[192.0.2.1]", "a", "[192.0.2.1]", LIT },
	{ "a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]", LIT },
	{ "a@[ipv6:::1]", "a", "[ipv6:::1]", LIT },
	{ "\xc3\xa9@b.c", "\xc3\xa9", "b.c", U8 },
	{ "a@b\xc3\xbc.c", "a", "b\xc3\xbc.c", U8 },
	{ "\"\xe2\x82\xac x\"@b", "\"\xe2\x82\xac x\"", "b", Q | U8 },
	{ L60 "1234@b", L60 "1234", "b", 0 },
	{ "a@" D60 D60 D60 D60 "example",
	    "a", D60 D60 D60 D60 "example", 0 },
};

static const char *const refused[] = {
	"", "a", "@", "@b", "a@", "a@b@c", ".a@b", "a.@b", "a..b@c", "a b@c",
	"a@b c", "a@-b", "a@b-", "a@b..c", "a@b.", "a@.b", "a@b_c", "<a@b>",
	"a@[1.2.3]", "a@[1.2.3.256]", "a@[01.2.3.4]", "a@[IPv6:1.2.3.4]",
	"a@[2001:db8::1]", "a@[IPv6:]", "a@[IPv6:[::1]]", "a@[tag:x]",
	"a@[1.2.3.4", "a@[1.2.3.4]x", "a@[]", "\"a@b", "\"a\"b@c", "\"a\\\"@c",
	"\"a\rb\"@c", "\"a\nb\"@c", "a\r@b", "a@b\n", "a\t@b", "\"\t\"@b",
	"(c)a@b", "a,b@c", "a:b@c", "a;b@c", "\xff@b", "a@\xc3.b", "\xc0\xaf@b",
	"\xed\xa0\x80@b", "\xc2\x85@b", "a@b\xc2\x80.c", "\"\x7f\"@b",
	"postmaster", L60 "12345@b",
	"a@" D60 D60 D60 D60 "examples12",
};

static const struct {
	const char *text;
	unsigned flags;
	const char *want; /* the mailbox; NULL: refused */
	size_t used;
} paths[] = {
	{ "<>", ADDRESS_NULL_OK, "", 2 },
	{ "<>", 0, NULL, 0 },
	{ "<> SIZE=1", ADDRESS_NULL_OK, "", 2 },
	{ "<a@b>", 0, "a@b", 5 },
	{ "<a@b>x", 0, "a@b", 5 },
	{ "<@x:a@b>", 0, "a@b", 8 },
	{ "<@x.y,@z:a@b>", 0, "a@b", 13 },
	{ "<@x:\"q\"@b>", 0, "\"q\"@b", 10 },
	{ "<@x:>", 0, NULL, 0 },
	{ "<@x,a@b>", 0, NULL, 0 },
	{ "<@x,@y>", 0, NULL, 0 },
	{ "<@x a@b>", 0, NULL, 0 },
	{ "<@>", 0, NULL, 0 },
	{ "<@", 0, NULL, 0 },
	{ "<@x", 0, NULL, 0 },
	{ "<a@b", 0, NULL, 0 },
	{ "a@b", 0, NULL, 0 },
	{ "<", ADDRESS_NULL_OK, NULL, 0 },
	{ "", ADDRESS_NULL_OK, NULL, 0 },
	{ "< a@b>", 0, NULL, 0 },
	{ "<a@b >", 0, NULL, 0 },
	{ "<<a@b>>", 0, NULL, 0 },
	{ "<postmaster>", 0, NULL, 0 },
	{ "<PostMaster>", ADDRESS_POSTMASTER_OK, "PostMaster", 12 },
	{ "<root>", ADDRESS_POSTMASTER_OK, NULL, 0 },
	{ "<a@" D60 D60 D60 D60 "example>", 0,
	    "a@" D60 D60 D60 D60 "example", 255 },
	{ "<ab@" D60 D60 D60 D60 "examples1>", 0, NULL, 0 },
};

static void
accepted(void **state)
{
	struct address a;
	const char *why = "";
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (address_parse(span_of(good[i].text), &a, &why) != 0)
			fail_msg("%s: refused, %s", good[i].text, why);
		check_span(good[i].text, a.text, span_of(good[i].text));
		check_span(good[i].text, a.local, span_of(good[i].local));
		check_span(good[i].text, a.domain, span_of(good[i].domain));
		check_int(good[i].text, (a.quoted ? Q : 0) |
		    (a.literal ? LIT : 0) | (a.has_8bit ? U8 : 0), good[i].is);
	}
}

static void
not_accepted(void **state)
{
	struct address a;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++) {
		why = NULL;
		check_int(refused[i],
		    address_parse(span_of(refused[i]), &a, &why), -1);
		assert_non_null(why);
	}
	check_int("NUL", address_parse(SPAN_LIT("a\0@b"), &a, &why), -1);
	check_int("NUL", address_parse(SPAN_LIT("\"a\0\"@b"), &a, &why), -1);
	check_int("NUL", address_parse(SPAN_LIT("a@b\0"), &a, &why), -1);
}

static void
in_paths(void **state)
{
	struct address a;
	const char *why;
	size_t i, used = 0;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		rc = address_path_parse(span_of(paths[i].text), paths[i].flags,
		    &a, &used, &why);
		check_int(paths[i].text, rc, paths[i].want != NULL ? 0 : -1);
		if (rc != 0)
			continue;
		check_span(paths[i].text, a.text, span_of(paths[i].want));
		check_int(paths[i].text, used, paths[i].used);
		check_int(paths[i].text, address_is_null(&a),
		    paths[i].want[0] == '\0');
	}
}

static void
sameness(void **state)
{
	struct address a, b;
	const char *why;

	(void)state;
	address_parse(span_of("a@M\xc3\xbcnchen.de"), &a, &why);
	address_parse(span_of("a@XN--mnchen-3ya.DE"), &b, &why);
	assert_true(address_same(&a, &b));
	address_parse(span_of("A@xn--mnchen-3ya.de"), &b, &why);
	assert_false(address_same(&a, &b));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(not_accepted),
		cmocka_unit_test(in_paths),
		cmocka_unit_test(sameness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
