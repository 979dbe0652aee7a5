/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/asks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/policy.h"
#include "lib/mail/queue_name.h"
#include "qmgr/qmgr.h"

enum {
	LOG_TEXT = 200,
	RECORD_TEXT = 1024,
	BROKEN_TLS_MS = 15 * 60 * 1000, /* with the reconnect option alone */
};

struct ask {
	enum action_kind kind;
	char *name;             /* as the engine calls it */
	char *domain, *source, *site;
};

struct asks {
	struct map open;        /* request id -> struct ask */
	uint64_t last;
	struct map broken_tls;  /* ready queue -> int64_t: remember how long */
};

void
asks_init(struct qmgr *q)
{
	q->asks = xcalloc(1, sizeof(*q->asks));
}

static struct span
id_key(const uint64_t *id)
{
	return span_make(id, sizeof(*id));
}

static void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	free(a->name);
	free(a->domain);
	free(a->source);
	free(a->site);
	free(a);
}

/* ---- asking ------------------------------------------------------------- */

static void
send_queue(struct channel *ch, uint64_t id, const struct ask *a)
{
	struct ask_queue body = { 0 };
	struct queue_name n;

	if (queue_name_parse(span_of(a->name), &n) == 0) {
		body.domain = n.domain;
		body.tenant = n.tenant;
		body.campaign = n.campaign;
		body.routing_domain = n.routing_domain;
	} else
		body.domain = span_of(a->name);
	ask_queue_put(channel_begin(ch, MSG_ASK_QUEUE, id), &body);
	channel_end(ch);
}

static void
ask_send(struct qmgr *q, uint64_t id, const struct ask *a)
{
	struct channel *ch = daemon_peer(&q->d, ROLE_POLICY, 0);
	struct ask_name name = { span_of(a->name) };
	struct ask_path path = { span_of(a->domain), span_of(a->source),
		span_of(a->site) };
	struct ask_mx mx = { .domain = span_of(a->name) };

	if (ch == NULL)
		return;
	switch (a->kind) {
	case ACTION_ASK_QUEUE_CONFIG:
		send_queue(ch, id, a);
		return;
	case ACTION_ASK_POOL:
		ask_name_put(channel_begin(ch, MSG_ASK_POOL, id), &name);
		break;
	case ACTION_ASK_SOURCE:
		ask_name_put(channel_begin(ch, MSG_ASK_SOURCE, id), &name);
		break;
	case ACTION_ASK_MX:
		ask_mx_put(channel_begin(ch, MSG_ASK_MX, id), &mx);
		break;
	case ACTION_ASK_PATH:
		ask_path_put(channel_begin(ch, MSG_ASK_PATH, id), &path);
		break;
	case ACTION_OPEN_SESSION:
	case ACTION_DISPATCH:
	case ACTION_CLOSE_SESSION:
	case ACTION_SETTLE:
		return;
	}
	channel_end(ch);
}

void
asks_put(struct qmgr *q, const struct action *action)
{
	struct ask *a = xcalloc(1, sizeof(*a));
	uint64_t id = ++q->asks->last;

	a->kind = action->kind;
	a->name = span_dup(action->u.ask.name);
	a->domain = span_dup(action->u.ask.domain);
	a->source = span_dup(action->u.ask.source);
	a->site = span_dup(action->u.ask.site);
	map_set(&q->asks->open, id_key(&id), a);
	ask_send(q, id, a);
}

void
asks_policy_up(struct qmgr *q)
{
	struct span key;
	uint64_t id;
	void *a;
	size_t at = 0;

	while (map_next(&q->asks->open, &at, &key, &a)) {
		memcpy(&id, key.p, sizeof(id));
		ask_send(q, id, a);
	}
}

/* ---- answers ------------------------------------------------------------ */

/* The question that this answers, taken from the table; NULL: none. */
static struct ask *
answered(struct qmgr *q, uint64_t id, enum action_kind kind)
{
	struct ask *a = map_get(&q->asks->open, id_key(&id));

	if (a == NULL || a->kind != kind)
		return NULL;
	map_del(&q->asks->open, id_key(&id));
	qmgr_input(q);
	return a;
}

/* The engine and the log hear why there is nothing. */
static void
ask_failed(struct qmgr *q, const struct ask *a, struct span why)
{
	static const char *const things[] = {
		[ACTION_ASK_QUEUE_CONFIG] = "queue",
		[ACTION_ASK_POOL] = "pool",
		[ACTION_ASK_SOURCE] = "source",
		[ACTION_ASK_PATH] = "path",
	};
	char text[LOG_TEXT], name[LOG_TEXT];

	if (why.len > RECORD_TEXT)
		why.len = RECORD_TEXT;
	log_warnx("%s=%s no answer: %s", things[a->kind],
	    text_printable(span_of(a->name), name, sizeof(name)),
	    text_printable(why, text, sizeof(text)));
	engine_no_answer(q->engine, a->kind, span_of(a->name), why);
}

/* The question that settings came for, or NULL. */
static struct ask *
settings_ask(struct qmgr *q, uint64_t id, enum action_kind kind,
    struct reader *r, struct settings_answer *s_out)
{
	settings_answer_get(r, s_out);
	return reader_end(r) ? answered(q, id, kind) : NULL;
}

/* Were they read in full? If not, that is the answer. */
static bool
settings_good(struct qmgr *q, const struct ask *a,
    const struct settings_answer *s, const struct reader *in)
{
	if (s->ok && reader_end(in) && s->settings.len <= DELIVERY_TEXT_MAX)
		return true;
	ask_failed(q, a, s->ok ? SPAN_LIT("the settings are damaged") :
	    s->error);
	return false;
}

void
asks_on_pool(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct settings_answer s;
	struct egress_pool pool;
	struct reader in;
	struct ask *a = settings_ask(q, id, ACTION_ASK_POOL, r, &s);

	(void)ch;
	(void)fd;
	if (a == NULL)
		return;
	reader_init(&in, s.settings);
	egress_pool_get(&in, &pool);
	if (settings_good(q, a, &s, &in))
		engine_pool(q->engine, span_of(a->name), &pool);
	egress_pool_free(&pool);
	ask_free(a);
}

void
asks_on_source(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct settings_answer s;
	struct egress_source source;
	struct reader in;
	struct ask *a = settings_ask(q, id, ACTION_ASK_SOURCE, r, &s);

	(void)ch;
	(void)fd;
	if (a == NULL)
		return;
	reader_init(&in, s.settings);
	egress_source_get(&in, &source);
	if (settings_good(q, a, &s, &in))
		engine_source(q->engine, span_of(a->name), &source,
		    s.settings);
	egress_source_free(&source);
	ask_free(a);
}

/* Most paths want none remembered, and have no entry. */
static void
remember_broken_tls(struct asks *k, struct span ready_queue,
    const struct egress_path *path)
{
	int64_t ms = path->remember_broken_tls, *kept;

	if (ms <= 0 && path->opportunistic_tls_reconnect_on_failed_handshake)
		ms = BROKEN_TLS_MS;
	if (ms <= 0) {
		free(map_del(&k->broken_tls, ready_queue));
		return;
	}
	kept = map_get(&k->broken_tls, ready_queue);
	if (kept == NULL) {
		kept = xcalloc(1, sizeof(*kept));
		map_set(&k->broken_tls, ready_queue, kept);
	}
	*kept = ms;
}

void
asks_on_path(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct settings_answer s;
	struct egress_path path;
	struct reader in;
	struct ask *a = settings_ask(q, id, ACTION_ASK_PATH, r, &s);

	(void)ch;
	(void)fd;
	if (a == NULL)
		return;
	reader_init(&in, s.settings);
	egress_path_get(&in, &path);
	if (settings_good(q, a, &s, &in)) {
		remember_broken_tls(q->asks, span_of(a->name), &path);
		engine_path(q->engine, span_of(a->name), &path, s.settings);
	}
	egress_path_free(&path);
	ask_free(a);
}

int64_t
asks_broken_tls_ms(struct qmgr *q, struct span ready_queue)
{
	int64_t *remember = map_get(&q->asks->broken_tls, ready_queue);

	return remember != NULL ? *remember : 0;
}

/* Hosts as the engine carries them: a flag, then the list. */
static void
hosts_pack(struct buf *out, const struct next_hop *v, uint32_t n,
    bool keep_order)
{
	put_bool(out, keep_order);
	mx_hosts_put(out, v, n);
}

static int
host_compare(const void *left, const void *right)
{
	const struct next_hop *const *a = left, *const *b = right;
	size_t len = (*a)->name.len < (*b)->name.len ? (*a)->name.len :
	    (*b)->name.len;
	int cmp = len == 0 ? 0 : memcmp((*a)->name.p, (*b)->name.p, len);

	return cmp != 0 ? cmp : (*a)->name.len < (*b)->name.len ? -1 :
	    (*a)->name.len > (*b)->name.len;
}

/* Which hosts there are, however they are ranked. */
static void
set_pack(struct buf *out, const struct next_hop *v, uint32_t n)
{
	const struct next_hop **order = xcalloc((size_t)n + 1,
	    sizeof(struct next_hop *));
	uint32_t i;

	for (i = 0; i < n; i++)
		order[i] = &v[i];
	qsort(order, n, sizeof(struct next_hop *), host_compare);
	for (i = 0; i < n; i++) {
		put_span(out, order[i]->name);
		ip_put(out, &order[i]->addr);
	}
	free(order);
}

/* An mx_list names its hosts itself: "mx_list:a,b:2525" and the list. */
static void
mx_list_pack(const struct mx_hosts *list, struct buf *site, struct buf *hosts)
{
	struct next_hop *v = xcalloc(list->n, sizeof(*v));
	size_t i;

	buf_add_str(site, "mx_list:");
	for (i = 0; i < list->n; i++) {
		const struct mx_host *h = &list->v[i];

		buf_addf(site, i == 0 ? "%s" : ",%s", h->name);
		if (h->port != 0)
			buf_addf(site, ":%u", h->port);
		v[i].name = span_of(h->name);
		v[i].preference = (uint16_t)i;
		v[i].addr = h->addr;
		v[i].addr.port = h->port;
		v[i].is_unix = h->name[0] == '/';
	}
	hosts_pack(hosts, v, (uint32_t)list->n, true);
	free(v);
}

/* What the engine must know of a queue beside its settings. */
static void
queue_answer(struct qmgr *q, const struct ask *a, struct span wire,
    const struct queue_config *config)
{
	struct engine_queue_config c = { .config = config, .wire = wire,
		.protocol = SPAN_LIT("smtp_client"), .worker = WORKER_SMTP };
	struct buf protocol = { 0 }, terms = { 0 }, site = { 0 }, hosts = { 0 };
	struct queue_name n;

	switch (config->protocol.kind) {
	case PROTOCOL_SMTP:
		if (config->protocol.smtp.mx_list.n > 0)
			mx_list_pack(&config->protocol.smtp.mx_list, &site,
			    &hosts);
		/* smtp-out proper sees no path. */
		if (mx_hosts_are_sockets(&config->protocol.smtp.mx_list))
			c.worker = WORKER_SCRIPT;
		break;
	case PROTOCOL_MAILDIR:
		buf_addf(&protocol, "maildir:%s",
		    config->protocol.maildir_path);
		c.protocol = buf_span(&protocol);
		/* The modes, too: who shares the path may want others. */
		protocol_put(&terms, &config->protocol);
		c.terms = buf_span(&terms);
		c.worker = WORKER_SCRIPT;
		if (queue_name_parse(span_of(a->name), &n) == 0)
			buf_add_span(&site, n.routing_domain.len > 0 ?
			    n.routing_domain : n.domain);
		hosts_pack(&hosts, NULL, 0, true);
		break;
	case PROTOCOL_CUSTOM_LUA:
	case PROTOCOL_XFER:
		ask_failed(q, a, SPAN_LIT("the queue's protocol is not served "
		    "by this version"));
		return;
	}
	c.site = buf_span(&site);
	c.hosts = buf_span(&hosts);
	engine_queue_config(q->engine, span_of(a->name), &c);
	buf_free(&protocol);
	buf_free(&terms);
	buf_free(&site);
	buf_free(&hosts);
}

void
asks_on_queue(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct qmgr *q = arg;
	struct settings_answer s;
	struct queue_config config;
	struct reader in;
	struct ask *a = settings_ask(q, id, ACTION_ASK_QUEUE_CONFIG, r, &s);

	(void)ch;
	(void)fd;
	if (a == NULL)
		return;
	reader_init(&in, s.settings);
	queue_config_get(&in, &config);
	if (settings_good(q, a, &s, &in))
		queue_answer(q, a, s.settings, &config);
	queue_config_free(&config);
	ask_free(a);
}

void
asks_on_mx(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	static const enum engine_mx_result results[MX_RESULTS] = {
		[MX_OK] = ENGINE_MX_FOUND,
		[MX_NXDOMAIN] = ENGINE_MX_NXDOMAIN,
		[MX_FAILED] = ENGINE_MX_FAILED,
		[MX_NULL] = ENGINE_MX_NULL,
	};
	struct qmgr *q = arg;
	struct arena arena = { 0 };
	struct buf hosts = { 0 }, set = { 0 };
	struct engine_mx answer;
	struct mx_answer m;
	struct ask *a;

	(void)ch;
	(void)fd;
	mx_answer_get(r, &m, &arena);
	if (!reader_end(r))
		goto out;
	a = answered(q, id, ACTION_ASK_MX);
	if (a == NULL)
		goto out;
	hosts_pack(&hosts, m.hosts, m.n_hosts, false);
	set_pack(&set, m.hosts, m.n_hosts);
	answer = (struct engine_mx){ .result = results[m.result],
		.site = m.site, .hosts = buf_span(&hosts),
		.set = buf_span(&set), .text = m.error, .ttl_ms = m.ttl_ms };
	engine_mx(q->engine, span_of(a->name), &answer);
	ask_free(a);
out:
	buf_free(&hosts);
	buf_free(&set);
	arena_free(&arena);
}
