/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/redis/reply.h"
#include "lib/redis/slots.h"

static const struct {
	const char *bytes;
	enum redis_read want;
	const char *json;  /* of the value */
	const char *error;
} rows[] = {
	{ "+OK\r\n", REDIS_READ_REPLY, "\"OK\"", NULL },
	{ ":-7\r\n", REDIS_READ_REPLY, "-7", NULL },
	{ "$-1\r\n", REDIS_READ_REPLY, "null", NULL },
	{ "*-1\r\n", REDIS_READ_REPLY, "null", NULL },
	{ "*0\r\n", REDIS_READ_REPLY, "[]", NULL },
	{ "$3\r\na\nb\r\n", REDIS_READ_REPLY, "\"a\\nb\"", NULL },
	{ "*3\r\n:1\r\n$-1\r\n*1\r\n+x\r\n", REDIS_READ_REPLY,
	    "[1,null,[\"x\"]]", NULL },
	{ "-ERR no\r\n", REDIS_READ_REPLY, NULL, "ERR no" },
	{ "*2\r\n-ERR one\r\n-ERR two\r\n", REDIS_READ_REPLY, NULL,
	    "ERR one" },
	{ "", REDIS_READ_MORE, NULL, NULL },
	{ "$5\r\nab", REDIS_READ_MORE, NULL, NULL },
	{ "*2\r\n:1\r\n", REDIS_READ_MORE, NULL, NULL },
	{ "HTTP/1.1 400 Bad\r\n", REDIS_READ_BAD, NULL, NULL },
	{ "$-2\r\n", REDIS_READ_BAD, NULL, NULL },
	{ "*2000000000\r\n", REDIS_READ_BAD, NULL, NULL },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
	    REDIS_READ_BAD, NULL, NULL },
};

static void
check_json(const char *row, const struct value *v, const char *want)
{
	struct buf b = { .base = NULL };
	struct jout j;

	jout_init(&j, &b);
	value_to_json(&j, v);
	check_span(row, buf_span(&b), span_of(want));
	buf_free(&b);
}

static void
check_row(size_t i, size_t step)
{
	struct redis_replies *r = redis_replies_new();
	enum redis_read got = REDIS_READ_MORE;
	struct span in = span_of(rows[i].bytes), part;
	const char *row = rows[i].bytes, *why;
	struct redis_reply reply = { NULL, NULL };

	do {
		part = span_make(in.p, in.len < step ? in.len : step);
		in = span_from(in, part.len);
		redis_replies_feed(r, part);
		got = redis_replies_next(r, &reply, &why);
	} while (got == REDIS_READ_MORE && in.len > 0);
	check_int(row, got, rows[i].want);
	check_int(row, why != NULL, got == REDIS_READ_BAD);
	if (rows[i].json != NULL)
		check_json(row, reply.value, rows[i].json);
	check_str(row, reply.error, rows[i].error);
	redis_reply_free(&reply);
	if (got == REDIS_READ_BAD) {
		redis_replies_feed(r, SPAN_LIT("+OK\r\n"));
		check_int(row, redis_replies_next(r, &reply, &why),
		    REDIS_READ_BAD);
	}
	redis_replies_free(&r);
}

static void
replies(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		for (step = 1; step < 64; step = step * 2 + 1)
			check_row(i, step);
	}
}

/* What never ends is cut off at the limit. */
static void
check_endless(const char *head, const char *item, size_t item_len)
{
	struct redis_replies *r = redis_replies_new();
	struct redis_reply reply;
	enum redis_read got;
	size_t fed = 0;
	const char *why;

	redis_replies_feed(r, span_of(head));
	while ((got = redis_replies_next(r, &reply, &why)) ==
	    REDIS_READ_MORE) {
		redis_replies_feed(r, span_make(item, item_len));
		fed += item_len;
		if (fed > (size_t)REDIS_REPLY_BYTES_MAX + 1024 * 1024)
			fail_msg("%s: %zu bytes are too many", head, fed);
	}
	check_int(head, got, REDIS_READ_BAD);
	redis_replies_free(&r);
}

static void
endless(void **state)
{
	static char block[65536];

	(void)state;
	memset(block, 'x', sizeof(block));
	check_endless("$1000000000\r\n", block, sizeof(block));
	check_endless("+", block, sizeof(block));
	check_endless("*200000\r\n", "*1\r\n:1\r\n", 8);
}

static void
slots_of_cluster(void **state)
{
	static const char text[] =
	    "*2\r\n"
	    "*4\r\n:0\r\n:8191\r\n*2\r\n$1\r\na\r\n:1\r\n*2\r\n$1\r\nb\r\n"
	    ":2\r\n"
	    "*3\r\n:8192\r\n:16383\r\n*2\r\n$0\r\n\r\n:3\r\n";
	struct redis_replies *r = redis_replies_new();
	struct redis_slots *s;
	struct redis_reply reply;
	const char *why;

	(void)state;
	redis_replies_feed(r, SPAN_LIT(text));
	check_int("slots", redis_replies_next(r, &reply, &why),
	    REDIS_READ_REPLY);
	s = redis_slots_read(reply.value, SPAN_LIT("me"));
	assert_non_null(s);
	check_int("shards", s->n_shards, 2);
	check_str("first", s->shards[s->of[8191] - 1].primary.host, "a");
	check_int("replicas", s->shards[0].n_replicas, 1);
	check_str("replica", s->shards[0].replicas[0].host, "b");
	check_str("second", s->shards[s->of[8192] - 1].primary.host, "me");
	redis_slots_move(s, 5, SPAN_LIT("new"), 9);
	check_str("moved", s->shards[s->of[5] - 1].primary.host, "new");
	check_int("others stay", s->of[6], s->of[0]);
	redis_slots_free(&s);
	redis_reply_free(&reply);
	redis_replies_free(&r);
}

static const char *const no_slots[] = {
	"*0\r\n", ":1\r\n", "*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n",
	"*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n+a\r\n:1\r\n",
	"*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n+a\r\n:1\r\n",
	"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n+a\r\n:0\r\n",
	"*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n+a\r\n",
};

static void
broken_slots(void **state)
{
	struct redis_reply reply;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(no_slots); i++) {
		struct redis_replies *r = redis_replies_new();

		redis_replies_feed(r, span_of(no_slots[i]));
		check_int(no_slots[i], redis_replies_next(r, &reply, &why),
		    REDIS_READ_REPLY);
		if (redis_slots_read(reply.value, SPAN_LIT("x")) != NULL)
			fail_msg("%s was taken for slots", no_slots[i]);
		redis_reply_free(&reply);
		redis_replies_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(endless),
		cmocka_unit_test(slots_of_cluster),
		cmocka_unit_test(broken_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
