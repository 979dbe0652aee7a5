/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/held.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/arena.h"
#include "lib/base/uuid.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"

struct held_outcome {
	struct held_outcome *next;
	uint64_t id;
	struct uuid message;
	size_t len;
	uint8_t body[]; /* encoded */
};

static void
held_send(const struct held_outcome *one, struct channel *ch)
{
	struct buf *b = channel_begin(ch, MSG_OUTCOME, one->id);

	buf_add(b, one->body, one->len);
	channel_end(ch);
}

void
held_add(struct held *h, struct channel *ch, const struct outcome *o)
{
	struct buf b = { 0 };
	struct held_outcome *one;

	buf_reserve(&b, 1024);
	outcome_put(&b, o);
	one = xmalloc(sizeof(*one) + buf_len(&b));
	one->next = NULL;
	one->id = ++h->next;
	one->message = o->id;
	one->len = buf_len(&b);
	memcpy(one->body, buf_data(&b), one->len);
	buf_free(&b);
	if (h->last != NULL)
		h->last->next = one;
	else
		h->first = one;
	h->last = one;
	h->n++;
	if (ch != NULL)
		held_send(one, ch);
}

void
held_kept(struct held *h, uint64_t upto)
{
	struct held_outcome *one;

	while ((one = h->first) != NULL && one->id <= upto) {
		h->first = one->next;
		h->n--;
		free(one);
	}
	if (h->first == NULL)
		h->last = NULL;
}

void
held_send_all(const struct held *h, struct channel *ch)
{
	const struct held_outcome *one;

	for (one = h->first; one != NULL; one = one->next)
		held_send(one, ch);
}

struct uuid *
held_ids(const struct held *h, struct arena *a)
{
	struct uuid *ids = arena_alloc(a, h->n * sizeof(*ids));
	const struct held_outcome *one;
	uint32_t n = 0;

	for (one = h->first; one != NULL; one = one->next)
		ids[n++] = one->message;
	return ids;
}

void
held_free(struct held *h)
{
	held_kept(h, UINT64_MAX);
}
