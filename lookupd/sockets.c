/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/sockets.h"

#include <stdlib.h>
#include <sys/random.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/io/loop.h"
#include "lib/resolve/resolver.h"
#include "lookupd/ask.h"
#include "lookupd/http_ask.h"
#include "lookupd/lookupd.h"
#include "lookupd/websocket.h"

enum { BATCH_MS_MAX = 86400000, ANSWER_BYTES_MAX = 8 * 1024 * 1024 };

struct held {
	struct sockets *sockets;
	int64_t id;
	struct channel *ch;
	uint64_t opened_by; /* the ask's id, until the first use */
	struct websocket *ws;
	struct ask *opening, *receiving;
	struct timer wait;  /* of receiving */
	bool batch;
};

struct sockets {
	struct lookupd *l;
	struct map held; /* by id */
};

struct sockets *
sockets_new(struct lookupd *l)
{
	struct sockets *s = xcalloc(1, sizeof(*s));

	s->l = l;
	return s;
}

static void
held_free(struct held *h)
{
	map_del(&h->sockets->held, span_make(&h->id, sizeof(h->id)));
	websocket_free(&h->ws);
	timer_done(&h->wait);
	free(h);
}

/* ---- opening ------------------------------------------------------------- */

static void
on_opened(void *arg, const struct upgrade *head, const char *why)
{
	struct held *h = arg;
	struct ask *a = h->opening;
	struct value *out, *fields;
	size_t i;

	h->opening = NULL;
	a->work = NULL;
	if (head == NULL) {
		ask_fail(a, "%s", why);
		held_free(h);
		return;
	}
	out = value_map(0);
	value_map_add(out, 0, SPAN_LIT("id"), value_int(0, h->id));
	value_map_add(out, 0, SPAN_LIT("status"), value_int(0, head->status));
	fields = value_list(0);
	for (i = 0; i < head->n_fields; i++)
		value_list_add(fields, http_ask_field(head->fields[i].name,
		    head->fields[i].value));
	value_map_add(out, 0, SPAN_LIT("fields"), fields);
	ask_answer(a, out);
}

static void receive(struct held *h);

static void
on_changed(void *arg)
{
	struct held *h = arg;

	if (h->receiving != NULL)
		receive(h);
}

static const struct websocket_events events = {
	.opened = on_opened,
	.changed = on_changed,
};

static size_t
sockets_of(const struct sockets *s, const struct channel *ch)
{
	struct span key;
	size_t at = 0, n = 0;
	void *h;

	while (map_next(&s->held, &at, &key, &h))
		n += ((struct held *)h)->ch == ch;
	return n;
}

/* Not to be guessed, and never one of the process before. */
static int64_t
new_id(void)
{
	uint64_t id;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		fatal("getrandom");
	return (int64_t)(id >> 1);
}

static void on_wait(void *arg);

void
sockets_ask_open(struct ask *a)
{
	struct sockets *s = a->l->sockets;
	struct held *h;
	const char *why;

	if (s->held.count >= SOCKETS_MAX ||
	    sockets_of(s, a->ch) >= SOCKETS_PEER_MAX) {
		ask_fail(a, "too many WebSockets are open: at most %d of one "
		    "process, and %d in all", SOCKETS_PEER_MAX, SOCKETS_MAX);
		return;
	}
	h = xcalloc(1, sizeof(*h));
	h->ws = websocket_new(a->l->daemon.loop,
	    a->l->resolvers.first->dns, a->l->tls, ask_text(a, "url"),
	    ask_text(a, "authorization"), &events, h, &why);
	if (h->ws == NULL) {
		free(h);
		ask_fail(a, "%s", why);
		return;
	}
	h->sockets = s;
	h->id = new_id();
	h->ch = a->ch;
	h->opened_by = a->id;
	h->opening = a;
	a->work = h;
	timer_init(&h->wait, a->l->daemon.loop, on_wait, h);
	map_set(&s->held, span_make(&h->id, sizeof(h->id)), h);
}

void
sockets_cancel_open(struct ask *a)
{
	held_free(a->work);
}

/* ---- receiving ----------------------------------------------------------- */

static struct held *
held_of(struct ask *a)
{
	int64_t id = ask_number(a, "id", -1);
	struct held *h = map_get(&a->l->sockets->held,
	    span_make(&id, sizeof(id)));

	return h != NULL && h->ch == a->ch && h->opening == NULL ? h : NULL;
}

static void
answer(struct held *h)
{
	struct ask *a = h->receiving;
	struct value *out = value_map(0), *list = value_list(0);
	enum websocket_state state;
	struct span message;
	size_t bytes = 0;

	h->receiving = NULL;
	a->work = NULL;
	timer_cancel(&h->wait);
	while (bytes < ANSWER_BYTES_MAX &&
	    (h->batch || list->u.list.n == 0) &&
	    websocket_take(h->ws, &message)) {
		bytes += message.len;
		value_list_add(list, value_text(0, message));
	}
	state = websocket_state(h->ws);
	value_map_add(out, 0, SPAN_LIT("closed"), value_bool(0,
	    state != WEBSOCKET_OPEN && websocket_waiting(h->ws) == 0));
	if (state == WEBSOCKET_BROKEN)
		value_map_add(out, 0, SPAN_LIT("why"), value_text(0,
		    span_of(websocket_why(h->ws))));
	value_map_add(out, 0, SPAN_LIT("messages"), list);
	ask_answer(a, out);
}

/* Answer if there is what was waited for. */
static void
receive(struct held *h)
{
	if (websocket_state(h->ws) != WEBSOCKET_OPEN ||
	    (h->batch ? websocket_is_full(h->ws) :
	    websocket_waiting(h->ws) != 0))
		answer(h);
}

/* The batch's time is over, or the script is to ask again. */
static void
on_wait(void *arg)
{
	answer(arg);
}

void
sockets_ask_recv(struct ask *a)
{
	struct held *h = held_of(a);
	int64_t batch_ms = ask_number(a, "batch_ms", -1);

	if (h == NULL) {
		ask_fail(a, "this WebSocket is not open any more");
		return;
	}
	if (h->receiving != NULL) {
		ask_fail(a, "another event waits for this WebSocket's "
		    "messages");
		return;
	}
	h->opened_by = 0;
	h->receiving = a;
	h->batch = batch_ms >= 0;
	a->work = h;
	timer_set(&h->wait, batch_ms < 0 || batch_ms > BATCH_MS_MAX ?
	    SOCKETS_WAIT_MS : batch_ms);
	receive(h);
}

void
sockets_cancel_recv(struct ask *a)
{
	struct held *h = a->work;

	h->receiving = NULL;
	timer_cancel(&h->wait);
}

/* ---- the end ------------------------------------------------------------- */

/* Whoever waits for it is told. */
static void
held_close(struct held *h)
{
	struct ask *a = h->receiving;

	if (a != NULL) {
		a->work = NULL;
		ask_fail(a, "this WebSocket was closed");
	}
	held_free(h);
}

void
sockets_ask_close(struct ask *a)
{
	struct held *h = held_of(a);

	if (h != NULL)
		held_close(h);
	ask_answer(a, NULL);
}

void
sockets_unclaimed(struct sockets *s, const struct channel *ch, uint64_t ask)
{
	struct span key;
	size_t at = 0;
	void *p;
	struct held *h;

	while (map_next(&s->held, &at, &key, &p)) {
		h = p;
		if (h->ch == ch && h->opened_by == ask &&
		    h->opening == NULL) {
			held_free(h);
			return;
		}
	}
}

/* Its asks are cancelled already. */
void
sockets_forget_peer(struct sockets *s, const struct channel *ch)
{
	struct span key;
	size_t at = 0;
	void *p;

	while (map_next(&s->held, &at, &key, &p)) {
		if (((struct held *)p)->ch != ch)
			continue;
		held_free(p);
		at = 0;
	}
}
