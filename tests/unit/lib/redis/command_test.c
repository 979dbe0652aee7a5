/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdlib.h>

#include "lib/redis/command.h"
#include "lib/redis/script.h"

static const struct {
	const char *words[8];
	size_t key;
	unsigned flags;
} commands[] = {
	{ { "get", "k" }, 1, REDIS_READS },
	{ { "Set", "k", "v" }, 1, 0 },
	{ { "PING" }, 0, REDIS_KEYLESS },
	{ { "EVAL", "return 1", "0" }, 0, REDIS_KEYLESS },
	{ { "EVALSHA", "x", "2", "a", "b" }, 3, 0 },
	{ { "EVALSHA", "x", "2" }, 0, REDIS_KEYLESS },
	{ { "ZUNION", "2", "a", "b" }, 2, REDIS_READS },
	{ { "ZUNION", "x", "a", "b" }, 0, REDIS_READS | REDIS_KEYLESS },
	{ { "BLMPOP", "0", "1", "k", "LEFT" }, 3, REDIS_WAITS },
	{ { "BLPOP", "k", "0" }, 1, REDIS_WAITS },
	{ { "XREAD", "COUNT", "1", "streams", "k", "0" }, 4,
	    REDIS_READS | REDIS_WAITS },
	{ { "XREAD", "COUNT", "1" }, 0,
	    REDIS_READS | REDIS_WAITS | REDIS_KEYLESS },
	{ { "BITOP", "AND", "to", "a" }, 2, 0 },
	{ { "object", "encoding", "k" }, 2, REDIS_READS },
	{ { "MULTI" }, 0, REDIS_REFUSED | REDIS_KEYLESS },
	{ { "subscribe", "c" }, 0, REDIS_REFUSED | REDIS_KEYLESS },
	{ { "ZZZ", "k" }, 1, 0 },
	{ { "A.VERY.LONG.NAME.OF.A.COMMAND", "k" }, 1, 0 },
	{ { "ACL", "LIST" }, 0, REDIS_KEYLESS },
	{ { "MSET", "k", "v" }, 1, 0 },
};

static void
keys_and_flags(void **state)
{
	struct span words[8];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(commands); i++) {
		for (n = 0; n < 8 && commands[i].words[n] != NULL; n++)
			words[n] = span_of(commands[i].words[n]);
		check_int(commands[i].words[0], redis_command_key(words, n),
		    commands[i].key);
		check_int(commands[i].words[0], redis_command_flags(words, n),
		    commands[i].flags);
	}
}

/* Values of CLUSTER KEYSLOT of a server. */
static const struct {
	const char *key;
	unsigned slot;
} slots[] = {
	{ "", 0 },
	{ "123456789", 12739 },
	{ "foo", 12182 },
	{ "{foo}bar", 12182 },
	{ "x{foo}{bar}", 12182 },
	{ "{}foo", 9500 },
	{ "foo{", 7673 },
};

static void
slot_of_key(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(slots); i++)
		check_int(slots[i].key, redis_slot(span_of(slots[i].key)),
		    slots[i].slot);
}

static const struct {
	const char *text;
	bool is;
	bool ask;
	unsigned slot;
	const char *host;
	unsigned port;
} redirects[] = {
	{ "MOVED 3999 127.0.0.1:6381", true, false, 3999, "127.0.0.1", 6381 },
	{ "ASK 0 ::1:1", true, true, 0, "::1", 1 },
	{ "MOVED 1 :6381", true, false, 1, "", 6381 },
	{ "MOVED 16384 h:1", false, false, 0, NULL, 0 },
	{ "MOVED 1 h:0", false, false, 0, NULL, 0 },
	{ "MOVED 1 h", false, false, 0, NULL, 0 },
	{ "MOVED 1", false, false, 0, NULL, 0 },
	{ "MOVED", false, false, 0, NULL, 0 },
	{ "ERR MOVED 1 h:1", false, false, 0, NULL, 0 },
	{ "", false, false, 0, NULL, 0 },
};

static void
redirections(void **state)
{
	struct redis_redirect r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(redirects); i++) {
		const char *row = redirects[i].text;

		check_int(row, redis_redirect_read(span_of(row), &r),
		    redirects[i].is);
		if (!redirects[i].is)
			continue;
		check_int(row, r.ask, redirects[i].ask);
		check_int(row, r.slot, redirects[i].slot);
		check_span(row, r.host, span_of(redirects[i].host));
		check_int(row, r.port, redirects[i].port);
	}
}

static const struct {
	const char *error, *text;
} errors[] = {
	{ "ERR wrong", "ERR wrong" },
	{ "ERR unknown command 'X', with args beginning with: 'secret' ",
	    "ERR unknown command 'X'" },
	{ "ERR a\r\nb", "ERR a\\x0d\\x0ab" },
};

static void
error_texts(void **state)
{
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < COUNT(errors); i++) {
		text = redis_error_text(span_of(errors[i].error));
		check_str(errors[i].error, text, errors[i].text);
		free(text);
	}
}

static void
as_sent(void **state)
{
	const struct span words[] = { SPAN_LIT("SET"), SPAN_LIT("k\0k"),
	    SPAN_LIT("") };
	struct buf b = { .base = NULL };
	char sha1[REDIS_SHA1_SIZE];

	(void)state;
	redis_command_put(&b, words, 3);
	check_span("SET", buf_span(&b), SPAN_LIT(
	    "*3\r\n$3\r\nSET\r\n$3\r\nk\0k\r\n$0\r\n\r\n"));
	buf_free(&b);
	redis_script_sha1(SPAN_LIT("return 1"), sha1);
	check_str("sha1", sha1, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_flags),
		cmocka_unit_test(slot_of_key),
		cmocka_unit_test(redirections),
		cmocka_unit_test(error_texts),
		cmocka_unit_test(as_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
