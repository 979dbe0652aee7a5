/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/redis/command.h"
#include "lib/redis/slots.h"
#include "lib/settings/redis_url.h"
#include "lib/settings/redis_opts.h"
#include "lookupd/redis_pool.h"

enum {
	CLIENTS_MAX = 1000,
	POOLS_MAX = 500,   /* of one cluster */
	TRIES_MAX = 5,     /* redirections and lost nodes of one command */
	REFRESH_MS = 1000, /* slots are not asked for more often */
	SWEEP_MS = 60000,
	UNUSED_MS = 600000,
	NAME_SIZE = 32,
};

struct redis {
	struct redis_net net;
	struct map clients; /* parameters -> struct client */
	struct timer sweep;
};

/* One set of parameters. */
struct client {
	struct redis *all;
	bool cluster, read_from_replicas;
	struct redis_server *seeds;
	unsigned n_seeds;
	struct map pools; /* "host:port" or "host:port/r" -> redis_pool */
	size_t calls;
	int64_t used_ms;
	/* Of a cluster. */
	struct redis_slots *slots;
	struct redis_request fetch;
	bool fetching;
	unsigned fetch_at, fetch_tries;
	char *fetch_host;
	int64_t fetched_ms;
	unsigned turn;
	struct redis_call *first, **last; /* who waits for the slots */
};

struct redis_call {
	struct redis_request request;
	struct client *client;
	struct redis_call *next;
	bool listed; /* waits for the slots */
	struct buf command;
	char name[NAME_SIZE];
	unsigned flags, slot, tries;
	bool no_replica;
	char where[280]; /* the server it was sent to */
	bool *over; /* while it is being sent: has it ended already? */
	redis_done_fn *done;
	void *arg;
};

static void call_route(struct redis_call *c);
static void slots_fetch(struct client *cl);

/* ---- servers ------------------------------------------------------------ */

/* A node of the cluster that a seed belongs to. */
static struct redis_pool *
pool_get(struct client *cl, const char *host, uint16_t port, bool readonly)
{
	struct redis_server server = cl->seeds[0];
	struct redis_pool *p;
	char key[300];

	snprintf(key, sizeof(key), "%s:%u%s", host, port,
	    readonly ? "/r" : "");
	p = map_get(&cl->pools, span_of(key));
	if (p != NULL || cl->pools.count >= POOLS_MAX)
		return p;
	server.host = (char *)(uintptr_t)host;
	server.port = port;
	server.readonly = readonly;
	p = redis_pool_new(&cl->all->net, &server);
	map_set(&cl->pools, span_of(key), p);
	return p;
}

static struct redis_server
server_make(const struct redis_opts *o, struct redis_url *u, bool cluster)
{
	struct redis_server s = {
		.host = u->host, .port = u->port, .db = u->db,
		.user = u->user, .password = u->password,
		.tls = u->tls, .verify = u->verify,
		.connect_ms = o->connect_timeout, .wait_ms = o->wait_timeout,
		.response_ms = o->response_timeout,
		.recycle_ms = o->recycle_timeout,
		.pool_size = o->pool_size,
	};

	u->host = u->user = u->password = NULL;
	if (!cluster)
		return s;
	s.db = 0; /* a cluster has no other */
	if (s.user == NULL && o->username != NULL)
		s.user = xstrdup(o->username);
	if (s.password == NULL && o->password != NULL)
		s.password = xstrdup(o->password);
	return s;
}

static struct client *
client_new(struct redis *r, struct redis_opts *o)
{
	struct client *cl = xcalloc(1, sizeof(*cl));
	struct redis_url url;
	const char *why;
	size_t i;

	cl->all = r;
	cl->cluster = redis_opts_is_cluster(o);
	cl->read_from_replicas = o->read_from_replicas;
	cl->last = &cl->first;
	cl->fetched_ms = INT64_MIN / 2;
	cl->seeds = xcalloc(o->node.n, sizeof(*cl->seeds));
	for (i = 0; i < o->node.n; i++) {
		if (redis_url_parse(span_of(o->node.v[i]), &url, &why) == 0)
			cl->seeds[cl->n_seeds++] = server_make(o, &url,
			    cl->cluster);
	}
	return cl;
}

static void
pool_drop(void *arg)
{
	struct redis_pool *p = arg;

	redis_pool_free(&p);
}

static void
client_free(void *arg)
{
	struct client *cl = arg;
	unsigned i;

	if (cl->fetching)
		redis_pool_cancel(&cl->fetch);
	map_free(&cl->pools, pool_drop);
	for (i = 0; i < cl->n_seeds; i++)
		redis_server_free(&cl->seeds[i]);
	free(cl->seeds);
	redis_slots_free(&cl->slots);
	buf_free(&cl->fetch.wire);
	free(cl->fetch_host);
	free(cl);
}

static struct client *
client_get(struct redis *r, struct span params, const char **why_out)
{
	struct client *cl = map_get(&r->clients, params);
	struct redis_opts opts;
	struct reader reader;

	if (cl != NULL)
		return cl;
	*why_out = "too many different servers are in use";
	if (r->clients.count >= CLIENTS_MAX)
		return NULL;
	reader_init(&reader, params);
	redis_opts_get(&reader, &opts);
	if (reader_end(&reader) && opts.node.n > 0)
		cl = client_new(r, &opts);
	redis_opts_free(&opts);
	*why_out = "the parameters cannot be read";
	if (cl == NULL)
		return NULL;
	map_set(&r->clients, params, cl);
	if (!timer_is_set(&r->sweep))
		timer_set(&r->sweep, SWEEP_MS);
	return cl;
}

static void
redis_sweep(void *arg)
{
	struct redis *r = arg;
	int64_t old = loop_mono_ms(r->net.loop) - UNUSED_MS;
	struct map left = { .slots = NULL };
	struct client *cl;
	struct span key;
	size_t at = 0;
	void *v;

	while (map_next(&r->clients, &at, &key, &v)) {
		cl = v;
		if (cl->calls == 0 && cl->used_ms < old)
			client_free(cl);
		else
			map_set(&left, key, cl);
	}
	map_free(&r->clients, NULL);
	r->clients = left;
	if (left.count > 0)
		timer_set(&r->sweep, SWEEP_MS);
}

struct redis *
redis_new(const struct redis_net *net)
{
	struct redis *r = xcalloc(1, sizeof(*r));

	r->net = *net;
	timer_init(&r->sweep, net->loop, redis_sweep, r);
	return r;
}

void
redis_free(struct redis **rp)
{
	struct redis *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	timer_done(&r->sweep);
	map_free(&r->clients, client_free);
	free(r);
}

/* ---- the end of a call -------------------------------------------------- */

static void
call_free(struct redis_call *c)
{
	c->client->calls--;
	c->client->used_ms = loop_mono_ms(c->client->all->net.loop);
	buf_free(&c->request.wire);
	buf_free(&c->command);
	free(c);
}

static void
call_end(struct redis_call *c, struct redis_reply *reply, const char *why)
{
	char error[640];

	if (reply != NULL)
		c->done(c->arg, reply, NULL);
	else {
		snprintf(error, sizeof(error), "%s: %s: %s", c->where,
		    c->name, why);
		c->done(c->arg, NULL, error);
	}
	if (c->over != NULL)
		*c->over = true;
	call_free(c);
}

/* ---- a cluster's slots -------------------------------------------------- */

static void
call_list(struct redis_call *c)
{
	struct client *cl = c->client;

	c->next = NULL;
	c->listed = true;
	*cl->last = c;
	cl->last = &c->next;
	slots_fetch(cl);
}

static void
call_unlist(struct redis_call *c)
{
	struct redis_call **at = &c->client->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (*at == NULL)
		c->client->last = at;
	c->listed = false;
}

/* The slots are there, or not (why): all that waited goes on. */
static void
calls_wake(struct client *cl, const char *why)
{
	struct redis_call *c, *list = cl->first;

	cl->first = NULL;
	cl->last = &cl->first;
	for (c = list; c != NULL; c = c->next)
		c->listed = false;
	while ((c = list) != NULL) {
		list = c->next;
		if (why == NULL)
			call_route(c);
		else
			call_end(c, NULL, why);
	}
}

/* Connections to nodes that the cluster no longer names. */
static void
pools_tidy(struct client *cl)
{
	struct map left = { .slots = NULL };
	struct span key;
	size_t at = 0;
	void *p;

	while (map_next(&cl->pools, &at, &key, &p)) {
		if (cl->pools.count > POOLS_MAX / 2 && redis_pool_is_idle(p))
			pool_drop(p);
		else
			map_set(&left, key, p);
	}
	map_free(&cl->pools, NULL);
	cl->pools = left;
}

/* The next one to ask: nodes that are known, then those of the parameters. */
static struct redis_pool *
fetch_from(struct client *cl)
{
	unsigned known = cl->slots == NULL ? 0 : cl->slots->n_shards;
	unsigned at = cl->fetch_at++ % (known + cl->n_seeds);
	const struct redis_node *node;

	free(cl->fetch_host);
	if (at < known) {
		node = &cl->slots->shards[at].primary;
		cl->fetch_host = xstrdup(node->host);
		return pool_get(cl, node->host, node->port, false);
	}
	at -= known;
	cl->fetch_host = xstrdup(cl->seeds[at].host);
	return pool_get(cl, cl->seeds[at].host, cl->seeds[at].port, false);
}

static void fetch_next(struct client *cl, const char *why);

static void
on_slots(struct redis_request *r, struct redis_reply *reply, const char *why,
    bool sent)
{
	struct client *cl = (struct client *)((char *)r -
	    offsetof(struct client, fetch));
	struct redis_slots *slots = NULL;
	char *text = NULL;

	(void)sent;
	if (reply != NULL && reply->value != NULL) {
		slots = redis_slots_read(reply->value,
		    span_of(cl->fetch_host));
		why = "CLUSTER SLOTS names no node";
	} else if (reply != NULL)
		why = text = redis_error_text(span_of(reply->error));
	if (reply != NULL)
		redis_reply_free(reply);
	if (slots == NULL)
		fetch_next(cl, why);
	else {
		redis_slots_free(&cl->slots);
		cl->slots = slots;
		cl->fetching = false;
		cl->fetched_ms = loop_mono_ms(cl->all->net.loop);
		pools_tidy(cl);
		calls_wake(cl, NULL);
	}
	free(text);
}

/* With why: the last one could not tell. */
static void
fetch_next(struct client *cl, const char *why)
{
	unsigned nodes = cl->n_seeds +
	    (cl->slots == NULL ? 0 : cl->slots->n_shards);
	struct redis_pool *p;

	if (cl->fetch_tries++ < nodes && (p = fetch_from(cl)) != NULL) {
		redis_pool_send(p, &cl->fetch);
		return;
	}
	cl->fetching = false;
	calls_wake(cl, why == NULL ? "no node of the cluster can be asked" :
	    why);
}

static void
slots_fetch(struct client *cl)
{
	const struct span words[] = { SPAN_LIT("CLUSTER"), SPAN_LIT("SLOTS") };

	if (cl->fetching)
		return;
	cl->fetching = true;
	cl->fetch_tries = 0;
	cl->fetch.done = on_slots;
	buf_clear(&cl->fetch.wire, 4096);
	redis_command_put(&cl->fetch.wire, words, 2);
	fetch_next(cl, NULL);
}

/* ---- a call ------------------------------------------------------------- */

static void
call_send(struct redis_call *c, const char *host, uint16_t port,
    bool readonly, bool ask)
{
	static const struct span asking = SPAN_LIT("ASKING");
	struct redis_pool *p = pool_get(c->client, host, port, readonly);

	snprintf(c->where, sizeof(c->where), "%s:%u", host, port);
	if (p == NULL) {
		call_end(c, NULL, "the cluster has too many nodes");
		return;
	}
	buf_clear(&c->request.wire, 65536);
	if (ask)
		redis_command_put(&c->request.wire, &asking, 1);
	buf_add_span(&c->request.wire, buf_span(&c->command));
	c->request.replies = ask ? 2 : 1;
	redis_pool_send(p, &c->request);
}

static void
call_route(struct redis_call *c)
{
	struct client *cl = c->client;
	const struct redis_shard *shard;
	const struct redis_node *node;
	unsigned at;

	if (!cl->cluster) {
		call_send(c, cl->seeds[0].host, cl->seeds[0].port, false,
		    false);
		return;
	}
	if (cl->slots == NULL) {
		call_list(c);
		return;
	}
	at = c->flags & REDIS_KEYLESS ?
	    cl->turn++ % cl->slots->n_shards + 1 : cl->slots->of[c->slot];
	if (at == 0) {
		call_end(c, NULL, "no node of the cluster has the slot of its "
		    "key");
		return;
	}
	shard = &cl->slots->shards[at - 1];
	node = &shard->primary;
	if (cl->read_from_replicas && shard->n_replicas > 0 &&
	    (c->flags & REDIS_READS) != 0 && !c->no_replica)
		node = &shard->replicas[cl->turn++ % shard->n_replicas];
	call_send(c, node->host, node->port, node != &shard->primary, false);
}

/* True when it went elsewhere. */
static bool
call_redirect(struct redis_call *c, struct redis_reply *reply)
{
	struct client *cl = c->client;
	struct redis_redirect to;
	char *host;

	if (!cl->cluster || reply->error == NULL ||
	    !redis_redirect_read(span_of(reply->error), &to) ||
	    ++c->tries > TRIES_MAX)
		return false;
	host = to.host.len > 0 ? span_dup(to.host) :
	    xstrdup(redis_pool_server(c->request.pool)->host);
	if (!to.ask && cl->slots != NULL)
		redis_slots_move(cl->slots, to.slot, span_of(host), to.port);
	if (!to.ask && loop_mono_ms(cl->all->net.loop) - cl->fetched_ms >
	    REFRESH_MS)
		slots_fetch(cl);
	redis_reply_free(reply);
	call_send(c, host, to.port, false, to.ask);
	free(host);
	return true;
}

static void
on_reply(struct redis_request *r, struct redis_reply *reply, const char *why,
    bool sent)
{
	struct redis_call *c = (struct redis_call *)(void *)r;
	char *text;

	if (reply != NULL && call_redirect(c, reply))
		return;
	if (reply != NULL && reply->error != NULL) {
		text = redis_error_text(span_of(reply->error));
		call_end(c, NULL, text);
		free(text);
		redis_reply_free(reply);
	} else if (reply != NULL) {
		call_end(c, reply, NULL);
		redis_reply_free(reply);
	} else if (!sent && c->client->cluster && ++c->tries <= TRIES_MAX &&
	    !c->no_replica) {
		/* Its node is gone: who has the slot now? */
		c->no_replica = true;
		call_list(c);
	} else
		call_end(c, NULL, why);
}

static void
name_set(struct redis_call *c, struct span word)
{
	size_t i;

	text_printable(word, c->name, sizeof(c->name));
	for (i = 0; c->name[i] != '\0'; i++) {
		if (c->name[i] >= 'a' && c->name[i] <= 'z')
			c->name[i] = (char)(c->name[i] - 32);
	}
}

static const char *
why_refused(const struct span *words, size_t n)
{
	if (n == 0 || n > REDIS_WORDS_MAX || words[0].len == 0)
		return "this is no command";
	if (redis_command_flags(words, n) & REDIS_REFUSED)
		return "it changes the connection, which others share: user, "
		    "password and database belong into the URL, several "
		    "steps at once into EVAL";
	return NULL;
}

struct redis_call *
redis_send(struct redis *r, struct span params, const struct span *words,
    size_t n, redis_done_fn *done, void *arg)
{
	const char *why = why_refused(words, n);
	struct client *cl = why != NULL ? NULL : client_get(r, params, &why);
	struct redis_call *c;
	bool over = false;
	size_t key;

	if (cl == NULL) {
		done(arg, NULL, why);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->client = cl;
	cl->calls++;
	c->done = done;
	c->arg = arg;
	c->flags = redis_command_flags(words, n);
	key = redis_command_key(words, n);
	c->slot = key == 0 ? 0 : redis_slot(words[key]);
	name_set(c, words[0]);
	snprintf(c->where, sizeof(c->where), "%s:%u", cl->seeds[0].host,
	    cl->seeds[0].port);
	redis_command_put(&c->command, words, n);
	c->request.done = on_reply;
	c->request.waits = (c->flags & REDIS_WAITS) != 0;
	c->over = &over;
	call_route(c);
	if (over)
		return NULL;
	c->over = NULL;
	return c;
}

void
redis_cancel(struct redis_call *c)
{
	if (c->listed)
		call_unlist(c);
	else
		redis_pool_cancel(&c->request);
	call_free(c);
}
