/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every message body: written, read and written again it is the same bytes;
 * cut anywhere, or with a byte too many, it is refused.
 */
#include <stdlib.h>

#include "lib/ipc/control.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/lookup.h"
#include "lib/ipc/policy.h"
#include "lib/ipc/store.h"
#include "lib/ipc/tally.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/settings/key_list.h"
#include "tests/support/check.h"

static const struct uuid id1 = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16 } };
static const struct uuid id2 = { { 0xff, 0xfe, 0xfd } };
static const struct ip v4 = { .family = IP_V4, .port = 25,
	.b = { 192, 0, 2, 1 } };
static const struct ip v6 = { .family = IP_V6, .port = 587,
	.b = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

static struct sched_entry entries[] = {
	{ .due_ms = INT64_MIN, .attempts = 65535, .n_rcpts = 7,
	    .size = UINT64_C(1) << 40, .queue = SPAN_LIT("a:b@c!d") },
	{ .due_ms = 1, .queue = SPAN_LIT("") },
};
static struct span spans[] = { SPAN_LIT("a\0b"), SPAN_LIT(""), SPAN_LIT("c") };
static uint32_t numbers[] = { 0, UINT32_MAX, 5 };
static struct uuid ids[2];
static struct ip addrs[2];
static struct next_hop hosts[2];
static struct store_message messages[2];
static struct session_held held[2];
static struct journal_entry journal[] = {
	{ UINT64_MAX, 3, SPAN_LIT("record"), SPAN_LIT("envelope") },
	{ 1, 0, SPAN_LIT(""), SPAN_LIT("") },
};
static struct cursor_state cursors[] = {
	{ SPAN_LIT("/var/log/ekiden#0"), 12, SPAN_LIT("state") },
	{ SPAN_LIT(""), 0, SPAN_LIT("") },
};

static int
fill(void **state)
{
	size_t i;

	(void)state;
	ids[0] = id1;
	ids[1] = id2;
	addrs[0] = v4;
	addrs[1] = v6;
	entries[0].id = id1;
	hosts[0] = (struct next_hop){ SPAN_LIT("mx.example"), 10, v4, true,
		false };
	hosts[1] = (struct next_hop){ SPAN_LIT("/run/lmtp"), 0,
		{ .family = IP_NONE }, false, true };
	for (i = 0; i < 2; i++) {
		messages[i] = (struct store_message){ entries[i],
			SPAN_LIT("envelope"), SPAN_LIT("record") };
		held[i] = (struct session_held){ i + 1, SPAN_LIT("s->t@smtp"),
			ids, (uint32_t)(2 * i) };
	}
	return 0;
}

/* Reads one body from r and writes what it understood. */
#define BODY(name, type, value, get, put, done)                                \
	static void name##_write(struct buf *b)                                \
	{                                                                      \
		struct type v = value;                                         \
		put;                                                           \
	}                                                                      \
	static void name##_copy(struct reader *r, struct buf *b,               \
	    struct arena *a)                                                   \
	{                                                                      \
		struct type v;                                                 \
		(void)a;                                                       \
		memset(&v, 0x5a, sizeof(v));                                   \
		get;                                                           \
		if (reader_end(r))                                             \
			put;                                                   \
		done;                                                          \
	}
/* The usual shape, without and with lists in an arena. */
#define PLAIN(name, ...)                                                       \
	BODY(name, name, ((struct name){ __VA_ARGS__ }), name##_get(r, &v),    \
	    name##_put(b, &v), (void)0)
#define LISTS(name, ...)                                                       \
	BODY(name, name, ((struct name){ __VA_ARGS__ }), name##_get(r, &v, a), \
	    name##_put(b, &v), (void)0)

struct number {
	uint64_t v;
};

PLAIN(control_peer, ROLE_OUT, 3)
PLAIN(control_listener, 1024, TALLY_ROWS - 1)
PLAIN(control_keys, ROLE_OUT, 1 << 20)
PLAIN(control_setup, 1 << 30, UINT32_MAX)
PLAIN(control_bind, LISTENER_HTTP, 7, v6)
BODY(control_folder, control_folder,
    ((struct control_folder){ ROLE_LOGGER, (char []){ "/var/log/x" } }),
    control_folder_get(r, &v), control_folder_put(b, &v), free(v.path))
PLAIN(control_count, ROLE_SMTPD, 8)

static struct key_item key_items[] = {
	{ .name = (char []){ "/etc/a.pem" }, .where = (char []){ "f:1: x" },
	  .uses = TLS_PEM_CHAIN | TLS_PEM_KEY, .guess = true },
	{ .name = (char []){ "key_data:1" }, .where = (char []){ "" },
	  .known = true, .p = (uint8_t []){ "bytes" }, .len = 5 },
};
static struct key_pair key_pairs[] = { { 0, 1, (char []){ "f:2: y" } } };

BODY(key_list, key_list,
    ((struct key_list){ key_items, 2, key_pairs, 1 }),
    key_list_get(r, &v), key_list_put(b, &v), key_list_free(&v))

PLAIN(sched_entry, .id = id1, .due_ms = -1, .attempts = 2, .n_rcpts = 3,
    .size = 4, .queue = SPAN_LIT("q"))
LISTS(store, .deferred = true, .messages = messages, .n_messages = 2,
    .body_id = id2, .body_size = 3, .body = SPAN_LIT("a\0b"))
BODY(stored, number, { STORED_FAILED }, v.v = stored_get(r),
    stored_put(b, (enum stored_result)v.v), (void)0)
PLAIN(lone_record, SPAN_LIT("record"), SPAN_LIT("envelope"))
PLAIN(lookup, LOOKUP_THROTTLE, SPAN_LIT("value"))
PLAIN(lookup_answer, true, SPAN_LIT("error"), SPAN_LIT("value"))
BODY(health, number, { HEALTH_FAILED }, v.v = health_get(r),
    health_put(b, (enum health)v.v), (void)0)
LISTS(enqueued, .commit = 9, .more = true, .entries = entries, .n = 2)
PLAIN(enqueued_gap, 1, UINT64_MAX)
LISTS(settle, .id = id1, .action = SETTLE_SET_ASIDE, .due_ms = -3,
    .attempts = 4, .done = numbers, .n_done = 3, .of_rcpts = 5,
    .records = spans, .n_records = 3)
BODY(settled, number, { 77 }, v.v = settled_get(r), settled_put(b, v.v),
    (void)0)
PLAIN(sched_scan, .after = id1, .min_commit = 1, .max_commit = 2,
    .limit = STORE_SCAN_MAX)
LISTS(sched_slice, .snapshot = 5, .upto = id2, .more = true,
    .entries = entries, .n = 2)

PLAIN(journal_entry, 1, 2, SPAN_LIT("r"), SPAN_LIT("e"))
BODY(journal_grown, number, { 7 }, v.v = journal_grown_get(r),
    journal_grown_put(b, v.v), (void)0)
PLAIN(journal_read, 8, JOURNAL_READ_MAX)
LISTS(journal_part, .last = 3, .entries = journal, .n = 2)
PLAIN(cursor_state, SPAN_LIT("name"), 5, SPAN_LIT("state"))
LISTS(cursors, .v = cursors, .n = 2)

LISTS(session_open, .session = 1, .kind = DELIVER_MAILDIR,
    .ready_queue = SPAN_LIT("rq"), .domain = SPAN_LIT("d"),
    .path = SPAN_LIT("p"), .source = SPAN_LIT("s"), .protocol = SPAN_LIT("q"),
    .hosts = hosts, .n_hosts = 2, .keep_order = true, .tls_broken = true)
BODY(session_close, number, { 5 }, v.v = session_close_get(r),
    session_close_put(b, v.v), (void)0)
PLAIN(session_ended, 1, SESSION_END_UNPLUMBED, true, SPAN_LIT("why"))
LISTS(sessions_held, .v = held, .n = 2)
PLAIN(dispatch_fail, 1, id1, DISPATCH_NO_WORKER)
PLAIN(delivery_message, .session = 1, .attempts = 2, .pool = SPAN_LIT("p"),
    .envelope = SPAN_LIT("e"), .body_size = 4, .body = SPAN_LIT("body"))
LISTS(outcome, .session = 1, .id = id1, .result = OUTCOME_RETURNED,
    .done = numbers, .n_done = 3, .of_rcpts = 3, .records = spans,
    .n_records = 3)
BODY(outcome_kept, number, { 5 }, v.v = outcome_kept_get(r),
    outcome_kept_put(b, v.v), (void)0)

PLAIN(ask_queue, SPAN_LIT("d"), SPAN_LIT("t"), SPAN_LIT("c"), SPAN_LIT("r"))
PLAIN(ask_name, SPAN_LIT("name"))
PLAIN(ask_path, SPAN_LIT("d"), SPAN_LIT("s"), SPAN_LIT("site"))
PLAIN(settings_answer, true, SPAN_LIT(""), SPAN_LIT("settings"))
LISTS(ask_mx, .domain = SPAN_LIT("d:25"), .mx_list = spans, .n_mx_list = 3)
LISTS(mx_answer, .result = MX_NULL, .error = SPAN_LIT("e"),
    .site = SPAN_LIT("s"), .is_mx = true, .hosts = hosts, .n_hosts = 2,
    .ttl_ms = -1)
PLAIN(ask_host, SPAN_LIT("host"), true, false)
LISTS(host_answer, .ok = true, .error = SPAN_LIT(""), .is_secure = true,
    .addrs = addrs, .n = 2, .ttl_ms = 60000)

LISTS(envelope, .id = id1, .created_us = 5, .flags = ENVELOPE_FLAGS,
    .sender = SPAN_LIT("a@b"), .rcpts = spans, .n_rcpts = 3,
    .queue = SPAN_LIT("q"), .meta = SPAN_LIT("m"), .headers = SPAN_LIT("h"),
    .prefix = SPAN_LIT("p"), .body_id = id2, .body_size = 6)
LISTS(record, .type = RECORD_XFER_IN, .time_us = 5, .code = 550,
    .has_enhanced = true, .enh_class = 5, .enh_subject = 1, .enh_detail = 999,
    .content = SPAN_LIT("c"), .command = SPAN_LIT("."),
    .peer_name = SPAN_LIT("n"), .peer_addr = SPAN_LIT("a"),
    .peer_is_secure = true, .site = SPAN_LIT("s"), .pool = SPAN_LIT("p"),
    .source = SPAN_LIT("o"), .source_address = SPAN_LIT("x"),
    .delivery_protocol = SPAN_LIT("d"), .provider = SPAN_LIT("v"),
    .tls_cipher = SPAN_LIT("t"), .tls_version = SPAN_LIT("1.3"),
    .tls_subject = spans, .n_tls_subject = 3, .session = id2, .rcpts = spans,
    .n_rcpts = 2)

/* Written in parts, as the queue manager does. */
static void
dispatch_write(struct buf *b)
{
	struct dispatch_item item = { id1, 2, SPAN_LIT("pool") };
	struct buf items = { 0 };

	dispatch_item_put(&items, &item);
	item.id = id2;
	dispatch_item_put(&items, &item);
	dispatch_put_encoded(b, ROLE_LOCAL, 3, 4, 2, buf_span(&items));
	buf_free(&items);
}

static void
dispatch_copy(struct reader *r, struct buf *b, struct arena *a)
{
	struct buf items = { 0 };
	struct dispatch d;
	uint32_t i;

	dispatch_get(r, &d, a);
	if (!reader_end(r))
		return;
	for (i = 0; i < d.n; i++)
		dispatch_item_put(&items, &d.items[i]);
	dispatch_put_encoded(b, d.role, d.worker, d.session, d.n,
	    buf_span(&items));
	buf_free(&items);
}

#define ROW(name) { #name, name##_write, name##_copy }

static const struct {
	const char *name;
	void (*write)(struct buf *b);
	void (*copy)(struct reader *r, struct buf *b, struct arena *a);
} bodies[] = {
	ROW(control_peer), ROW(control_listener), ROW(control_setup),
	ROW(control_bind), ROW(control_folder), ROW(control_count),
	ROW(control_keys), ROW(key_list),
	ROW(sched_entry), ROW(store), ROW(stored), ROW(lone_record),
	ROW(lookup), ROW(lookup_answer),
	ROW(health), ROW(enqueued), ROW(enqueued_gap), ROW(settle),
	ROW(settled), ROW(sched_scan), ROW(sched_slice), ROW(journal_entry),
	ROW(journal_grown), ROW(journal_read), ROW(journal_part),
	ROW(cursor_state), ROW(cursors), ROW(session_open),
	ROW(session_close), ROW(session_ended),
	ROW(sessions_held), ROW(dispatch), ROW(dispatch_fail),
	ROW(delivery_message), ROW(outcome), ROW(outcome_kept),
	ROW(ask_queue), ROW(ask_name), ROW(ask_path), ROW(settings_answer),
	ROW(ask_mx), ROW(mx_answer), ROW(ask_host), ROW(host_answer),
	ROW(envelope), ROW(record),
};

static void
same_bytes_again(void **state)
{
	struct buf once = { 0 }, twice = { 0 };
	struct arena a = { 0 };
	struct reader r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		buf_clear(&once, 0);
		buf_clear(&twice, 0);
		bodies[i].write(&once);
		assert_true(buf_len(&once) > 0);
		reader_init(&r, buf_span(&once));
		bodies[i].copy(&r, &twice, &a);
		if (!reader_end(&r))
			fail_msg("%s: not read to its end", bodies[i].name);
		check_span(bodies[i].name, buf_span(&twice), buf_span(&once));
		arena_reset(&a);
	}
	buf_free(&once);
	buf_free(&twice);
	arena_free(&a);
}

static void
no_other_length(void **state)
{
	struct buf once = { 0 }, twice = { 0 };
	struct arena a = { 0 };
	struct reader r;
	size_t i, len;
	uint8_t *exact;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		buf_clear(&once, 0);
		bodies[i].write(&once);
		put_u8(&once, 0);
		for (len = 0; len <= buf_len(&once); len++) {
			if (len == buf_len(&once) - 1)
				continue;
			/* On its own, so that reading past it is noticed. */
			exact = malloc(len + (len == 0));
			memcpy(exact, buf_data(&once), len);
			reader_init(&r, span_make(exact, len));
			bodies[i].copy(&r, &twice, &a);
			if (reader_end(&r))
				fail_msg("%s: %zu bytes are enough",
				    bodies[i].name, len);
			free(exact);
			arena_reset(&a);
		}
	}
	buf_free(&once);
	buf_free(&twice);
	arena_free(&a);
}

/* Each byte changed to each of a few values: read or refused, never worse. */
static void
no_byte_is_trusted(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	struct buf once = { 0 }, twice = { 0 };
	struct arena a = { 0 };
	struct reader r;
	size_t i, at, k;
	uint8_t was;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		buf_clear(&once, 0);
		bodies[i].write(&once);
		for (at = 0; at < buf_len(&once); at++) {
			was = buf_data(&once)[at];
			for (k = 0; k < COUNT(values); k++) {
				buf_data(&once)[at] = values[k];
				buf_clear(&twice, 0);
				reader_init(&r, buf_span(&once));
				bodies[i].copy(&r, &twice, &a);
				if (reader_end(&r))
					check_span(bodies[i].name,
					    buf_span(&twice), buf_span(&once));
				arena_reset(&a);
			}
			buf_data(&once)[at] = was;
		}
	}
	buf_free(&once);
	buf_free(&twice);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_again),
		cmocka_unit_test(no_other_length),
		cmocka_unit_test(no_byte_is_trusted),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
