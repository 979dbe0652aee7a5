/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/gone.h"

enum {
	GONE_SLACK_MS = 10000, /* for those who noticed our death late */
	GONE_MAX = 1000000,
};

static struct span
key_of(const struct uuid *id)
{
	return span_make(id, sizeof(*id));
}

void
gone_init(struct gone *g, int64_t now_ms, int64_t store_deadline_ms)
{
	*g = (struct gone){ .began_ms = now_ms,
		.until_ms = now_ms + store_deadline_ms + GONE_SLACK_MS };
}

void
gone_add(struct gone *g, const struct uuid *id, int64_t now_ms)
{
	/* What this writer stored it has answered, or answers in its turn. */
	if (now_ms < g->until_ms && uuid_time_ms(id) <= g->began_ms &&
	    g->ids.count < GONE_MAX)
		map_set(&g->ids, key_of(id), g);
}

struct store
gone_filter(const struct gone *g, const struct store *s, struct arena *a)
{
	struct store left = *s;
	uint32_t i;

	if (g->ids.count == 0)
		return left;
	left.messages = arena_alloc(a, s->n_messages * sizeof(*s->messages));
	left.n_messages = 0;
	for (i = 0; i < s->n_messages; i++) {
		if (map_get(&g->ids, key_of(&s->messages[i].sched.id)) == NULL)
			left.messages[left.n_messages++] = s->messages[i];
	}
	return left;
}

void
gone_tick(struct gone *g, int64_t now_ms)
{
	if (now_ms >= g->until_ms && g->ids.size > 0)
		map_free(&g->ids, NULL);
}
