/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdlib.h>

#include "lib/mail/domain.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
	const char *text;
	unsigned flags;
	bool valid;
} names[] = {
	{ "example.com", 0, true },
	{ "a", 0, true },
	{ "1.2.3.4", 0, true },
	{ "a-b.c--d.e", 0, true },
	{ L63 ".com", 0, true },
	{ L63 "h.com", 0, false },
	{ "", 0, false },
	{ ".", 0, false },
	{ ".a", 0, false },
	{ "a.", 0, false },
	{ "a..b", 0, false },
	{ "-a.b", 0, false },
	{ "a-.b", 0, false },
	{ "a.b-", 0, false },
	{ "a_b.c", 0, false },
	{ "a_b.c", DOMAIN_UNDERSCORE, true },
	{ "_dmarc.a", DOMAIN_UNDERSCORE, true },
	{ "a b", 0, false },
	{ "a/b", DOMAIN_UNDERSCORE | DOMAIN_8BIT, false },
	{ "m\xc3\xbcnchen.de", 0, false },
	{ "m\xc3\xbcnchen.de", DOMAIN_8BIT, true },
	{ L63 "." L63 "." L63 "." L63, 0, true },
	{ L63 "." L63 "." L63 "." L63 ".a", 0, false },
};

static const struct {
	const char *text, *want; /* NULL: refused */
} normal[] = {
	{ "Example.COM", "example.com" },
	{ "example.com.", "example.com" },
	{ "M\xc3\x9cnchen.de", "xn--mnchen-3ya.de" },
	{ "stra\xc3\x9f" "e.de", "xn--strae-oqa.de" },
	{ "a_b.example", "a_b.example" },
	{ "[IPv6:FE80::1]", "[ipv6:fe80::1]" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "", NULL },
	{ ".", NULL },
	{ "a..b", NULL },
	{ "a b", NULL },
	{ "\xff.de", NULL },
	/* A full-width "@" and "/" map to ASCII ones. */
	{ "a\xef\xbc\xa0" "b.de", NULL },
	{ "a\xef\xbc\x8f" "b.de", NULL },
	{ "a\nb", NULL },
};

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "example.com", "EXAMPLE.com.", true },
	{ "m\xc3\xbcnchen.de", "xn--mnchen-3ya.DE", true },
	{ "m\xc3\xbcnchen.de", "munchen.de", false },
	{ "a.b", "a.c", false },
};

static void
validity(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		check_int(names[i].text, domain_valid(span_of(names[i].text),
		    names[i].flags), names[i].valid);
	check_int("NUL", domain_valid(SPAN_LIT("a\0b"), 0), false);
}

static void
normal_form(void **state)
{
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(normal); i++) {
		got = NULL;
		check_int(normal[i].text,
		    domain_normalise(span_of(normal[i].text), &got),
		    normal[i].want != NULL ? 0 : -1);
		if (normal[i].want != NULL)
			check_str(normal[i].text, got, normal[i].want);
		free(got);
	}
}

static void
sameness(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++)
		check_int(pairs[i].a, domain_same(span_of(pairs[i].a),
		    span_of(pairs[i].b)), pairs[i].same);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(normal_form),
		cmocka_unit_test(sameness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
