/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/redis_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

enum { LOAD_MAX = 64 }; /* commands that follow each other */

struct redis_pool {
	const struct redis_net *net;
	struct redis_server server;
	struct redis_conn **conns;
	unsigned n_conns;
	struct redis_request *first, **last; /* who waits for a connection */
	struct deferred pump;
};

static void pool_pump(void *arg);

void
redis_server_copy(struct redis_server *out, const struct redis_server *in)
{
	*out = *in;
	out->host = xstrdup(in->host);
	out->user = in->user == NULL ? NULL : xstrdup(in->user);
	out->password = in->password == NULL ? NULL : xstrdup(in->password);
}

void
redis_server_free(struct redis_server *s)
{
	free(s->host);
	free(s->user);
	free(s->password);
	memset(s, 0, sizeof(*s));
}

struct redis_pool *
redis_pool_new(const struct redis_net *net, const struct redis_server *server)
{
	struct redis_pool *p = xcalloc(1, sizeof(*p));

	p->net = net;
	redis_server_copy(&p->server, server);
	p->conns = xcalloc(server->pool_size, sizeof(*p->conns));
	p->last = &p->first;
	p->pump.run = pool_pump;
	p->pump.arg = p;
	return p;
}

void
redis_pool_free(struct redis_pool **pp)
{
	struct redis_pool *p = *pp;

	*pp = NULL;
	while (p->n_conns > 0)
		redis_conn_close(&p->conns[--p->n_conns], NULL);
	loop_undefer(p->net->loop, &p->pump);
	redis_server_free(&p->server);
	free(p->conns);
	free(p);
}

const struct redis_server *
redis_pool_server(const struct redis_pool *p)
{
	return &p->server;
}

static unsigned
conns_coming(const struct redis_pool *p)
{
	unsigned i, n = 0;

	for (i = 0; i < p->n_conns; i++)
		n += redis_conn_is_up(p->conns[i]) ? 0 : 1;
	return n;
}

/* ---- who waits ---------------------------------------------------------- */

static void
wait_unlink(struct redis_pool *p, struct redis_request *r)
{
	struct redis_request **at = &p->first;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (*at == NULL)
		p->last = at;
	timer_done(&r->overdue);
}

static void
wait_over(void *arg)
{
	struct redis_request *r = arg;
	char why[96];

	snprintf(why, sizeof(why), "no connection had room in time (%u of %u "
	    "are there)", r->pool->n_conns, r->pool->server.pool_size);
	wait_unlink(r->pool, r);
	r->done(r, NULL, why, false);
}

static void
wait_add(struct redis_pool *p, struct redis_request *r)
{
	r->next = NULL;
	*p->last = r;
	p->last = &r->next;
	timer_init(&r->overdue, p->net->loop, wait_over, r);
	/* A connection that may still come has its own time limit. */
	timer_set(&r->overdue, p->n_conns == p->server.pool_size &&
	    conns_coming(p) == 0 ? p->server.wait_ms :
	    p->server.connect_ms + p->server.wait_ms);
}

/* ---- connections -------------------------------------------------------- */

/* One for this request now, or NULL. */
static struct redis_conn *
conn_choose(struct redis_pool *p, const struct redis_request *r)
{
	struct redis_conn *best = NULL, *c;
	unsigned i;

	for (i = 0; i < p->n_conns; i++) {
		c = p->conns[i];
		if (redis_conn_is_up(c) && redis_conn_load(c) < LOAD_MAX &&
		    (best == NULL ||
		    redis_conn_load(c) < redis_conn_load(best)))
			best = c;
	}
	if (best == NULL || redis_conn_load(best) == 0)
		return best;
	/* A new one that is on its way will do better. */
	if (r->waits || p->n_conns < p->server.pool_size)
		return NULL;
	return best;
}

static void
conn_add(struct redis_pool *p)
{
	if (p->n_conns < p->server.pool_size)
		p->conns[p->n_conns++] = redis_conn_open(p, p->net,
		    &p->server);
}

static void
pool_pump(void *arg)
{
	struct redis_pool *p = arg;
	struct redis_request *r;
	struct redis_conn *c;
	unsigned waiting = 0, coming;

	while ((r = p->first) != NULL && (c = conn_choose(p, r)) != NULL) {
		if (redis_conn_is_stale(c)) {
			redis_conn_check(c);
			continue;
		}
		wait_unlink(p, r);
		redis_conn_send(c, r);
	}
	for (r = p->first; r != NULL && waiting < p->server.pool_size;
	    r = r->next)
		waiting++;
	for (coming = conns_coming(p); coming < waiting; coming++)
		conn_add(p);
}

void
redis_pool_up(struct redis_pool *p)
{
	loop_defer(p->net->loop, &p->pump);
}

/* Without any connection nobody is let wait for the next one in vain. */
void
redis_pool_lost(struct redis_pool *p, struct redis_conn *c, const char *why)
{
	struct redis_request *r, *waiting = NULL;
	bool was_up = redis_conn_is_up(c), any = false;
	unsigned i, at = p->n_conns;

	for (i = 0; i < p->n_conns; i++) {
		if (p->conns[i] == c)
			at = i;
		else
			any = any || redis_conn_is_up(p->conns[i]);
	}
	p->conns[at] = p->conns[--p->n_conns];
	if (!was_up && !any) {
		waiting = p->first;
		p->first = NULL;
		p->last = &p->first;
	}
	redis_pool_up(p);
	for (r = waiting; r != NULL; r = r->next)
		timer_done(&r->overdue);
	/* From here on the pool may be freed by whoever hears of it. */
	redis_conn_close(&c, why);
	while ((r = waiting) != NULL) {
		waiting = r->next;
		r->done(r, NULL, why, false);
	}
}

bool
redis_pool_is_idle(const struct redis_pool *p)
{
	unsigned i;

	for (i = 0; i < p->n_conns; i++) {
		if (redis_conn_load(p->conns[i]) > 0)
			return false;
	}
	return p->first == NULL;
}

void
redis_pool_send(struct redis_pool *p, struct redis_request *r)
{
	r->pool = p;
	r->flight = NULL;
	wait_add(p, r);
	pool_pump(p);
}

void
redis_pool_cancel(struct redis_request *r)
{
	if (r->flight != NULL)
		redis_conn_cancel(r);
	else
		wait_unlink(r->pool, r);
}
