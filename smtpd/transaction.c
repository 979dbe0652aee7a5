/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/transaction.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/policy/smtp_events.h"
#include "lib/settings/listener.h"
#include "smtpd/message.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

enum { TRANSACTIONS_SPARE = 64, RCPTS_KEPT = 64 };

struct transaction *
transaction_new(struct smtpd *d)
{
	struct transaction *tx = d->spare_tx;

	if (tx == NULL)
		tx = xcalloc(1, sizeof(*tx));
	else {
		d->spare_tx = tx->next;
		d->nspare_tx--;
	}
	tx->content.fd = -1;
	return tx;
}

void
transaction_free(struct smtpd *d, struct transaction **txp)
{
	struct transaction *tx = *txp, kept;

	*txp = NULL;
	if (tx == NULL)
		return;
	processing_done(tx->processing);
	if (tx->shown != NULL)
		policy_meta_free(&tx->shown->meta);
	content_drop(&tx->content);
	if (d->nspare_tx == TRANSACTIONS_SPARE ||
	    tx->rcpts_size > RCPTS_KEPT) {
		free(tx->rcpts);
		arena_free(&tx->arena);
		free(tx);
		return;
	}
	/* Memory is kept, and nothing else. */
	arena_reset(&tx->arena);
	kept = (struct transaction){ .arena = tx->arena, .rcpts = tx->rcpts,
		.rcpts_size = tx->rcpts_size, .next = d->spare_tx };
	*tx = kept;
	d->spare_tx = tx;
	d->nspare_tx++;
}

void
transaction_reset(struct session *s)
{
	transaction_free(s->smtpd, &s->tx);
	s->chunk_left = 0;
	s->chunk_last = false;
	s->stream.in_max = STREAM_IN_MAX;
}

void
transaction_add(struct transaction *tx, const struct recipient *r)
{
	if (tx->nrcpts == tx->rcpts_size) {
		tx->rcpts_size = tx->rcpts_size == 0 ? 1 : tx->rcpts_size * 2;
		tx->rcpts = xreallocarray(tx->rcpts, tx->rcpts_size,
		    sizeof(*tx->rcpts));
	}
	tx->rcpts[tx->nrcpts++] = *r;
}

static enum line_endings
line_endings_of(const struct listener *l)
{
	switch ((enum invalid_line_endings)l->invalid_line_endings) {
	case INVALID_LINE_ENDINGS_DENY:
		return LINE_ENDINGS_DENY;
	case INVALID_LINE_ENDINGS_ALLOW:
		return LINE_ENDINGS_ALLOW;
	case INVALID_LINE_ENDINGS_FIX:
		return LINE_ENDINGS_FIX;
	}
	return LINE_ENDINGS_DENY;
}

void
transaction_content(struct session *s)
{
	struct outbox *o = &s->smtpd->outbox;
	struct content *c = &s->tx->content;

	c->bytes = outbox_buf(o);
	content_begin(c, line_endings_of(s->params),
	    s->params->line_length_hard_limit, s->params->max_message_size,
	    &o->held);
	s->content_from_ms = loop_mono_ms(s->smtpd->loop);
	s->stream.in_max = s->params->data_buffer_size;
}

/* ---- batches ------------------------------------------------------------ */

static struct batch *
batches_each(const struct recipient *rcpts, uint32_t n, struct arena *a)
{
	struct batch *v = arena_alloc(a, n * sizeof(*v));
	struct span *texts = arena_alloc(a, n * sizeof(*texts));
	uint32_t i;

	for (i = 0; i < n; i++) {
		texts[i] = rcpts[i].text;
		v[i] = (struct batch){ &texts[i], 1, rcpts[i].domain };
	}
	return v;
}

/* Which batch each recipient belongs to, by its domain; counts them. */
static uint32_t
domains_number(const struct recipient *rcpts, uint32_t n, uint32_t *number)
{
	struct map seen = { 0 };
	uint32_t i, k = 0;

	for (i = 0; i < n; i++) {
		uintptr_t at = (uintptr_t)map_get(&seen, rcpts[i].domain);

		if (at == 0) {
			at = ++k;
			map_set(&seen, rcpts[i].domain, (void *)at);
		}
		number[i] = (uint32_t)at - 1;
	}
	map_free(&seen, NULL);
	return k;
}

struct batch *
batches_make(const struct recipient *rcpts, uint32_t n, bool by_domain,
    struct arena *a, uint32_t *n_out)
{
	struct span *texts;
	struct batch *v;
	uint32_t *number, i, k, at = 0;

	*n_out = n;
	if (!by_domain || n < 2)
		return batches_each(rcpts, n, a);
	number = arena_alloc(a, n * sizeof(*number));
	texts = arena_alloc(a, n * sizeof(*texts));
	k = domains_number(rcpts, n, number);
	v = arena_alloc(a, k * sizeof(*v));
	for (i = 0; i < n; i++) {
		v[number[i]].n++;
		v[number[i]].domain = rcpts[i].domain;
	}
	for (i = 0; i < k; i++) {
		v[i].rcpts = texts + at;
		at += v[i].n;
		v[i].n = 0;
	}
	for (i = 0; i < n; i++) {
		struct batch *b = &v[number[i]];

		b->rcpts[b->n++] = rcpts[i].text;
	}
	*n_out = k;
	return v;
}
