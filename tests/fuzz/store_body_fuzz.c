/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the messages around the spool, lib/ipc/store.h and journal.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read whole is written the same again. */
static void
same(const struct reader *r, struct buf *b, struct span body)
{
	if (reader_end(r) && (buf_len(b) != body.len ||
	    (body.len != 0 && memcmp(buf_data(b), body.p, body.len) != 0)))
		abort();
}

static void
read_store(unsigned which, struct reader *r, struct buf *b, struct arena *a)
{
	struct sched_slice slice;
	struct enqueued_gap gap;
	struct lone_record lone;
	struct sched_scan scan;
	struct enqueued enqueued;
	struct settle settle;
	struct store store;

	switch (which) {
	case 0:
		store_get(r, &store, a);
		store_put(b, &store);
		return;
	case 1:
		settle_get(r, &settle, a);
		settle_put(b, &settle);
		return;
	case 2:
		lone_record_get(r, &lone);
		lone_record_put(b, &lone);
		return;
	case 3:
		enqueued_get(r, &enqueued, a);
		enqueued_put(b, &enqueued);
		return;
	case 4:
		enqueued_gap_get(r, &gap);
		enqueued_gap_put(b, &gap);
		return;
	case 5:
		sched_scan_get(r, &scan);
		sched_scan_put(b, &scan);
		return;
	case 6:
		sched_slice_get(r, &slice, a);
		sched_slice_put(b, &slice);
		return;
	case 7:
		stored_put(b, stored_get(r));
		return;
	case 8:
		health_put(b, health_get(r));
		return;
	}
}

static void
read_journal(unsigned which, struct reader *r, struct buf *b, struct arena *a)
{
	struct cursor_state cursor;
	struct journal_read read;
	struct journal_part part;
	struct cursors cursors;

	switch (which) {
	case 9:
		journal_read_get(r, &read);
		journal_read_put(b, &read);
		return;
	case 10:
		journal_part_get(r, &part, a);
		journal_part_put(b, &part);
		return;
	case 11:
		cursor_state_get(r, &cursor);
		cursor_state_put(b, &cursor);
		return;
	case 12:
		cursors_get(r, &cursors, a);
		cursors_put(b, &cursors);
		return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct reader r;
	struct span body;
	unsigned which;

	if (size < 1)
		return 0;
	which = data[0] % 13;
	body = span_make(data + 1, size - 1);
	reader_init(&r, body);
	if (which < 9)
		read_store(which, &r, &b, &a);
	else
		read_journal(which, &r, &b, &a);
	same(&r, &b, body);
	buf_free(&b);
	arena_free(&a);
	return 0;
}
