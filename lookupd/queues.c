/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/queues.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"

enum {
	QUEUES_MAX = 10000,
	/* "Unbounded" ends here: values of one queue, bytes of all. */
	VALUES_MAX = 1000000,
};

#define BYTES_MAX ((size_t)512 * 1024 * 1024)

struct item {
	struct item *next;
	struct value *value;
	size_t bytes;
};

struct waiter {
	struct waiter *prev, *next;
	struct queue *queue;
	struct ask *ask;
};

struct waiters {
	struct waiter *first, *last;
};

struct queue {
	struct queues *all;
	size_t limit, n;
	bool closed;
	struct item *first, **last;
	struct waiters senders, receivers;
};

struct queues {
	struct map by_name;
	size_t bytes;
};

struct queues *
queues_new(void)
{
	return xcalloc(1, sizeof(struct queues));
}

static void
queue_free(void *arg)
{
	struct queue *q = arg;
	struct item *i;

	while ((i = q->first) != NULL) {
		q->first = i->next;
		value_free(&i->value);
		free(i);
	}
	free(q);
}

void
queues_free(struct queues **qp)
{
	struct queues *q = *qp;

	*qp = NULL;
	if (q == NULL)
		return;
	map_free(&q->by_name, queue_free);
	free(q);
}

static struct queue *
queue_get(struct queues *all, const struct ask *a)
{
	struct span name = ask_text(a, "name");
	struct queue *q = map_get(&all->by_name, name);
	int64_t limit = ask_number(a, "limit", 0);

	if (q != NULL || all->by_name.count >= QUEUES_MAX)
		return q;
	q = xcalloc(1, sizeof(*q));
	q->all = all;
	q->limit = limit > 0 && limit < VALUES_MAX ? (size_t)limit :
	    VALUES_MAX;
	q->last = &q->first;
	map_set(&all->by_name, name, q);
	return q;
}

/* ---- who waits ---------------------------------------------------------- */

static void
wait_add(struct waiters *list, struct queue *q, struct ask *a)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->queue = q;
	w->ask = a;
	a->work = w;
	w->prev = list->last;
	if (list->last != NULL)
		list->last->next = w;
	else
		list->first = w;
	list->last = w;
}

static void
wait_unlink(struct waiters *list, struct waiter *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		list->first = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		list->last = w->prev;
	free(w);
}

static struct ask *
wait_take(struct waiters *list)
{
	struct waiter *w = list->first;
	struct ask *a;

	if (w == NULL)
		return NULL;
	a = w->ask;
	a->work = NULL;
	wait_unlink(list, w);
	return a;
}

static bool
is_sender(const struct ask *a)
{
	return span_eq_str(ask_text(a, "what"), "send");
}

void
queues_cancel(struct ask *a)
{
	struct waiter *w = a->work;

	if (w == NULL)
		return;
	wait_unlink(is_sender(a) ? &w->queue->senders :
	    &w->queue->receivers, w);
}

/* ---- values ------------------------------------------------------------- */

static bool
has_room(const struct queue *q)
{
	return q->n < q->limit && q->all->bytes < BYTES_MAX;
}

static void
item_add(struct queue *q, const struct ask *a)
{
	const struct value *v = value_get(a->args, "value");
	struct item *i = xcalloc(1, sizeof(*i));

	i->value = v == NULL ? value_null(0) : value_copy(v);
	i->bytes = value_bytes(i->value);
	*q->last = i;
	q->last = &i->next;
	q->n++;
	q->all->bytes += i->bytes;
}

static struct value *
item_take(struct queue *q)
{
	struct item *i = q->first;
	struct value *v = i->value;

	q->first = i->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->n--;
	q->all->bytes -= i->bytes;
	free(i);
	return v;
}

/* Up to n of them. */
static void
items_give(struct queue *q, struct ask *a)
{
	struct value *list = value_list(0);
	int64_t n = ask_number(a, "n", 1);

	while (q->n > 0 && n-- > 0)
		value_list_add(list, item_take(q));
	ask_answer(a, list);
}

/* Bring together who waits for what is there now. */
static void
queue_settle(struct queue *q)
{
	struct ask *a;

	for (;;) {
		if (q->n > 0 && (a = wait_take(&q->receivers)) != NULL)
			items_give(q, a);
		else if (!q->closed && has_room(q) &&
		    (a = wait_take(&q->senders)) != NULL) {
			item_add(q, a);
			ask_answer(a, NULL);
		} else
			return;
	}
}

static void
queue_close(struct queue *q)
{
	struct ask *a;

	q->closed = true;
	while ((a = wait_take(&q->senders)) != NULL)
		ask_fail(a, "the queue is closed");
	while (q->n == 0 && (a = wait_take(&q->receivers)) != NULL)
		ask_answer(a, NULL);
}

/* ---- questions ---------------------------------------------------------- */

static void
queue_send(struct queue *q, struct ask *a, bool wait)
{
	if (q->closed && wait)
		ask_fail(a, "the queue is closed");
	else if (!q->closed && has_room(q)) {
		item_add(q, a);
		ask_answer(a, wait ? NULL : value_bool(0, true));
		queue_settle(q);
	} else if (wait)
		wait_add(&q->senders, q, a);
	else
		ask_answer(a, value_bool(0, false));
}

static void
queue_recv(struct queue *q, struct ask *a, bool wait)
{
	if (q->n > 0) {
		items_give(q, a);
		queue_settle(q);
	} else if (q->closed || !wait)
		ask_answer(a, NULL);
	else
		wait_add(&q->receivers, q, a);
}

void
queues_ask(struct ask *a)
{
	struct queue *q = queue_get(a->l->queues, a);
	struct span what = ask_text(a, "what");

	if (q == NULL)
		ask_fail(a, "too many queues");
	else if (span_eq_str(what, "send"))
		queue_send(q, a, true);
	else if (span_eq_str(what, "try_send"))
		queue_send(q, a, false);
	else if (span_eq_str(what, "recv"))
		queue_recv(q, a, true);
	else if (span_eq_str(what, "try_recv"))
		queue_recv(q, a, false);
	else if (span_eq_str(what, "len"))
		ask_answer(a, value_int(0, (int64_t)q->n));
	else if (span_eq_str(what, "is_closed"))
		ask_answer(a, value_bool(0, q->closed));
	else if (span_eq_str(what, "close")) {
		queue_close(q);
		ask_answer(a, NULL);
	} else
		ask_fail(a, "unknown operation");
}
