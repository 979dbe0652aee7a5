/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/redis/slots.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

static bool
node_read(const struct value *v, struct span asked, struct redis_node *out)
{
	const struct value *host, *port;
	struct span name;

	if (v->kind != VALUE_LIST || v->u.list.n < 2)
		return false;
	host = v->u.list.v[0];
	port = v->u.list.v[1];
	if (port->kind != VALUE_INT || port->u.number < 1 ||
	    port->u.number > 65535)
		return false;
	name = host->kind == VALUE_TEXT ?
	    span_make(host->u.text.p, host->u.text.len) : span_of(NULL);
	if (name.len > 253 || memchr(name.p == NULL ? "" : name.p, '\0',
	    name.len) != NULL)
		return false;
	if (name.len == 0 || span_eq_str(name, "?"))
		name = asked;
	out->host = span_dup(name);
	out->port = (uint16_t)port->u.number;
	return true;
}

static unsigned
shard_add(struct redis_slots *s, const struct redis_node *primary)
{
	s->shards = xreallocarray(s->shards, s->n_shards + 1,
	    sizeof(*s->shards));
	memset(&s->shards[s->n_shards], 0, sizeof(*s->shards));
	s->shards[s->n_shards].primary = *primary;
	return s->n_shards++;
}

static unsigned
shard_find(const struct redis_slots *s, struct span host, uint16_t port)
{
	unsigned i;

	for (i = 0; i < s->n_shards; i++) {
		if (s->shards[i].primary.port == port &&
		    span_eq_str(host, s->shards[i].primary.host))
			break;
	}
	return i;
}

static bool
range_bound(const struct value *v, unsigned *out)
{
	if (v->kind != VALUE_INT || v->u.number < 0 ||
	    v->u.number >= REDIS_SLOTS)
		return false;
	*out = (unsigned)v->u.number;
	return true;
}

/* [first, last, primary, replica ...] */
static bool
range_read(struct redis_slots *s, const struct value *v, struct span asked)
{
	struct redis_node node;
	struct redis_shard *shard;
	unsigned first, last, at;
	bool is_new;
	size_t i;

	if (v->kind != VALUE_LIST || v->u.list.n < 3 ||
	    !range_bound(v->u.list.v[0], &first) ||
	    !range_bound(v->u.list.v[1], &last) ||
	    !node_read(v->u.list.v[2], asked, &node))
		return false;
	at = shard_find(s, span_of(node.host), node.port);
	is_new = at == s->n_shards;
	if (!is_new)
		free(node.host);
	else if (s->n_shards < REDIS_NODES_MAX)
		shard_add(s, &node);
	else {
		free(node.host);
		return false;
	}
	shard = &s->shards[at];
	/* Each range of a primary names the same replicas: once is enough. */
	for (i = 3; is_new && i < v->u.list.n &&
	    shard->n_replicas < REDIS_REPLICAS_MAX; i++) {
		if (node_read(v->u.list.v[i], asked, &node))
			shard->replicas[shard->n_replicas++] = node;
	}
	for (; first <= last; first++)
		s->of[first] = (uint16_t)(at + 1);
	return true;
}

struct redis_slots *
redis_slots_read(const struct value *reply, struct span asked)
{
	struct redis_slots *s = xcalloc(1, sizeof(*s));
	size_t i;

	for (i = 0; reply->kind == VALUE_LIST && i < reply->u.list.n; i++) {
		if (!range_read(s, reply->u.list.v[i], asked)) {
			redis_slots_free(&s);
			return NULL;
		}
	}
	if (s->n_shards == 0)
		redis_slots_free(&s);
	return s;
}

void
redis_slots_free(struct redis_slots **sp)
{
	struct redis_slots *s = *sp;
	unsigned i, k;

	*sp = NULL;
	if (s == NULL)
		return;
	for (i = 0; i < s->n_shards; i++) {
		free(s->shards[i].primary.host);
		for (k = 0; k < s->shards[i].n_replicas; k++)
			free(s->shards[i].replicas[k].host);
	}
	free(s->shards);
	free(s);
}

void
redis_slots_move(struct redis_slots *s, unsigned slot, struct span host,
    uint16_t port)
{
	unsigned at = shard_find(s, host, port);
	struct redis_node node;

	if (at == s->n_shards) {
		if (at >= REDIS_NODES_MAX)
			return;
		node.host = span_dup(host);
		node.port = port;
		shard_add(s, &node);
	}
	s->of[slot] = (uint16_t)(at + 1);
}
