/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/record_json.h"

#include <jansson.h>
#include <stdio.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "tests/support/check.h"

static const struct uuid node = { { 0xaa, [15] = 0xbb } };

/* What operators' tools find in every record, and its JSON type. */
static const struct {
	const char *name;
	char type; /* s: text, i: number, o: object, n: text or null */
} always[] = {
	{ "type", 's' }, { "id", 's' }, { "sender", 's' },
	{ "recipient", 's' }, { "queue", 's' }, { "site", 's' },
	{ "size", 'i' }, { "response", 'o' }, { "timestamp", 'i' },
	{ "event_time", 's' }, { "created", 'i' }, { "created_time", 's' },
	{ "num_attempts", 'i' }, { "bounce_classification", 's' },
	{ "meta", 'o' }, { "reception_protocol", 'n' }, { "nodeid", 's' },
	{ "egress_pool", 'n' }, { "egress_source", 'n' },
	{ "delivery_protocol", 'n' },
};

static json_t *
as_json(const struct log_entry *e, const struct local_logs *opts)
{
	struct buf out = { 0 };
	json_error_t err;
	json_t *root;

	log_entry_json(&out, e, opts, &node);
	check_int("one line", span_find(buf_span(&out), '\n'),
	    buf_len(&out) - 1);
	root = json_loadb((char *)buf_data(&out), buf_len(&out),
	    JSON_REJECT_DUPLICATES, &err);
	if (root == NULL)
		fail_msg("%s: %.*s", err.text, SPAN_FMT(buf_span(&out)));
	buf_free(&out);
	return root;
}

static void
check_type(const char *row, const json_t *v, char type)
{
	bool good = false;

	switch (type) {
	case 's':
		good = json_is_string(v);
		break;
	case 'i':
		good = json_is_integer(v);
		break;
	case 'o':
		good = json_is_object(v);
		break;
	case 'n':
		good = json_is_string(v) || json_is_null(v);
		break;
	}
	if (!good)
		fail_msg("%s has another type than '%c'", row, type);
}

/* Every type of record, with nothing in it: the fields are there. */
static void
has_what_is_always_there(void **state)
{
	struct local_logs opts;
	struct log_entry e = { .attempts = 0 };
	json_t *root, *response;
	size_t i;
	int type;

	(void)state;
	local_logs_defaults(&opts);
	for (type = 0; type < RECORD_TYPES; type++) {
		e.record.type = (enum record_type)type;
		root = as_json(&e, &opts);
		for (i = 0; i < COUNT(always); i++)
			check_type(always[i].name,
			    json_object_get(root, always[i].name),
			    always[i].type);
		check_str("type", json_string_value(json_object_get(root,
		    "type")), record_type_name((enum record_type)type));
		check_int("headers", json_is_object(json_object_get(root,
		    "headers")), type != RECORD_REJECTION);
		response = json_object_get(root, "response");
		check_type("code", json_object_get(response, "code"), 'i');
		check_type("content", json_object_get(response, "content"),
		    's');
		check_type("command", json_object_get(response, "command"),
		    'n');
		assert_true(json_is_null(json_object_get(response,
		    "enhanced_code")));
		assert_true(json_is_null(json_object_get(root,
		    "peer_address")));
		assert_null(json_object_get(root, "session_id"));
		assert_null(json_object_get(root, "tls_cipher"));
		assert_null(json_object_get(root, "provider_name"));
		json_decref(root);
	}
	local_logs_free(&opts);
}

static const char *
text_at(const json_t *root, const char *outer, const char *name)
{
	const char *s = json_string_value(json_object_get(outer != NULL ?
	    json_object_get(root, outer) : root, name));

	return s != NULL ? s : "(none)";
}

static const struct {
	const char *outer, *name, *want;
} full_texts[] = {
	{ NULL, "id", "00000000000000000000000000000009" },
	{ NULL, "sender", "a@x" },
	{ NULL, "recipient", "r@y" },
	{ NULL, "queue", "c:t@y" },
	{ NULL, "site", "s->y@smtp_client" },
	{ "response", "content", "OK \xef\xbf\xbd\n\"" },
	{ "response", "command", "." },
	{ "peer_address", "name", "mx.y" },
	{ "peer_address", "addr", "192.0.2.1" },
	{ "source_address", "address", "192.0.2.9:1025" },
	{ NULL, "egress_pool", "pool" },
	{ NULL, "egress_source", "s" },
	{ NULL, "delivery_protocol", "ESMTP" },
	{ NULL, "reception_protocol", "ESMTP" },
	{ NULL, "provider_name", "prov" },
	{ NULL, "tls_cipher", "TLS_AES_256_GCM_SHA384" },
	{ NULL, "tls_protocol_version", "TLSv1.3" },
	{ NULL, "nodeid", "aa000000-0000-0000-0000-0000000000bb" },
	{ NULL, "session_id", "07000000-0000-0000-0000-000000000000" },
	{ NULL, "event_time", "2026-11-22T15:43:59.123456Z" },
	{ NULL, "created_time", "2026-11-22T15:43:58.000000Z" },
	{ "meta", "tenant", "acme" },
	{ "meta", "x_one", "1" },
	{ "headers", "Subject", "s" },
};

static void
add_pair(struct pairs_writer *w, const char *key, const char *value)
{
	pairs_add(w, span_of(key), span_of(value));
}

/* Through the journal's bytes, with every field set. */
static void
has_all_it_was_told(void **state)
{
	struct span rcpt = SPAN_LIT("r@y"), subject = SPAN_LIT("CN=mx.y");
	struct pairs_writer meta = { .n = 0 }, headers = { .n = 0 };
	struct buf record = { 0 }, envelope = { 0 };
	struct arena a = { 0 };
	struct local_logs opts;
	struct log_entry e;
	json_t *root, *v;
	size_t i;

	(void)state;
	add_pair(&meta, "reception_protocol", "\"ESMTP\"");
	add_pair(&meta, "tenant", "\"acme\"");
	add_pair(&meta, "hidden", "\"no\"");
	add_pair(&meta, "x_one", "\"1\"");
	add_pair(&meta, "x_list", "[1,{\"a\":null}]");
	add_pair(&meta, "x_none", "null");
	add_pair(&headers, "Subject", "s");
	add_pair(&headers, "Received", "not asked for");
	add_pair(&headers, "X-Two", "1");
	add_pair(&headers, "x-two", "2");
	envelope_put(&envelope, &(struct envelope){ .id = { { [15] = 9 } },
	    .created_us = INT64_C(1795362238000000), .sender = SPAN_LIT("a@x"),
	    .rcpts = &rcpt, .n_rcpts = 1, .queue = SPAN_LIT("c:t@y"),
	    .meta = pairs_span(&meta), .headers = pairs_span(&headers),
	    .prefix = SPAN_LIT("12345"), .body_size = 1000 });
	record_put(&record, &(struct record){ .type = RECORD_DELIVERY,
	    .time_us = INT64_C(1795362239123456), .code = 250,
	    .has_enhanced = true, .enh_class = 2, .enh_subject = 0,
	    .enh_detail = 999, .content = SPAN_LIT("OK \xff\n\""),
	    .command = SPAN_LIT("."), .peer_name = SPAN_LIT("mx.y"),
	    .peer_addr = SPAN_LIT("192.0.2.1"), .peer_is_secure = true,
	    .site = SPAN_LIT("s->y@smtp_client"), .pool = SPAN_LIT("pool"),
	    .source = SPAN_LIT("s"),
	    .source_address = SPAN_LIT("192.0.2.9:1025"),
	    .delivery_protocol = SPAN_LIT("ESMTP"),
	    .provider = SPAN_LIT("prov"),
	    .tls_cipher = SPAN_LIT("TLS_AES_256_GCM_SHA384"),
	    .tls_version = SPAN_LIT("TLSv1.3"), .tls_subject = &subject,
	    .n_tls_subject = 1, .session = { { 7 } } });
	local_logs_defaults(&opts);
	opts.meta.n = 2;
	opts.meta.v = xcalloc(2, sizeof(*opts.meta.v));
	opts.meta.v[0] = xstrdup("tenant");
	opts.meta.v[1] = xstrdup("x_*");
	opts.headers.n = 2;
	opts.headers.v = xcalloc(2, sizeof(*opts.headers.v));
	opts.headers.v[0] = xstrdup("subject");
	opts.headers.v[1] = xstrdup("X-*");
	assert_true(log_entry_get(&e, buf_span(&record), buf_span(&envelope),
	    3, &a));
	root = as_json(&e, &opts);
	for (i = 0; i < COUNT(full_texts); i++)
		check_str(full_texts[i].name, text_at(root,
		    full_texts[i].outer, full_texts[i].name),
		    full_texts[i].want);
	check_int("size", json_integer_value(json_object_get(root, "size")),
	    1005);
	check_int("attempts", json_integer_value(json_object_get(root,
	    "num_attempts")), 3);
	check_int("timestamp", json_integer_value(json_object_get(root,
	    "timestamp")), 1795362239);
	v = json_object_get(json_object_get(root, "response"),
	    "enhanced_code");
	check_int("detail", json_integer_value(json_object_get(v, "detail")),
	    999);
	assert_true(json_is_true(json_object_get(json_object_get(root,
	    "peer_address"), "is_secure")));
	v = json_object_get(root, "meta");
	check_int("meta", json_object_size(v), 3);
	check_int("x_list", json_array_size(json_object_get(v, "x_list")), 2);
	v = json_object_get(root, "headers");
	check_int("headers", json_object_size(v), 2);
	check_int("X-Two", json_array_size(json_object_get(v, "X-Two")), 2);
	json_decref(root);
	local_logs_free(&opts);
	pairs_free(&meta);
	pairs_free(&headers);
	buf_free(&record);
	buf_free(&envelope);
	arena_free(&a);
}

static const char *const no_json[] = { "", "ESMTP", "\"a\"}\n{\"type\":1",
	"1,\"id\":\"forged\"", "\"\n\"", "{\"a\":1", "\xff" };

/* Metadata that is not JSON ends neither its object nor the line. */
static void
keeps_its_shape(void **state)
{
	struct pairs_writer meta;
	struct log_entry e = { .attempts = 0 };
	struct local_logs opts;
	json_t *root, *v;
	size_t i;

	(void)state;
	local_logs_defaults(&opts);
	opts.meta.n = 1;
	opts.meta.v = xcalloc(1, sizeof(*opts.meta.v));
	opts.meta.v[0] = xstrdup("*");
	for (i = 0; i < COUNT(no_json); i++) {
		meta = (struct pairs_writer){ .n = 0 };
		add_pair(&meta, "reception_protocol", no_json[i]);
		add_pair(&meta, "m", no_json[i]);
		e.envelope.meta = pairs_span(&meta);
		root = as_json(&e, &opts);
		assert_true(json_is_string(json_object_get(root,
		    "reception_protocol")));
		v = json_object_get(root, "meta");
		check_int(no_json[i], json_object_size(v), 2);
		assert_true(json_is_string(json_object_get(v, "m")));
		json_decref(root);
		pairs_free(&meta);
	}
	local_logs_free(&opts);
}

/* A message of nothing but header fields, all with names of their own. */
static void
many_headers_take_no_time(void **state)
{
	struct pairs_writer headers = { .n = 0 };
	struct log_entry e = { .attempts = 0 };
	struct local_logs opts;
	int64_t start;
	json_t *root;
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < 60000; i++) {
		snprintf(name, sizeof(name), "X-%d", i % 50000);
		add_pair(&headers, name, "v");
	}
	e.envelope.headers = pairs_span(&headers);
	local_logs_defaults(&opts);
	opts.headers.n = 1;
	opts.headers.v = xcalloc(1, sizeof(*opts.headers.v));
	opts.headers.v[0] = xstrdup("*");
	start = clock_mono_ms();
	root = as_json(&e, &opts);
	if (clock_mono_ms() - start > 2000)
		fail_msg("took %lld ms", (long long)(clock_mono_ms() - start));
	check_int("names", json_object_size(json_object_get(root, "headers")),
	    50000);
	json_decref(root);
	local_logs_free(&opts);
	pairs_free(&headers);
}

static void
several_recipients(void **state)
{
	struct span rcpts[] = { SPAN_LIT("a@x"), SPAN_LIT("b@x") };
	struct log_entry e = { .envelope = { .rcpts = rcpts, .n_rcpts = 2 } };
	struct local_logs opts;
	json_t *root;

	(void)state;
	local_logs_defaults(&opts);
	root = as_json(&e, &opts);
	check_int("all", json_array_size(json_object_get(root, "recipient")),
	    2);
	json_decref(root);
	e.record.rcpts = rcpts + 1;
	e.record.n_rcpts = 1;
	root = as_json(&e, &opts);
	check_str("those concerned", text_at(root, NULL, "recipient"), "b@x");
	json_decref(root);
	local_logs_free(&opts);
}

static void
damage_is_noticed(void **state)
{
	struct buf record = { 0 }, envelope = { 0 };
	struct arena a = { 0 };
	struct log_entry e;

	(void)state;
	record_put(&record, &(struct record){ .code = 1 });
	envelope_put(&envelope, &(struct envelope){ .flags = 0 });
	assert_true(log_entry_get(&e, buf_span(&record), buf_span(&envelope),
	    0, &a));
	assert_false(log_entry_get(&e, SPAN_LIT(""), buf_span(&envelope), 0,
	    &a));
	assert_false(log_entry_get(&e, buf_span(&record), SPAN_LIT(""), 0,
	    &a));
	put_u8(&record, 0);
	assert_false(log_entry_get(&e, buf_span(&record), buf_span(&envelope),
	    0, &a));
	buf_free(&record);
	buf_free(&envelope);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_is_always_there),
		cmocka_unit_test(has_all_it_was_told),
		cmocka_unit_test(keeps_its_shape),
		cmocka_unit_test(many_headers_take_no_time),
		cmocka_unit_test(several_recipients),
		cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
