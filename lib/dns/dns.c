/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/dns.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/dns/server.h"
#include "lib/dns/zone.h"
#include "lib/io/loop.h"
#include "lib/settings/dns_opts.h"

/* Asked in their order until one has records. */
struct backend {
	struct dns_server *server; /* else zones */
	struct zones zones;
	int64_t wait_ms;
};

/*
 * One question. It lives until its backend has answered, also when nobody
 * waits any more: libunbound holds its address.
 */
struct question {
	struct dns *dns;
	struct question *prev, *next;
	uint64_t id;
	char name[DNS_NAME_MAX];
	uint16_t type;
	unsigned backend;
	bool asking;   /* inside dns_server_ask */
	bool with_server; /* libunbound will call back */
	bool over;     /* done was called, or nobody waits */
	dns_done_fn *done;
	void *arg;
	struct timer deadline;
};

struct dns {
	struct loop *loop;
	struct backend *v;
	unsigned n;
	uint64_t last_id;
	struct map open; /* id -> question */
	struct question *questions;
	size_t count;
};

/* ---- making ------------------------------------------------------------- */

static int
zones_fill(struct zones *z, const struct dns_opts *o, struct problems *p,
    char **why_out)
{
	const char *why;
	size_t i;
	int line;

	for (i = 0; i < o->test_zones.n; i++) {
		if (zones_add(z, span_of(o->test_zones.v[i].zone),
		    o->test_zones.v[i].secure, &line, &why) == 0)
			continue;
		problem_add(p, 0, "dns: zone %zu, its line %d: %s", i + 1,
		    line, why);
		if (why_out != NULL)
			*why_out = xasprintf("zone %zu, its line %d: %s",
			    i + 1, line, why);
		return -1;
	}
	for (i = 0; i < o->servfail.n; i++)
		zones_add_failing(z, span_of(o->servfail.v[i]));
	return 0;
}

static int
backends_add(struct dns *d, const struct dns_opts *o, char **why_out)
{
	struct backend *b;
	size_t i;

	if (o->backend == DNS_AGGREGATE) {
		for (i = 0; i < o->nparts; i++) {
			if (backends_add(d, &o->parts[i], why_out) == -1)
				return -1;
		}
		return 0;
	}
	d->v = xreallocarray(d->v, d->n + 1, sizeof(*d->v));
	b = &d->v[d->n++];
	memset(b, 0, sizeof(*b));
	b->wait_ms = o->options.timeout * o->options.attempts;
	if (o->backend == DNS_TEST)
		return zones_fill(&b->zones, o, NULL, why_out);
	b->server = dns_server_new(d->loop, o, why_out);
	return b->server != NULL ? 0 : -1;
}

struct dns *
dns_new(struct loop *loop, const struct dns_opts *opts, char **why_out)
{
	struct dns *d = xcalloc(1, sizeof(*d));

	d->loop = loop;
	*why_out = NULL;
	if (backends_add(d, opts, why_out) == -1)
		dns_free(&d);
	return d;
}

static void
question_free(struct question *q)
{
	struct dns *d = q->dns;

	map_del(&d->open, span_make(&q->id, sizeof(q->id)));
	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		d->questions = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	d->count--;
	timer_done(&q->deadline);
	free(q);
}

void
dns_free(struct dns **dp)
{
	struct dns *d = *dp;
	unsigned i;

	if (d == NULL)
		return;
	/* First libunbound, which then has no question of ours any more. */
	for (i = 0; i < d->n; i++) {
		dns_server_free(&d->v[i].server);
		zones_free(&d->v[i].zones);
	}
	while (d->questions != NULL)
		question_free(d->questions);
	map_free(&d->open, NULL);
	free(d->v);
	free(d);
	*dp = NULL;
}

/* ---- checking ----------------------------------------------------------- */

bool
dns_needs_files(const struct dns_opts *o)
{
	size_t i;

	if (o->backend == DNS_AGGREGATE) {
		for (i = 0; i < o->nparts; i++) {
			if (dns_needs_files(&o->parts[i]))
				return true;
		}
		return false;
	}
	return o->backend != DNS_TEST && dns_server_needs_files(o);
}

int
dns_check(const struct dns_opts *o, struct problems *p)
{
	struct zones z = { .records = 0 };
	size_t i;
	int result = 0;

	if (o->backend == DNS_TEST) {
		result = zones_fill(&z, o, p, NULL);
		zones_free(&z);
		return result;
	}
	if (o->backend != DNS_AGGREGATE)
		return dns_server_check(o, p);
	for (i = 0; i < o->nparts; i++) {
		if (dns_check(&o->parts[i], p) == -1)
			result = -1;
	}
	return result;
}

/* ---- asking ------------------------------------------------------------- */

static void question_ask(struct question *q);

/* Say it once; then the question may go as soon as libunbound let go. */
static void
question_answer(struct question *q, const struct dns_answer *answer)
{
	if (q->over)
		return;
	q->over = true;
	map_del(&q->dns->open, span_make(&q->id, sizeof(q->id)));
	timer_cancel(&q->deadline);
	q->done(q->arg, answer);
}

static void
question_timeout(void *arg)
{
	struct question *q = arg;
	struct dns_answer answer = { .status = DNS_FAILED,
		.why = "the servers did not answer in time" };
	bool with_server = q->with_server;

	question_answer(q, &answer);
	if (!with_server)
		question_free(q);
}

/* An answer of the backend at hand: enough, or is the next one asked? */
static void
question_judge(struct question *q, const struct dns_answer *answer)
{
	if (q->over)
		return;
	if (answer->status != DNS_OK && q->backend + 1 < q->dns->n) {
		q->backend++;
		question_ask(q);
		return;
	}
	question_answer(q, answer);
}

static void
question_served(void *arg, const struct dns_answer *answer)
{
	struct question *q = arg;

	q->with_server = false;
	question_judge(q, answer);
	/* dns_ask frees what was answered before it returned. */
	if (q->over && !q->with_server && !q->asking)
		question_free(q);
}

static void
question_ask(struct question *q)
{
	struct backend *b = &q->dns->v[q->backend];
	struct arena arena = { .blocks = NULL };
	struct dns_answer answer;

	if (b->server != NULL) {
		timer_set(&q->deadline, b->wait_ms);
		q->with_server = true;
		dns_server_ask(b->server, q->name, q->type, question_served,
		    q);
		return;
	}
	zones_ask(&b->zones, q->name, q->type, &answer, &arena);
	question_judge(q, &answer);
	arena_free(&arena);
}

static void
ask_failed(dns_done_fn *done, void *arg, const char *why)
{
	struct dns_answer answer = { .status = DNS_FAILED, .why = why };

	done(arg, &answer);
}

uint64_t
dns_ask(struct dns *d, const char *name, uint16_t type, dns_done_fn *done,
    void *arg)
{
	size_t len = strlen(name);
	struct question *q;
	uint64_t id;

	if (len == 0 || len > DNS_NAME_MAX - 2) {
		ask_failed(done, arg, "this is no name");
		return 0;
	}
	if (d->count >= DNS_QUESTIONS_MAX) {
		ask_failed(done, arg, "too many questions at once");
		return 0;
	}
	q = xcalloc(1, sizeof(*q));
	q->dns = d;
	q->id = id = ++d->last_id;
	memcpy(q->name, name, len + 1);
	/* Search domains are for people at terminals: names are whole. */
	if (name[len - 1] != '.')
		strcpy(q->name + len, ".");
	q->type = type;
	q->done = done;
	q->arg = arg;
	timer_init(&q->deadline, d->loop, question_timeout, q);
	if ((q->next = d->questions) != NULL)
		q->next->prev = q;
	d->questions = q;
	d->count++;
	map_set(&d->open, span_make(&q->id, sizeof(q->id)), q);
	q->asking = true;
	question_ask(q);
	q->asking = false;
	if (!q->over)
		return id;
	if (!q->with_server)
		question_free(q);
	return 0;
}

void
dns_cancel(struct dns *d, uint64_t id)
{
	struct question *q = map_get(&d->open, span_make(&id, sizeof(id)));

	if (q == NULL)
		return;
	q->over = true;
	map_del(&d->open, span_make(&q->id, sizeof(q->id)));
	timer_cancel(&q->deadline);
	if (!q->with_server && !q->asking)
		question_free(q);
}

void
dns_fail_all(struct dns *d)
{
	struct dns_answer answer = { .status = DNS_FAILED,
		.why = "the resolver was replaced" };
	struct question *q;
	struct span key;
	size_t at;
	void *value;

	while (at = 0, map_next(&d->open, &at, &key, &value)) {
		q = value;
		question_answer(q, &answer);
		if (!q->with_server && !q->asking)
			question_free(q);
	}
}
