/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripts of tests/lua, each in a state of its own, as a daemon would
 * load them. EKIDEN_LUA names one script to run alone.
 */
#include "tests/support/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/io/loop.h"
#include "lib/policy/library.h"
#include "lib/policy/policy.h"
#include "lib/settings/suite.h"

static struct buf
file_read(const char *path)
{
	struct buf text = { .base = NULL };
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	while ((n = fread(buf_reserve(&text, 65536), 1, 65536, f)) > 0)
		buf_commit(&text, n);
	fclose(f);
	return text;
}

/* What a loader would have read for the scripts' *_load functions. */
static void
files_add(struct bundle *bundle)
{
	glob_t found;
	char name[256];
	struct buf text;
	size_t i;

	assert_int_equal(glob("tests/lua/data/*", 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		text = file_read(found.gl_pathv[i]);
		snprintf(name, sizeof(name), "file:%s", found.gl_pathv[i]);
		bundle_add(bundle, name, buf_span(&text));
		buf_free(&text);
	}
	globfree(&found);
}

static int
run_script(struct loop *loop, const char *path)
{
	struct buf script = file_read(path);
	struct buf check = file_read("tests/lua/check.lua");
	struct buf secret = file_read("tests/lua/secret.key");
	struct policy_error error;
	struct policy *p;
	struct suite suite;
	int failed = 0;

	suite_defaults(&suite);
	bundle_add(&suite.bundle, path, buf_span(&script));
	bundle_add(&suite.bundle, "require:check",
	    SPAN_LIT("tests/lua/check.lua"));
	bundle_add(&suite.bundle, "tests/lua/check.lua", buf_span(&check));
	bundle_add(&suite.bundle, "file:tests/lua/secret.key",
	    buf_span(&secret));
	files_add(&suite.bundle);
	p = policy_load(loop, &suite, &error);
	if (p == NULL) {
		fprintf(stderr, "%s\n%s\n", error.text,
		    error.traceback == NULL ? "" : error.traceback);
		policy_error_free(&error);
		failed = 1;
	}
	policy_free(&p);
	suite_free(&suite);
	buf_free(&script);
	buf_free(&check);
	buf_free(&secret);
	return failed;
}

static void
scripts(void **state)
{
	const char *only = getenv("EKIDEN_LUA");
	struct loop *loop = loop_new();
	int failed = 0;
	glob_t found;
	size_t i;

	(void)state;
	assert_int_equal(glob(only != NULL ? only : "tests/lua/*.lua", 0, NULL,
	    &found), 0);
	libraries_prepare();
	for (i = 0; i < found.gl_pathc; i++) {
		if (strstr(found.gl_pathv[i], "/check.lua") == NULL)
			failed += run_script(loop, found.gl_pathv[i]);
	}
	globfree(&found);
	loop_free(&loop);
	assert_int_equal(failed, 0);
}

/* ---- the tables as pages ------------------------------------------------ */

/* A macro of mdoc(7) inside a line is text to it. */
static void
check_page(const char *of, const char *name, const char *text)
{
	const char *p;

	if (text == NULL || *text == '\0')
		fail_msg("%s: %s has no text", of, name);
	for (p = text; *p != '\0'; p++) {
		if (p[0] == ' ' && p[1] == '.' && p[2] >= 'A' && p[2] <= 'Z')
			fail_msg("%s: %s: a macro is not at the begin of its "
			    "line: %.40s", of, name, p);
		if (p[0] == '.' && (p == text || p[-1] == '\n') && (p[1] <
		    'A' || p[1] > 'Z'))
			fail_msg("%s: %s: a line begins with a dot: %.40s",
			    of, name, p);
	}
}

static void
check_functions(const char *of, const struct library_function *f)
{
	for (; f != NULL && f->name != NULL; f++) {
		if (f->args != NULL)
			check_page(of, f->name, f->text);
	}
}

static void
pages(void **state)
{
	const struct library_type *const *type;
	const struct library_field *f;
	size_t i;

	(void)state;
	for (i = 0; libraries[i] != NULL; i++) {
		check_page(libraries[i]->name, "about", libraries[i]->about);
		check_functions(libraries[i]->name, libraries[i]->functions);
		for (type = libraries[i]->types; type != NULL && *type != NULL;
		    type++) {
			check_page((*type)->name, "about", (*type)->about);
			check_functions((*type)->name, (*type)->methods);
			for (f = (*type)->fields; f != NULL && f->name != NULL;
			    f++)
				check_page((*type)->name, f->name, f->text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
