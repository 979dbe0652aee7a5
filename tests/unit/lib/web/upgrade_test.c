/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/web/upgrade.h"
#include "lib/web/url.h"

/* The key and its answer are those of RFC 6455 section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define GOOD "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
	"Connection: keep-alive, upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static const struct {
	const char *text;
	enum parse parse;
	const char *why; /* of reading or of judging */
	size_t n_fields;
} heads[] = {
	{ GOOD ACCEPT "\r\n\x81\x00", PARSE_DONE, NULL, 3 },
	{ "HTTP/1.1 101\nupgrade: WebSocket\nCONNECTION: Upgrade\n" ACCEPT
	    "\n", PARSE_DONE, NULL, 3 },
	{ "", PARSE_MORE, NULL, 0 },
	{ "HTTP/1.1 10", PARSE_MORE, NULL, 0 },
	{ GOOD ACCEPT "\r", PARSE_MORE, NULL, 0 },
	{ GOOD "\r\n", PARSE_DONE, "does not speak WebSocket", 2 },
	{ GOOD "Sec-WebSocket-Accept: x\r\n\r\n", PARSE_DONE,
	    "does not speak WebSocket", 3 },
	{ GOOD ACCEPT "Sec-WebSocket-Accept: x\r\n\r\n", PARSE_DONE,
	    "does not speak WebSocket", 4 },
	{ "HTTP/1.1 101 x\r\n" ACCEPT "Upgrade: websocket\r\n\r\n",
	    PARSE_DONE, "does not speak WebSocket", 2 },
	{ "HTTP/1.1 101 x\r\n" ACCEPT "Upgrade: h2c\r\nConnection: upgrade"
	    "\r\n\r\n", PARSE_DONE, "does not speak WebSocket", 3 },
	{ GOOD ACCEPT "Sec-WebSocket-Protocol: x\r\n\r\n", PARSE_DONE,
	    "was not offered", 4 },
	{ GOOD ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	    PARSE_DONE, "was not offered", 4 },
	{ "HTTP/1.1 200 OK\r\n\r\n", PARSE_DONE, "does not open", 0 },
	{ "HTTP/2 200\r\n\r\n", PARSE_BAD, "does not speak HTTP/1.1", 0 },
	{ "HTTP/1.1 99 x\r\n\r\n", PARSE_BAD, "does not speak HTTP", 0 },
	{ "HTTP/1.1 1010 x\r\n\r\n", PARSE_BAD, "does not speak HTTP", 0 },
	{ "HTTP/1.1 +01 x\r\n\r\n", PARSE_BAD, "does not speak HTTP", 0 },
	{ "SSH-2.0-x\r\n", PARSE_BAD, "does not speak HTTP/1.1", 0 },
	{ "HTTP/1.1 200 OK\r\nno field\r\n\r\n", PARSE_BAD, "no field", 0 },
	{ "HTTP/1.1 200 OK\r\na b: c\r\n\r\n", PARSE_BAD, "no field", 0 },
	{ "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n", PARSE_BAD, "no field", 0 },
	{ "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", PARSE_BAD,
	    "no field", 0 },
};

static void
heads_test(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(heads); i++) {
		struct arena a = { .blocks = NULL };
		struct upgrade u;
		const char *why;

		check_int(heads[i].text, upgrade_read(span_of(heads[i].text),
		    &a, &u, &why), heads[i].parse);
		if (heads[i].parse == PARSE_DONE) {
			check_int(heads[i].text, u.n_fields,
			    heads[i].n_fields);
			why = upgrade_refusal(&u, KEY);
		}
		if ((why == NULL) != (heads[i].why == NULL) ||
		    (why != NULL && strstr(why, heads[i].why) == NULL))
			fail_msg("%s: got %s, want %s", heads[i].text, why,
			    heads[i].why);
		arena_free(&a);
	}
}

static void
limits_test(void **state)
{
	struct buf b = { .base = NULL };
	struct arena a = { .blocks = NULL };
	struct upgrade u;
	const char *why;
	size_t i;

	(void)state;
	buf_add_str(&b, "HTTP/1.1 200 OK\r\nx: ");
	for (i = 0; i < UPGRADE_HEAD_MAX; i++)
		buf_add_byte(&b, 'x');
	check_int("long", upgrade_read(buf_span(&b), &a, &u, &why),
	    PARSE_BAD);
	check_str("long", why, "the head of its answer is too large");
	buf_clear(&b, 0);
	buf_add_str(&b, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i <= UPGRADE_FIELDS_MAX; i++)
		buf_add_str(&b, "x: y\r\n");
	check_int("many", upgrade_read(buf_span(&b), &a, &u, &why),
	    PARSE_BAD);
	check_str("many", why, "its answer has too many fields");
	buf_free(&b);
	arena_free(&a);
}

static void
request_test(void **state)
{
	char one[UPGRADE_KEY + 1], two[UPGRADE_KEY + 1];
	struct arena a = { .blocks = NULL };
	struct buf b = { .base = NULL };
	struct url u;
	const char *why;

	(void)state;
	upgrade_key(one);
	upgrade_key(two);
	check_int("key", strlen(one), UPGRADE_KEY);
	assert_string_not_equal(one, two);
	check_int("url", url_parse(SPAN_LIT("wss://h:8443/a b?c#d"), &a, &u,
	    &why), 0);
	upgrade_put(&b, &u, KEY, SPAN_LIT("Basic x"));
	check_span("request", buf_span(&b), SPAN_LIT(
	    "GET /a%20b?c HTTP/1.1\r\nHost: h:8443\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\nAuthorization: Basic x\r\n\r\n"));
	buf_free(&b);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_test),
		cmocka_unit_test(limits_test),
		cmocka_unit_test(request_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
