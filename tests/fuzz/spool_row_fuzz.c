/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the spool as a damaged disk may give them back. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/arena.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/store/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_payload(unsigned kind, struct span payload)
{
	struct cursor_row cursor;
	struct sched_row sched;
	struct state_row state;
	struct event_row event;
	struct envelope env;
	struct record rec;
	struct arena a = { 0 };
	struct reader r;
	uint64_t refs;

	(void)state_row_get(payload, &state);
	(void)sched_row_get(payload, &sched);
	(void)body_row_get(payload, &refs);
	(void)cursor_row_get(payload, &cursor);
	reader_init(&r, payload);
	envelope_get(&r, &env, &a);
	arena_reset(&a);
	if (kind == ROW_EVENT && event_row_get(payload, &event)) {
		reader_init(&r, event.record);
		record_get(&r, &rec, &a);
		reader_init(&r, event.envelope);
		envelope_get(&r, &env, &a);
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned kind;
	struct span value, payload;

	if (size < 1)
		return 0;
	kind = data[0] % 8;
	/* As it comes: nearly all of it is refused by its head. */
	value = span_make(data + 1, size - 1);
	if (row_open(value, (enum row_kind)kind, &payload))
		read_payload(kind, payload);
	/* With a checksum that is right, so that the fields are reached. */
	read_payload(kind, value);
	return 0;
}
