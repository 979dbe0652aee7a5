/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/action.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "qmgr/engine/names.h"

static void
actions_grow(struct engine *e)
{
	uint32_t size = e->actions_size == 0 ? 256 : e->actions_size * 2;
	uint32_t head = e->actions_size - e->actions_first;
	struct action *ring = xreallocarray(NULL, size, sizeof(*ring));

	if (e->actions_size != 0) {
		memcpy(ring, e->actions + e->actions_first,
		    head * sizeof(*ring));
		memcpy(ring + head, e->actions,
		    e->actions_first * sizeof(*ring));
	}
	free(e->actions);
	e->actions = ring;
	e->actions_size = size;
	e->actions_first = 0;
}

struct action *
action_push(struct engine *e, enum action_kind kind)
{
	struct action *a;

	if (e->actions_count == 0)
		arena_reset(&e->texts);
	if (e->actions_count == e->actions_size)
		actions_grow(e);
	a = &e->actions[(e->actions_first + e->actions_count++) &
	    (e->actions_size - 1)];
	memset(a, 0, sizeof(*a));
	a->kind = kind;
	return a;
}

bool
engine_next_action(struct engine *e, struct action *action_out)
{
	if (e->actions_count == 0)
		return false;
	*action_out = e->actions[e->actions_first];
	e->actions_first = (e->actions_first + 1) & (e->actions_size - 1);
	e->actions_count--;
	return true;
}

struct span
action_text(struct engine *e, struct span s)
{
	return s.len == 0 ? (struct span){ "", 0 } : arena_span(&e->texts, s);
}

void
action_ask(struct engine *e, enum action_kind kind, struct span name)
{
	struct action *a = action_push(e, kind);

	a->u.ask.name = action_text(e, name);
}

void
action_close(struct engine *e, uint32_t session, enum close_reason why)
{
	struct action *a = action_push(e, ACTION_CLOSE_SESSION);

	a->u.close.session = session_id(e, session);
	a->u.close.worker = session_at(e, session)->worker;
	a->u.close.why = why;
}

static const struct action_record *
record_make(struct engine *e, const struct queue *q, const struct ready *r,
    const struct verdict *v)
{
	struct action_record *rec = arena_alloc(&e->texts, sizeof(*rec));
	const struct profile *p = profile_at(e, q->profile);
	const struct domain *d;

	rec->kind = v->kind;
	rec->code = v->code;
	rec->enhanced = v->enhanced;
	rec->text = action_text(e, v->text);
	rec->queue = action_text(e, named_span(q));
	rec->pool = rec->source = rec->site = rec->protocol =
	    (struct span){ "", 0 };
	if (p != NULL) {
		rec->pool = p->pool == 0 ? SPAN_LIT("unspecified") :
		    action_text(e, named_span(registry_at(&e->pools, p->pool)));
		rec->protocol = action_text(e, name_span(e, p->protocol));
	}
	if (r != NULL) {
		rec->source = action_text(e,
		    named_span(registry_at(&e->sources, r->source)));
		rec->site = action_text(e, name_span(e, r->site));
		rec->protocol = action_text(e, name_span(e, r->protocol));
	} else if (q->domain != 0) {
		d = registry_at(&e->domains, q->domain);
		rec->site = action_text(e, name_span(e, d->site));
	}
	return rec;
}

void
action_settle(struct engine *e, const struct message *m, enum settle_op op,
    uint32_t context, uint64_t token, const struct ready *r,
    const struct verdict *v)
{
	struct action *a = action_push(e, ACTION_SETTLE);
	struct action_settle *s = &a->u.settle;

	s->id = m->id;
	s->op = op;
	s->attempts = m->attempts;
	s->nrcpt = m->nrcpt;
	s->context = context;
	s->due_ms = m->node.due_ms;
	s->token = token;
	if (v != NULL)
		s->record = record_make(e, queue_at(e, m->queue), r, v);
	e->unsettled++;
}
