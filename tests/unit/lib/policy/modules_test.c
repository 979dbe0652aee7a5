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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
