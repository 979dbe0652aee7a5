/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/files/glob.h"

static const char *const folders[] = { "a", "a/b", "a/b/c", "d", ".h" };
static const char *const files[] = {
	"one.lua", "two.lua", "x.toml", "a/three.lua", "a/b/four.lua",
	"a/b/c/five.toml", "d/[x]", "d/{y}", ".hidden.lua", ".h/six.lua",
};

static const struct {
	const char *pattern;
	const char *want; /* joined by blanks; NULL: refused */
} rows[] = {
	{ "*.lua", "one.lua two.lua" },
	{ "?ne.lua", "one.lua" },
	{ "[ot]*.lua", "one.lua two.lua" },
	{ "**/*.lua", "a/b/four.lua a/three.lua one.lua two.lua" },
	{ "a/**/*.toml", "a/b/c/five.toml" },
	{ "**/b/*", "a/b/c a/b/four.lua" },
	{ "**/*.{lua,toml}", "a/b/c/five.toml a/b/four.lua a/three.lua "
	    "one.lua two.lua x.toml" },
	{ "{one,two,no}.lua", "one.lua two.lua" },
	{ "{o{ne,x},two}.lua", "one.lua two.lua" },
	{ "{one,one}.lua", "one.lua" },
	{ ".*.lua", ".hidden.lua" },
	{ "one.lua", "one.lua" },
	{ "none.lua", "" },
	{ "none/*.lua", "" },
	{ "one.lua/*", "" },
	{ "d/\\[x\\]", "d/[x]" },
	{ "a//b/*.lua", "a/b/four.lua" },
	{ "{one", NULL },
	{ "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", NULL },
};

static char folder[] = "/tmp/ekiden-glob-XXXXXX";

static int
make(void **state)
{
	size_t i;
	FILE *f;

	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) == -1)
		return -1;
	for (i = 0; i < COUNT(folders); i++)
		mkdir(folders[i], 0755);
	for (i = 0; i < COUNT(files); i++) {
		f = fopen(files[i], "w");
		if (f == NULL)
			return -1;
		fclose(f);
	}
	return symlink("..", "a/loop");
}

static int
done(void **state)
{
	size_t i;

	(void)state;
	unlink("a/loop");
	for (i = 0; i < COUNT(files); i++)
		unlink(files[i]);
	for (i = COUNT(folders); i-- > 0;)
		rmdir(folders[i]);
	return rmdir(folder);
}

static void
check_list(const char *row, const struct value *v, const char *want)
{
	struct buf b = { .base = NULL };
	size_t i;

	for (i = 0; i < v->u.list.n; i++)
		buf_addf(&b, "%s%s", i > 0 ? " " : "",
		    v->u.list.v[i]->u.text.p);
	check_span(row, buf_span(&b), span_of(want));
	buf_free(&b);
}

static void
patterns(void **state)
{
	struct buf why = { .base = NULL };
	char absolute[4200];
	struct value *v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		v = glob_expand(rows[i].pattern, "", &why);
		check_int(rows[i].pattern, v != NULL, rows[i].want != NULL);
		if (v == NULL) {
			check_int(rows[i].pattern, buf_len(&why) > 0, 1);
			continue;
		}
		check_list(rows[i].pattern, v, rows[i].want);
		value_free(&v);
		/* The same from anywhere. */
		v = glob_expand(rows[i].pattern, folder, &why);
		check_list(rows[i].pattern, v, rows[i].want);
		value_free(&v);
		snprintf(absolute, sizeof(absolute), "%s/%s", folder,
		    rows[i].pattern);
		v = glob_expand(absolute, folder, &why);
		check_list(absolute, v, rows[i].want);
		value_free(&v);
	}
	v = glob_folder("a", &why);
	check_list("a", v, "a/b a/loop a/three.lua");
	value_free(&v);
	assert_null(glob_folder("none", &why));
	buf_free(&why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(patterns, make, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
