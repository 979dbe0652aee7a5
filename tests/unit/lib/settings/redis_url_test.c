/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdlib.h>

#include "lib/settings/redis_url.h"

static const struct {
	const char *text;
	const char *host; /* NULL: refused */
	unsigned port;
	const char *user, *password;
	unsigned db;
	bool tls, verify;
} rows[] = {
	{ "redis://127.0.0.1/", "127.0.0.1", 6379, NULL, NULL, 0, 0, 1 },
	{ "redis://h", "h", 6379, NULL, NULL, 0, 0, 1 },
	{ "REDIS://h:1", "h", 1, NULL, NULL, 0, 0, 1 },
	{ "redis://[::1]:7/3", "::1", 7, NULL, NULL, 3, 0, 1 },
	{ "redis://:pw@h", "h", 6379, NULL, "pw", 0, 0, 1 },
	{ "redis://u:p%40w@h/1", "h", 6379, "u", "p@w", 1, 0, 1 },
	{ "redis://u:p@w@h", "h", 6379, "u", "p@w", 0, 0, 1 },
	{ "redis://u@h", "h", 6379, "u", NULL, 0, 0, 1 },
	{ "rediss://h:9", "h", 9, NULL, NULL, 0, 1, 1 },
	{ "rediss://h/#insecure", "h", 6379, NULL, NULL, 0, 1, 0 },
	{ "redis://h/?protocol=resp2", "h", 6379, NULL, NULL, 0, 0, 1 },
	{ "redis://h/1?protocol=resp3", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h/#insecure", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "rediss://h/#other", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h/x", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h/65536", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h:0", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h:65536", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://h:", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://a b", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://[1.2.3.4]", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://[::1", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://[::1]x", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://u:p%4@h", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://u:p%@h", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://u:p%00@h", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "redis://u:p%zz@h", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "unix:///tmp/s", NULL, 0, NULL, NULL, 0, 0, 0 },
	{ "", NULL, 0, NULL, NULL, 0, 0, 0 },
};

static void
urls(void **state)
{
	struct redis_url u;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const char *row = rows[i].text;
		int status = redis_url_parse(span_of(row), &u, &why);

		check_int(row, status, rows[i].host == NULL ? -1 : 0);
		if (status == -1) {
			check_int(row, why != NULL, 1);
			continue;
		}
		check_str(row, u.host, rows[i].host);
		check_int(row, u.port, rows[i].port);
		check_str(row, u.user, rows[i].user);
		check_str(row, u.password, rows[i].password);
		check_int(row, u.db, rows[i].db);
		check_int(row, u.tls, rows[i].tls);
		check_int(row, u.verify, rows[i].verify);
		redis_url_free(&u);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(urls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
