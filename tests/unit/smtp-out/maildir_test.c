/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/maildir.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

struct row {
	const char *template, *rcpt;
	int rc;
	const char *want;
	size_t fixed;
};

static const struct row rows[] = {
	{ "/m/all", "b@b.test", 0, "/m/all", 6 },
	{ "/m/{{ domain_part }}/{{local_part}}", "b@b.test", 0, "/m/b.test/b",
	    3 },
	{ "/m/x-{{ email }}", "b@b.test", 0, "/m/x-b@b.test", 3 },
	{ "/m/{{ local_part }}", "../../etc/x@b.test", 0,
	    "/m/%2E.%2F..%2Fetc%2Fx", 3 },
	{ "/m/{{ local_part }}", ".@b.test", 0, "/m/%2E", 3 },
	{ "/m/{{ local_part }}", "a%2Fb@b.test", 0, "/m/a%252Fb", 3 },
	{ "/m/{{ tenant }}/{{ campaign }}/{{ domain }}/{{ routing_domain }}",
	    "b@b.test", 0, "/m/ten/camp/dom.test/route.test", 3 },
	{ "/m/{{ sender_local_part }}@{{ sender_domain_part }}", "b@b.test", 0,
	    "/m/from@a.test", 3 },
	{ "/m/{{ meta.box }}/{{ meta['box'] }}/{{ meta[\"n\"] }}", "b@b.test",
	    0, "/m/inbox/inbox/7", 3 },
	{ "/m/{{ meta.absent }}", "b@b.test", 0, "/m/", 3 },
	{ "/m/{{ meta.list }}", "b@b.test", -1, NULL, 0 },
	{ "/m/{{ local_part | upper }}", "b@b.test", -1, NULL, 0 },
	{ "/m/{{ local_part", "b@b.test", -1, NULL, 0 },
	{ "m/{{ local_part }}", "b@b.test", -1, NULL, 0 },
	{ "{{ local_part }}", "/etc@b.test", -1, NULL, 0 },
};

static void
test_paths(void **state)
{
	struct pairs_writer meta = { 0 };
	struct envelope env = { .sender = SPAN_LIT("from@a.test"),
		.queue = SPAN_LIT("camp:ten@dom.test!route.test") };
	size_t i;

	(void)state;
	pairs_add(&meta, SPAN_LIT("box"), SPAN_LIT("\"inbox\""));
	pairs_add(&meta, SPAN_LIT("n"), SPAN_LIT("7"));
	pairs_add(&meta, SPAN_LIT("list"), SPAN_LIT("[1]"));
	env.meta = pairs_span(&meta);
	for (i = 0; i < COUNT(rows); i++) {
		struct buf out = { 0 };
		const char *why;
		size_t fixed;

		check_int(rows[i].template, maildir_path(
		    span_of(rows[i].template), &env, span_of(rows[i].rcpt),
		    &out, &fixed, &why), rows[i].rc);
		if (rows[i].rc == 0) {
			check_span(rows[i].template, buf_span(&out),
			    span_of(rows[i].want));
			check_int(rows[i].template, fixed, rows[i].fixed);
		}
		buf_free(&out);
	}
	pairs_free(&meta);
}

/* Below the operator's part no symbolic link is followed. */
static void
test_symlink(void **state)
{
	char base[] = "/tmp/ekiden-maildir-XXXXXX", path[128], cmd[512];
	struct maildir_file f = { .dir_mode = 0750, .file_mode = -1,
		.name = SPAN_LIT("1.M2P3Q4.host"), .body = SPAN_LIT("hi") };
	const char *why = NULL;

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/bob", base);
	assert_int_equal(symlink("/tmp", path), 0);
	f.path = span_of(path);
	f.fixed = strlen(base) + 1;
	assert_int_equal(maildir_write(&f, &why), -1);
	assert_non_null(why);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(maildir_write(&f, &why), 0);
	snprintf(cmd, sizeof(cmd), "test \"$(cat %s/new/*)\" = hi && "
	    "test \"$(stat -c %%a %s)\" = 750 && rm -rf %s", path, path, base);
	assert_int_equal(system(cmd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_symlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
