/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/ipc/channel.h"
#include "lib/settings/value_wire.h"
#include "lookupd/lookupd.h"
#include "lookupd/sockets.h"

/* Then peers are read no further. */
enum { ASKS_MAX = 100000, ASK_BYTES_MAX = 256 * 1024 * 1024 };

static void
peers_pause(struct lookupd *l, bool pause)
{
	unsigned i;

	l->paused = pause;
	for (i = 0; i < l->daemon.n_peers; i++) {
		if (pause)
			channel_pause(l->daemon.peers[i]);
		else
			channel_resume(l->daemon.peers[i]);
	}
}

static void
ask_free(struct ask *a)
{
	struct lookupd *l = a->l;

	if (a->prev != NULL)
		a->prev->next = a->next;
	else
		l->asks = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	value_free(&a->args);
	l->ask_bytes -= a->bytes;
	l->n_asks--;
	free(a);
	if (l->paused && l->n_asks < ASKS_MAX / 2 &&
	    l->ask_bytes < ASK_BYTES_MAX / 2)
		peers_pause(l, false);
}

static void
ask_cancel(struct ask *a)
{
	if (ask_ops[a->op].cancel != NULL)
		ask_ops[a->op].cancel(a);
	ask_free(a);
}

void
ask_on_lookup(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct lookupd *l = arg;
	struct lookup lookup;
	struct reader args;
	struct value *v;
	struct ask *a;

	(void)fd;
	lookup_get(r, &lookup);
	if (lookup_op_process(lookup.op) != l->daemon.index)
		reader_fail(r);
	if (!reader_end(r))
		return;
	reader_init(&args, lookup.args);
	v = value_read(&args);
	if (!reader_end(&args)) {
		value_free(&v);
		reader_fail(r);
		return;
	}
	a = xcalloc(1, sizeof(*a));
	a->l = l;
	a->ch = ch;
	a->id = id;
	a->op = lookup.op;
	a->args = v;
	if ((a->next = l->asks) != NULL)
		a->next->prev = a;
	l->asks = a;
	a->bytes = lookup.args.len;
	l->ask_bytes += a->bytes;
	if ((++l->n_asks >= ASKS_MAX || l->ask_bytes >= ASK_BYTES_MAX) &&
	    !l->paused)
		peers_pause(l, true);
	ask_ops[a->op].start(a);
}

void
ask_on_cancel(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct lookupd *l = arg;
	struct ask *a;

	(void)r;
	(void)fd;
	for (a = l->asks; a != NULL; a = a->next) {
		if (a->ch == ch && a->id == id && id != 0) {
			ask_cancel(a);
			return;
		}
	}
	/* The process of files has none. */
	if (id != 0 && l->sockets != NULL)
		sockets_unclaimed(l->sockets, ch, id);
}

void
asks_forget_peer(struct lookupd *l, const struct channel *ch)
{
	struct ask *a, *next;

	for (a = l->asks; a != NULL; a = next) {
		next = a->next;
		if (a->ch == ch)
			ask_cancel(a);
	}
	if (l->sockets != NULL)
		sockets_forget_peer(l->sockets, ch);
}

static void
ask_send(struct ask *a, const struct lookup_answer *answer)
{
	if (a->id == 0)
		return;
	lookup_answer_put(channel_begin(a->ch, MSG_LOOKUP_IS, a->id), answer);
	channel_end(a->ch);
}

void
ask_answer(struct ask *a, struct value *result)
{
	struct lookup_answer answer = { .ok = true };
	struct buf b = { .base = NULL };

	if (result == NULL)
		result = value_null(0);
	value_write(&b, result);
	value_free(&result);
	answer.result = buf_span(&b);
	if (answer.result.len > LOOKUP_VALUE_MAX) {
		answer.ok = false;
		answer.error = SPAN_LIT("the answer is larger than 16 MB");
		answer.result = span_of(NULL);
	}
	ask_send(a, &answer);
	buf_free(&b);
	ask_free(a);
}

void
ask_fail(struct ask *a, const char *fmt, ...)
{
	struct lookup_answer answer = { .ok = false };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	answer.error = span_of(text);
	ask_send(a, &answer);
	ask_free(a);
}

struct span
ask_text(const struct ask *a, const char *name)
{
	const struct value *v = value_get(a->args, name);

	if (v == NULL || v->kind != VALUE_TEXT)
		return span_of(NULL);
	return span_make(v->u.text.p, v->u.text.len);
}

int64_t
ask_number(const struct ask *a, const char *name, int64_t otherwise)
{
	const struct value *v = value_get(a->args, name);

	return v == NULL || v->kind != VALUE_INT ? otherwise : v->u.number;
}

bool
ask_flag(const struct ask *a, const char *name)
{
	const struct value *v = value_get(a->args, name);

	return v != NULL && v->kind == VALUE_BOOL && v->u.flag;
}
