/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/early.h"

#include "smtp-out/mail.h"

bool
early_add(struct early *e, struct mail *m)
{
	if (e->n == EARLY_MAX)
		return false;
	if (e->last == NULL)
		e->last = &e->first;
	m->next = NULL;
	*e->last = m;
	e->last = &m->next;
	e->n++;
	return true;
}

static struct mail *
early_cut(struct early *e, struct mail **at)
{
	struct mail *m = *at;

	*at = m->next;
	if (*at == NULL)
		e->last = at;
	m->next = NULL;
	e->n--;
	return m;
}

struct mail *
early_take(struct early *e, uint64_t session)
{
	struct mail **at;

	for (at = &e->first; *at != NULL; at = &(*at)->next) {
		if ((*at)->session == session)
			return early_cut(e, at);
	}
	return NULL;
}

struct mail *
early_expired(struct early *e, int64_t now_ms)
{
	if (e->first == NULL || now_ms - e->first->came_ms < EARLY_WAIT_MS)
		return NULL;
	return early_cut(e, &e->first);
}

void
early_drop_all(struct early *e)
{
	struct mail *m;

	while (e->first != NULL) {
		m = early_cut(e, &e->first);
		mail_free(&m);
	}
}

void
early_note_ended(struct early *e, uint64_t session)
{
	e->ended[e->n_ended++ % EARLY_ENDED] = session;
}

bool
early_has_ended(const struct early *e, uint64_t session)
{
	unsigned i, n = e->n_ended < EARLY_ENDED ? e->n_ended : EARLY_ENDED;

	for (i = 0; i < n; i++) {
		if (e->ended[i] == session)
			return true;
	}
	return false;
}
