/* SPDX-License-Identifier: Apache-2.0 */
/* Key files that are found in scripts, and what looks like one and is none. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/policy/loader.h"
#include "lib/settings/suite.h"
#include "tests/support/check.h"

#define GUESS(text) "local t = { " text " }\n"

#define DYNAMIC "local kumo = require 'kumo' kumo.on("                         \
    "'smtp_server_get_dynamic_parameters', function() end)\n"

static const struct {
	const char *name, *script;
	/* "LINE:name uses[?]", then pairs; of delivery, behind | listeners */
	const char *want;
} rows[] = {
	{ "none", "local x = 1\n", "" },
	{ "one", GUESS("tls_private_key = '/k'"), "1:/k 2?" },
	{ "pair", GUESS("tls_certificate = '/c', tls_private_key = '/k'"),
	    "1:/c 1?, 1:/k 2? 0+1" },
	{ "turned", GUESS("tls_private_key='/k',\ntls_certificate =\"/c\""),
	    "1:/k 2?, 2:/c 1? 1+0" },
	{ "brackets", GUESS("['tls_private_key'] = '/k'"), "1:/k 2?" },
	{ "other braces", GUESS("tls_certificate = '/c'")
	    GUESS("tls_private_key = '/k'"), "1:/c 1?, 2:/k 2?" },
	{ "longer names", GUESS("my_tls_private_key = '/k', "
	    "tls_private_keys = '/k'"), "" },
	{ "a part", GUESS("tls_private_key = '/k' .. '.key'"), "" },
	{ "a variable", "local n\n" GUESS("tls_private_key = n"), "" },
	{ "escaped", GUESS("tls_private_key = '/\\107'"), "" },
	{ "in a text", "local t = 'tls_private_key = \"/k\"'\n", "" },
	{ "comments", "-- tls_private_key = '/k'\n--[[ tls_private_key =\n"
	    "'/k']] local t\n--[==[ ]] tls_private_key = '/k' ]==]\n"
	    "--[ tls_private_key = '/k'\n" GUESS("tls_private_key = '/l'"),
	    "6:/l 2?" },
	{ "no comment", GUESS("x = '--', tls_private_key = '/k'"),
	    "1:/k 2?" },
	{ "no end", "return -- \" tls_private_key = '", "" },
	{ "of a listener", DYNAMIC GUESS("tls_private_key = '/k'"),
	    "| 2:/k 2?" },
	{ "of both", DYNAMIC "local function f() return "
	    "kumo.make_egress_path({ x = {}, tls_private_key = '/k' }), "
	    "{ tls_private_key = '/l' } end\n", "2:/k 2? | 2:/l 2?" },
	{ "inside each other", DYNAMIC GUESS("tls_certificate = '/c', y = "
	    "function() return kumo.make_egress_path {"
	    " tls_private_key = '/k' } end, tls_private_key = '/l'"),
	    "2:/k 2? | 2:/c 1?, 2:/l 2?" },
	{ "made", "local kumo = require 'kumo'\nlocal n = '/' .. 'k'\n"
	    "kumo.make_egress_path { tls_private_key = n,\n"
	    "  tls_certificate = '/' .. 'c' }\n", "3:/c 1, 3:/k 2 0+1" },
	{ "made and written", "local kumo = require 'kumo'\n"
	    "kumo.make_egress_path { tls_private_key = '/k',\n"
	    "  tls_certificate = '/c' }\n", "2:/c 1, 2:/k 2 0+1" },
	{ "made of text", "local kumo = require 'kumo'\n"
	    "kumo.make_egress_path { tls_private_key = { key_data = 'x' } }\n",
	    "" },
};

static void
describe(const struct key_list *l, const char *file, struct buf *out)
{
	const char *where;
	size_t i;

	for (i = 0; i < l->n; i++) {
		where = l->v[i].where;
		assert_int_equal(strncmp(where, file, strlen(file)), 0);
		where += strlen(file) + 1;
		buf_addf(out, "%s%.*s:%s %u%s", i > 0 ? ", " : "",
		    (int)strcspn(where, ":"), where, l->v[i].name,
		    l->v[i].uses, l->v[i].guess ? "?" : "");
	}
	for (i = 0; i < l->n_pairs; i++)
		buf_addf(out, " %u+%u", l->pairs[i].chain, l->pairs[i].key);
}

static void
test_rows(void **state)
{
	struct problems problems = { 0 };
	struct buf got = { 0 };
	struct suite s;
	char file[64];
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		strcpy(file, "/tmp/ekiden-policy-XXXXXX");
		f = fdopen(mkstemp(file), "w");
		fputs(rows[i].script, f);
		fclose(f);
		suite_defaults(&s);
		s.policy = xstrdup(file);
		if (policy_declare(&s, false, &problems) != 0)
			fail_msg("%s: %s", rows[i].name, problems.v[0].text);
		buf_clear(&got, 4096);
		describe(&s.script_keys.delivery, file, &got);
		if (s.script_keys.listeners.n > 0) {
			buf_add_str(&got, buf_len(&got) > 0 ? " | " : "| ");
			describe(&s.script_keys.listeners, file, &got);
		}
		check_span(rows[i].name, buf_span(&got),
		    span_of(rows[i].want));
		suite_free(&s);
		problems_free(&problems);
		unlink(file);
	}
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
