/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All message bodies as a table: read one and, if it was whole, write it
 * again, which must give the same bytes.
 */
#ifndef TESTS_FUZZ_BODIES_H
#define TESTS_FUZZ_BODIES_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ipc/control.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/lookup.h"
#include "lib/ipc/policy.h"
#include "lib/ipc/store.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/settings/key_list.h"

#define BODY(name, declare, get, put, done)                                    \
	static inline void                                                     \
	body_##name(struct reader *r, struct buf *b, struct arena *a)          \
	{                                                                      \
		declare;                                                       \
		(void)a;                                                       \
		get;                                                           \
		if (reader_end(r))                                             \
			put;                                                   \
		done;                                                          \
	}
#define PLAIN(name)                                                            \
	BODY(name, struct name v, name##_get(r, &v), name##_put(b, &v), (void)0)
#define LISTS(name)                                                            \
	BODY(name, struct name v, name##_get(r, &v, a), name##_put(b, &v),     \
	    (void)0)
#define NUMBER(name)                                                           \
	BODY(name, uint64_t v, v = name##_get(r), name##_put(b, v), (void)0)

PLAIN(control_peer)
PLAIN(control_listener)
PLAIN(control_setup)
PLAIN(control_bind)
BODY(control_folder, struct control_folder v, control_folder_get(r, &v),
    control_folder_put(b, &v), free(v.path))
PLAIN(control_count)
PLAIN(control_keys)
BODY(key_list, struct key_list v, key_list_get(r, &v), key_list_put(b, &v),
    key_list_free(&v))
PLAIN(sched_entry)
LISTS(store)
NUMBER(stored)
PLAIN(lone_record)
PLAIN(lookup)
PLAIN(lookup_answer)
NUMBER(health)
LISTS(enqueued)
PLAIN(enqueued_gap)
LISTS(settle)
NUMBER(settled)
PLAIN(sched_scan)
LISTS(sched_slice)
PLAIN(journal_entry)
NUMBER(journal_grown)
PLAIN(journal_read)
LISTS(journal_part)
PLAIN(cursor_state)
LISTS(cursors)
LISTS(session_open)
NUMBER(session_close)
PLAIN(session_ended)
LISTS(sessions_held)
PLAIN(dispatch_fail)
PLAIN(delivery_message)
LISTS(outcome)
NUMBER(outcome_kept)
PLAIN(ask_queue)
PLAIN(ask_name)
PLAIN(ask_path)
PLAIN(settings_answer)
LISTS(ask_mx)
LISTS(mx_answer)
PLAIN(ask_host)
LISTS(host_answer)
LISTS(envelope)
LISTS(record)

static inline void
body_dispatch(struct reader *r, struct buf *b, struct arena *a)
{
	struct buf items = { 0 };
	struct dispatch d;
	uint32_t i;

	dispatch_get(r, &d, a);
	for (i = 0; i < d.n; i++)
		dispatch_item_put(&items, &d.items[i]);
	if (reader_end(r))
		dispatch_put_encoded(b, d.role, d.worker, d.session, d.n,
		    buf_span(&items));
	buf_free(&items);
}

static void (*const bodies[])(struct reader *, struct buf *,
    struct arena *) = {
	body_control_peer, body_control_listener, body_control_setup,
	body_control_bind, body_control_folder, body_control_count,
	body_sched_entry, body_store, body_stored, body_lone_record,
	body_health, body_enqueued, body_enqueued_gap, body_settle,
	body_settled, body_sched_scan, body_sched_slice, body_journal_entry,
	body_journal_grown, body_journal_read, body_journal_part,
	body_cursor_state, body_cursors, body_session_open,
	body_session_close, body_session_ended, body_sessions_held,
	body_dispatch_fail, body_delivery_message, body_outcome,
	body_outcome_kept, body_ask_queue, body_ask_name, body_ask_path,
	body_settings_answer, body_ask_mx, body_mx_answer, body_ask_host,
	body_host_answer, body_envelope, body_record, body_dispatch,
	body_control_keys, body_key_list,
	body_lookup, body_lookup_answer,
};

enum { BODIES = sizeof(bodies) / sizeof(*bodies) };

/* True when the bytes are such a body. */
static inline bool
body_check(unsigned which, struct span bytes)
{
	struct buf again = { 0 };
	struct arena a = { 0 };
	struct reader r;
	bool whole;

	reader_init(&r, bytes);
	bodies[which % BODIES](&r, &again, &a);
	whole = reader_end(&r);
	assert(!whole || span_eq(buf_span(&again), bytes));
	/* What is made of a body is in proportion to it. */
	assert(a.total <= bytes.len * 32 + 65536);
	buf_free(&again);
	arena_free(&a);
	return whole;
}

#endif
