/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of delivery.h and policy.h: whatever comes, the readers end within
 * the bytes, and what they accept comes out the same when written and read
 * again. The first byte picks the body.
 */
#include <assert.h>
#include <stdint.h>

#include "lib/ipc/delivery.h"
#include "lib/ipc/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read, and write what was accepted. */
#define BODY(type, ...)                                                       \
	static void again_##type(struct reader *r, struct buf *out,           \
	    struct arena *a)                                                  \
	{                                                                     \
		struct type v = { 0 };                                        \
                                                                              \
		(void)a;                                                      \
		type##_get(r, &v __VA_ARGS__);                                \
		if (reader_end(r))                                            \
			type##_put(out, &v);                                  \
	}

BODY(session_open, , a)
BODY(session_ended)
BODY(sessions_held, , a)
BODY(dispatch_fail)
BODY(delivery_message)
BODY(outcome, , a)
BODY(ask_queue)
BODY(ask_name)
BODY(ask_path)
BODY(settings_answer)
BODY(ask_mx, , a)
BODY(mx_answer, , a)
BODY(ask_host)
BODY(host_answer, , a)

/* This one is written item by item. */
static void
again_dispatch(struct reader *r, struct buf *out, struct arena *a)
{
	struct buf items = { 0 };
	struct dispatch d;
	uint32_t i;

	dispatch_get(r, &d, a);
	if (reader_end(r)) {
		for (i = 0; i < d.n; i++)
			dispatch_item_put(&items, &d.items[i]);
		dispatch_put_encoded(out, d.role, d.worker, d.session, d.n,
		    buf_span(&items));
	}
	buf_free(&items);
}

static void (*const bodies[])(struct reader *, struct buf *,
    struct arena *) = {
	again_session_open, again_session_ended,
	again_sessions_held, again_dispatch, again_dispatch_fail,
	again_delivery_message, again_outcome, again_ask_queue,
	again_ask_name, again_ask_path, again_settings_answer, again_ask_mx,
	again_mx_answer, again_ask_host, again_host_answer,
};

static void
again(uint8_t which, struct span in, struct buf *out)
{
	struct arena a = { 0 };
	struct reader r;

	reader_init(&r, in);
	bodies[which % (sizeof(bodies) / sizeof(*bodies))](&r, out, &a);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = { 0 }, second = { 0 };

	if (size == 0)
		return 0;
	again(data[0], span_make(data + 1, size - 1), &first);
	if (buf_len(&first) > 0) {
		again(data[0], buf_span(&first), &second);
		assert(span_eq(buf_span(&first), buf_span(&second)));
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}
