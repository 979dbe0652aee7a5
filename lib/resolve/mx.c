/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve/mx.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/dns/dns.h"
#include "lib/io/loop.h"
#include "lib/resolve/site_name.h"
#include "lib/resolve/target.h"

enum {
	LITERAL_TTL_MS = 3600 * 1000, /* of what no DNS can change */
	TTL_MIN_MS = 1000,            /* a TTL of 0 must not turn in circles */
};

struct waiter {
	struct waiter *next;
	mx_done_fn *done;
	void *arg;
};

/* A name: being resolved, waiting for its turn, or known. */
struct entry {
	struct mx *mx;
	char *key;  /* name:port */
	char *name; /* with its dot at the end */
	uint16_t port;
	enum { WAITING, ASKING, KNOWN } state;
	struct entry *prev, *next; /* KNOWN: least recently used first;
				    * WAITING: next to be asked first */
	struct waiter *waiters;
	uint64_t question;
	struct timer deadline;
	struct arena arena; /* of the answer */
	struct mx_answer answer;
	int64_t until_ms; /* monotonic */
};

struct list {
	struct entry *first, *last;
};

struct mx {
	struct loop *loop;
	struct dns *dns;
	struct mx_limits limits;
	struct map entries;
	struct list known, waiting;
	size_t n_known;
	uint32_t asking;
};

/* ---- lists -------------------------------------------------------------- */

static void
list_add(struct list *l, struct entry *e)
{
	e->next = NULL;
	e->prev = l->last;
	if (l->last != NULL)
		l->last->next = e;
	else
		l->first = e;
	l->last = e;
}

static void
list_del(struct list *l, struct entry *e)
{
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		l->first = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	else
		l->last = e->prev;
	e->prev = e->next = NULL;
}

/* ---- entries ------------------------------------------------------------ */

static void
entry_free(struct entry *e)
{
	struct mx *mx = e->mx;
	struct waiter *w;

	if (e->state == KNOWN) {
		list_del(&mx->known, e);
		mx->n_known--;
	} else if (e->state == WAITING) {
		list_del(&mx->waiting, e);
	} else {
		dns_cancel(mx->dns, e->question);
		mx->asking--;
	}
	map_del(&mx->entries, span_of(e->key));
	while ((w = e->waiters) != NULL) {
		e->waiters = w->next;
		free(w);
	}
	timer_done(&e->deadline);
	arena_free(&e->arena);
	free(e->key);
	free(e->name);
	free(e);
}

static void entry_served(void *arg, const struct dns_answer *dns);

/* As many as may be asked at once. */
static void
entries_start(struct mx *mx)
{
	struct entry *e;

	while (mx->asking < mx->limits.concurrency &&
	    (e = mx->waiting.first) != NULL) {
		list_del(&mx->waiting, e);
		e->state = ASKING;
		mx->asking++;
		e->question = 0;
		e->question = dns_ask(mx->dns, e->name, DNS_MX, entry_served,
		    e);
	}
}

/* The answer is there: tell everybody. An asker may ask again in doing so. */
static void
entry_settle(struct entry *e, int64_t ttl_ms)
{
	struct mx *mx = e->mx;
	struct waiter *w, *waiters = e->waiters;
	struct entry *oldest;

	if (e->state == ASKING)
		mx->asking--;
	else if (e->state == WAITING)
		list_del(&mx->waiting, e);
	timer_done(&e->deadline);
	if (ttl_ms < TTL_MIN_MS)
		ttl_ms = TTL_MIN_MS;
	e->state = KNOWN;
	e->question = 0;
	e->waiters = NULL;
	e->answer.ttl_ms = ttl_ms;
	e->until_ms = loop_mono_ms(mx->loop) + ttl_ms;
	list_add(&mx->known, e);
	if (++mx->n_known > MX_CACHE_MAX) {
		oldest = mx->known.first;
		entry_free(oldest);
	}
	while ((w = waiters) != NULL) {
		waiters = w->next;
		w->done(w->arg, &e->answer);
		free(w);
	}
}

static void
entry_fail(struct entry *e, enum mx_result result, const char *why)
{
	e->answer.result = result;
	e->answer.error = span_of(arena_printf(&e->arena,
	    "MX lookup for %s failed: %s", e->key, why));
	entry_settle(e, e->mx->limits.negative_ttl_ms);
}

static void
entry_timeout(void *arg)
{
	struct entry *e = arg;
	struct mx *mx = e->mx;

	if (e->state == ASKING)
		dns_cancel(mx->dns, e->question);
	entry_fail(e, MX_FAILED, "the servers did not answer in time");
	entries_start(mx);
}

/* ---- answers ------------------------------------------------------------ */

static int
by_preference(const void *left, const void *right)
{
	const struct next_hop *a = left, *b = right;
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int cmp;

	if (a->preference != b->preference)
		return a->preference < b->preference ? -1 : 1;
	cmp = memcmp(a->name.p, b->name.p, len);
	if (cmp != 0)
		return cmp;
	return a->name.len < b->name.len ? -1 : a->name.len > b->name.len;
}

static void
entry_name_site(struct entry *e)
{
	struct span names[MX_HOSTS_MAX];
	struct buf site = { .base = NULL };
	uint32_t i;

	for (i = 0; i < e->answer.n_hosts; i++)
		names[i] = e->answer.hosts[i].name;
	site_name_put(&site, names, e->answer.n_hosts, e->port);
	e->answer.site = arena_span(&e->arena, buf_span(&site));
	buf_free(&site);
}

static void
entry_add_host(struct entry *e, struct span name, uint16_t preference,
    bool secure)
{
	struct next_hop *hop = &e->answer.hosts[e->answer.n_hosts++];

	hop->name = arena_span(&e->arena, name);
	hop->preference = preference;
	hop->addr.port = e->port;
	hop->is_secure = secure;
}

/* No MX: the domain itself (RFC 5321 section 5.1). */
static void
entry_implicit(struct entry *e, const struct dns_answer *dns)
{
	e->answer.hosts = arena_alloc(&e->arena, sizeof(*e->answer.hosts));
	entry_add_host(e, span_of(e->name), 1, dns->secure);
	entry_name_site(e);
	entry_settle(e, dns->ttl != 0 ? (int64_t)dns->ttl * 1000 :
	    e->mx->limits.negative_ttl_ms);
}

/* The DNS allows any byte in a name; a host has letters, digits and hyphens
 * (RFC 1123 section 2.1), and some have underscores. */
static bool
is_host_name(struct span name)
{
	size_t i;
	char c;

	for (i = 0; i < name.len; i++) {
		c = name.p[i];
		if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && c != '-' && c != '_' &&
		    c != '.')
			return false;
	}
	return true;
}

/*
 * All that the DNS lists, but "." among others, and what can be no host. A dot
 * comes twice or more only from a zone that contradicts itself.
 */
static void
entry_explicit(struct entry *e, const struct dns_answer *dns)
{
	bool odd = false;
	size_t i;

	e->answer.is_mx = true;
	e->answer.hosts = arena_alloc(&e->arena,
	    MX_HOSTS_MAX * sizeof(*e->answer.hosts));
	for (i = 0; i < dns->n && e->answer.n_hosts < MX_HOSTS_MAX; i++) {
		if (span_eq_str(dns->v[i].name, "."))
			continue;
		if (is_host_name(dns->v[i].name))
			entry_add_host(e, dns->v[i].name,
			    dns->v[i].preference, dns->secure);
		else
			odd = true;
	}
	if (e->answer.n_hosts == 0 && odd) {
		entry_fail(e, MX_FAILED, "its records name no host");
		return;
	}
	if (e->answer.n_hosts == 0) {
		e->answer.result = MX_NULL;
		e->answer.error = SPAN_LIT("the domain takes no mail "
		    "(null MX)");
	} else {
		qsort(e->answer.hosts, e->answer.n_hosts,
		    sizeof(*e->answer.hosts), by_preference);
		entry_name_site(e);
	}
	entry_settle(e, (int64_t)dns->ttl * 1000);
}

static void
entry_served(void *arg, const struct dns_answer *dns)
{
	struct entry *e = arg;
	struct mx *mx = e->mx;

	switch (dns->status) {
	case DNS_OK:
		entry_explicit(e, dns);
		break;
	case DNS_NODATA:
		entry_implicit(e, dns);
		break;
	case DNS_NXDOMAIN:
		entry_fail(e, MX_NXDOMAIN, "NXDOMAIN");
		break;
	case DNS_FAILED:
		entry_fail(e, MX_FAILED, dns->why);
		break;
	}
	/* Asked from inside entries_start, the loop there goes on. */
	entries_start(mx);
}

/* ---- asking ------------------------------------------------------------- */

static void
answer_bad(struct span domain, mx_done_fn *done, void *arg)
{
	struct arena arena = { .blocks = NULL };
	struct mx_answer a = { .result = MX_FAILED };

	a.ttl_ms = LITERAL_TTL_MS;
	a.error = span_of(arena_printf(&arena, "'%.*s' is no domain",
	    (int)(domain.len < 255 ? domain.len : 255), domain.p));
	done(arg, &a);
	arena_free(&arena);
}

static void
answer_literal(const struct target *t, mx_done_fn *done, void *arg)
{
	struct next_hop hop = { .preference = 1, .addr = t->addr };
	struct mx_answer a = { .result = MX_OK, .hosts = &hop, .n_hosts = 1,
		.ttl_ms = LITERAL_TTL_MS };
	char text[IP_TEXT_MAX];

	hop.addr.port = t->port;
	a.site = span_of(t->port != 0 ? ip_port_format(&hop.addr, text) :
	    ip_format(&hop.addr, text));
	done(arg, &a);
}

static struct entry *
entry_make(struct mx *mx, const struct target *t, char *key)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->mx = mx;
	e->key = key;
	e->name = xasprintf("%s.", t->name);
	e->port = t->port;
	e->state = WAITING;
	timer_init(&e->deadline, mx->loop, entry_timeout, e);
	/* The wait for a turn counts. */
	timer_set(&e->deadline, mx->limits.timeout_ms);
	map_set(&mx->entries, span_of(key), e);
	list_add(&mx->waiting, e);
	return e;
}

static struct entry *
entry_fresh(struct mx *mx, const char *key)
{
	struct entry *e = map_get(&mx->entries, span_of(key));

	if (e == NULL || e->state != KNOWN)
		return e;
	if (e->until_ms <= loop_mono_ms(mx->loop)) {
		entry_free(e);
		return NULL;
	}
	/* Used last. */
	list_del(&mx->known, e);
	list_add(&mx->known, e);
	return e;
}

static void
ask_domain(struct mx *mx, const struct target *t, mx_done_fn *done, void *arg)
{
	char *key = t->port != 0 ? xasprintf("%s:%u", t->name, t->port) :
	    xstrdup(t->name);
	struct entry *e = entry_fresh(mx, key);
	struct mx_answer answer;
	struct waiter *w;

	if (e != NULL && e->state == KNOWN) {
		free(key);
		answer = e->answer;
		answer.ttl_ms = e->until_ms - loop_mono_ms(mx->loop);
		done(arg, &answer);
		return;
	}
	if (e != NULL)
		free(key);
	else
		e = entry_make(mx, t, key);
	w = xmalloc(sizeof(*w));
	*w = (struct waiter){ e->waiters, done, arg };
	e->waiters = w;
	entries_start(mx);
}

void
mx_ask(struct mx *mx, struct span domain, mx_done_fn *done, void *arg)
{
	struct target t;

	if (target_parse(domain, &t) == -1)
		answer_bad(domain, done, arg);
	else if (t.kind == TARGET_ADDRESS)
		answer_literal(&t, done, arg);
	else
		ask_domain(mx, &t, done, arg);
	target_free(&t);
}

void
mx_list_answer(const struct span *entries, uint32_t n, mx_done_fn *done,
    void *arg)
{
	struct arena arena = { .blocks = NULL };
	struct mx_answer a = { .result = MX_OK, .ttl_ms = LITERAL_TTL_MS };
	struct buf site = { .base = NULL };
	struct target t;
	uint32_t i;

	a.hosts = arena_alloc(&arena, n * sizeof(*a.hosts));
	buf_add_str(&site, "mx_list:");
	for (i = 0; i < n && a.result == MX_OK; i++) {
		if (target_parse_entry(entries[i], &t) == -1) {
			a.result = MX_FAILED;
			a.error = span_of(arena_printf(&arena, "'%.*s' of the "
			    "mx_list is no host", (int)(entries[i].len < 255 ?
			    entries[i].len : 255), entries[i].p));
			break;
		}
		if (i != 0)
			buf_add_byte(&site, ',');
		buf_add_span(&site, entries[i]);
		a.hosts[i].name = t.name == NULL ? span_of(NULL) :
		    t.kind == TARGET_UNIX ? arena_span(&arena,
		    span_of(t.name)) : span_of(arena_printf(&arena, "%s.",
		    t.name));
		a.hosts[i].preference = (uint16_t)(i < 65535 ? i : 65535);
		a.hosts[i].addr = t.addr;
		a.hosts[i].addr.port = t.port;
		a.hosts[i].is_unix = t.kind == TARGET_UNIX;
		a.n_hosts++;
		target_free(&t);
	}
	a.site = buf_span(&site);
	done(arg, &a);
	buf_free(&site);
	arena_free(&arena);
}

/* ---- the whole ---------------------------------------------------------- */

struct mx *
mx_new(struct loop *loop, struct dns *dns, const struct mx_limits *limits)
{
	struct mx *mx = xcalloc(1, sizeof(*mx));

	mx->loop = loop;
	mx->dns = dns;
	mx->limits = *limits;
	return mx;
}

void
mx_set_limits(struct mx *mx, const struct mx_limits *limits)
{
	mx->limits = *limits;
	entries_start(mx);
}

void
mx_set_dns(struct mx *mx, struct dns *dns)
{
	struct span key;
	void *value;
	size_t at;

	while (mx->known.first != NULL)
		entry_free(mx->known.first);
	/* What is under way starts again with the new one. */
	for (at = 0; map_next(&mx->entries, &at, &key, &value);) {
		struct entry *e = value;

		if (e->state != ASKING)
			continue;
		dns_cancel(mx->dns, e->question);
		mx->asking--;
		e->state = WAITING;
		list_add(&mx->waiting, e);
	}
	mx->dns = dns;
	entries_start(mx);
}

void
mx_free(struct mx **mxp)
{
	struct mx *mx = *mxp;
	struct span key;
	void *value;
	size_t at;

	if (mx == NULL)
		return;
	while (at = 0, map_next(&mx->entries, &at, &key, &value))
		entry_free(value);
	map_free(&mx->entries, NULL);
	free(mx);
	*mxp = NULL;
}
