/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/base/wire.h"
#include "lib/io/tls_server.h"
#include "lib/mail/envelope.h"
#include "lib/settings/option.h"
#include "smtpd/facts.h"

/* "key=value" of all pairs, in order, with spaces between. */
static void
expect(const struct buf *pairs, const char *want)
{
	struct buf got = { 0 };
	struct span k, v;
	struct reader r;

	reader_init(&r, buf_span(pairs));
	while (pairs_next(&r, &k, &v))
		buf_addf(&got, "%.*s=%.*s ", SPAN_FMT(k), SPAN_FMT(v));
	buf_add_byte(&got, '\0');
	assert_string_equal((char *)buf_data(&got), want);
	buf_free(&got);
}

static void
test_set(void **state)
{
	struct buf pairs = { 0 };

	(void)state;
	facts_set(&pairs, "a", SPAN_LIT("1"));
	facts_set_text(&pairs, "b", SPAN_LIT("q\"\n"));
	expect(&pairs, "a=1 b=\"q\\\"\\n\" ");
	facts_set(&pairs, "a", SPAN_LIT("[2]"));
	expect(&pairs, "b=\"q\\\"\\n\" a=[2] ");
	facts_set(&pairs, "b", SPAN_LIT("null"));
	facts_set(&pairs, "none", SPAN_LIT("null"));
	expect(&pairs, "a=[2] ");
	buf_free(&pairs);
}

static void
test_connection(void **state)
{
	struct meta_pair own[] = { { (char *)"x_a", (char *)"{\"k\":1}" },
		{ (char *)"hostname", (char *)"\"forged\"" } };
	struct metas metas = { own, 2 };
	struct ip peer, local, raw;
	struct facts_start m = { .own = &metas, .hostname = SPAN_LIT("mx"),
		.peer = &peer, .local = &local, .raw_peer = &peer,
		.raw_local = &local };
	struct span subject[] = { SPAN_LIT("C=US"), SPAN_LIT("CN=h") };
	struct tls_facts tls = { SPAN_LIT("AES"), SPAN_LIT("TLSv1.3"), subject,
		2 };
	struct buf pairs = { 0 };

	(void)state;
	assert_int_equal(ip_port_parse(SPAN_LIT("192.0.2.1:1025"), &peer), 0);
	assert_int_equal(ip_port_parse(SPAN_LIT("[::1]:25"), &local), 0);
	facts_connection(&pairs, &m);
	expect(&pairs, "x_a={\"k\":1} reception_protocol=\"ESMTP\" "
	    "received_via=\"[::1]:25\" received_from=\"192.0.2.1:1025\" "
	    "hostname=\"mx\" ");
	buf_clear(&pairs, 0);
	raw = peer;
	raw.port = 7;
	m.raw_peer = &raw;
	facts_connection(&pairs, &m);
	facts_tls(&pairs, &tls);
	expect(&pairs, "x_a={\"k\":1} reception_protocol=\"ESMTP\" "
	    "received_via=\"[::1]:25\" received_from=\"192.0.2.1:1025\" "
	    "orig_received_from=\"192.0.2.1:7\" hostname=\"mx\" "
	    "tls_cipher=\"AES\" tls_protocol_version=\"TLSv1.3\" "
	    "tls_peer_subject_name=[\"C=US\",\"CN=h\"] ");
	buf_free(&pairs);
}

/* The value of "k" as JSON, and its text; NULL: it is none. */
static const struct {
	const char *json, *want;
} texts[] = {
	{ "\"\"", "" },
	{ "\"abc\"", "abc" },
	{ "\"a\\\"\\\\\\/\\n\"", "a\"\\/\n" },
	{ "\"\\u00e9\\u20ac\"", "\xc3\xa9\xe2\x82\xac" },
	{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
	{ "\"\\ud83d\"", NULL },
	{ "\"\\ude00\"", NULL },
	{ "\"\\u12\"", NULL },
	{ "\"\\x\"", NULL },
	{ "\"a\\\"", NULL },
	{ "1", NULL },
	{ "\"", NULL },
	{ "[\"a\"]", NULL },
};

static void
test_text(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buf pairs = { 0 };
		struct arena a = { 0 };
		struct span got = { NULL, 0 };
		bool is;

		facts_set(&pairs, "k", span_of(texts[i].json));
		is = facts_text(buf_span(&pairs), "k", &a, &got);
		if (is != (texts[i].want != NULL) ||
		    (is && !span_eq_str(got, texts[i].want)))
			fprintf(stderr, "%s: got %d \"%.*s\"\n", texts[i].json,
			    is, SPAN_FMT(got));
		assert_int_equal(is, texts[i].want != NULL);
		if (is)
			assert_true(span_eq_str(got, texts[i].want));
		arena_free(&a);
		buf_free(&pairs);
	}
}

static const struct {
	const char *queue, *campaign, *tenant, *routing;
	const char *want; /* NULL: refused */
} queues[] = {
	{ NULL, NULL, NULL, NULL, "d.test" },
	{ NULL, NULL, "t", NULL, "t@d.test" },
	{ NULL, "c", NULL, NULL, "c:@d.test" },
	{ NULL, "c", "t", "r.test", "c:t@d.test!r.test" },
	{ NULL, NULL, NULL, "r.test:26", "d.test!r.test:26" },
	{ "a:b@other.test", "c", "t", "r", "a:b@other.test" },
	{ "null", NULL, NULL, NULL, "null" },
	{ "x@", NULL, NULL, NULL, NULL },
	{ "a\nb", NULL, NULL, NULL, NULL },
	{ NULL, NULL, "t\n", NULL, NULL },
};

static void
test_queue(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(queues) / sizeof(*queues); i++) {
		struct buf pairs = { 0 };
		struct arena a = { 0 };
		struct span got = { NULL, 0 };
		int rc;

		if (queues[i].queue != NULL)
			facts_set_text(&pairs, "queue",
			    span_of(queues[i].queue));
		if (queues[i].campaign != NULL)
			facts_set_text(&pairs, "campaign",
			    span_of(queues[i].campaign));
		if (queues[i].tenant != NULL)
			facts_set_text(&pairs, "tenant",
			    span_of(queues[i].tenant));
		if (queues[i].routing != NULL)
			facts_set_text(&pairs, "routing_domain",
			    span_of(queues[i].routing));
		rc = facts_queue(buf_span(&pairs), SPAN_LIT("d.test"), &a,
		    &got);
		if (rc != (queues[i].want != NULL ? 0 : -1) ||
		    (rc == 0 && !span_eq_str(got, queues[i].want)))
			fprintf(stderr, "row %zu: got %d \"%.*s\"\n", i, rc,
			    SPAN_FMT(got));
		assert_int_equal(rc, queues[i].want != NULL ? 0 : -1);
		if (rc == 0)
			assert_true(span_eq_str(got, queues[i].want));
		arena_free(&a);
		buf_free(&pairs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
