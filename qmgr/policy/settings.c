/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/policy/settings.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/ipc/policy.h"
#include "lib/policy/queue_events.h"
#include "lib/settings/suite.h"
#include "qmgr/policy/policyd.h"
#include "qmgr/policy/question.h"

#define UNSPECIFIED "unspecified"

enum { ERROR_MAX = 1024 };

/* ---- answers ------------------------------------------------------------ */

static void
answer_error(struct question *q, const char *why)
{
	struct settings_answer a = { .ok = false, .error = span_of(why) };
	struct buf *out = question_answer(q);

	/* A script's words may be of any length. */
	if (a.error.len > ERROR_MAX)
		a.error.len = ERROR_MAX;
	if (out != NULL)
		settings_answer_put(out, &a);
	question_sent(q);
}

/* One line for the record of the message that has to wait for it. */
static void
answer_failure(struct question *q, const char *event,
    const struct policy_error *error)
{
	char *why;

	if (error->kind == POLICY_REJECTED ||
	    error->kind == POLICY_DISCONNECTED)
		why = xasprintf("%s: %u %s", event, error->code, error->text);
	else
		why = xasprintf("%s: %s", event, error->text);
	log_warnx("policy: %s", why);
	if (error->traceback != NULL)
		log_debug("policy: %s: %s", event, error->traceback);
	answer_error(q, why);
	free(why);
}

static const char *
event_of(enum message type)
{
	return type == MSG_ASK_QUEUE ? "get_queue_config" :
	    type == MSG_ASK_POOL ? "get_egress_pool" :
	    type == MSG_ASK_SOURCE ? "get_egress_source" :
	    "get_egress_path_config";
}

/* The writer of each kind, so that one function answers for all. */
static void
put_settings(enum message type, struct buf *out, const void *settings)
{
	if (type == MSG_ASK_QUEUE)
		queue_config_put(out, settings);
	else if (type == MSG_ASK_POOL)
		egress_pool_put(out, settings);
	else if (type == MSG_ASK_SOURCE)
		egress_source_put(out, settings);
	else
		egress_path_put(out, settings);
}

static void
answer_settings(struct question *q, const void *settings)
{
	struct settings_answer a = { .ok = true };
	struct buf encoded = { .base = NULL };
	struct buf *out;

	put_settings(q->type, &encoded, settings);
	if (buf_len(&encoded) > DELIVERY_TEXT_MAX) {
		log_warnx("policy: %s: what it gives is larger than 64 KiB: "
		    "shorten its lists", event_of(q->type));
		answer_error(q, "the settings are larger than 64 KiB");
	} else {
		out = question_answer(q);
		a.settings = buf_span(&encoded);
		if (out != NULL)
			settings_answer_put(out, &a);
		question_sent(q);
	}
	buf_free(&encoded);
}

/* ---- without a handler -------------------------------------------------- */

static void
default_queue(struct question *q)
{
	struct queue_config config;
	struct ask_queue ask;
	struct reader r;

	reader_init(&r, q->body);
	ask_queue_get(&r, &ask);
	suite_queue_config(&q->pd->daemon.suite, ask.domain, ask.tenant,
	    ask.campaign, &config);
	answer_settings(q, &config);
}

static void
default_path(struct question *q)
{
	struct egress_path path;
	struct ask_path ask;
	struct reader r;

	reader_init(&r, q->body);
	ask_path_get(&r, &ask);
	suite_path(&q->pd->daemon.suite, ask.domain, ask.source, ask.site,
	    &path);
	answer_settings(q, &path);
}

static void
answer_unspecified_pool(struct question *q)
{
	struct egress_pool pool;

	egress_pool_defaults(&pool);
	pool.name = xstrdup(UNSPECIFIED);
	pool.entries.v = xcalloc(1, sizeof(*pool.entries.v));
	pool.entries.n = 1;
	option_defaults(&pool_entry_table, &pool.entries.v[0]);
	pool.entries.v[0].name = xstrdup(UNSPECIFIED);
	answer_settings(q, &pool);
	egress_pool_free(&pool);
}

static void
answer_unspecified_source(struct question *q)
{
	struct egress_source source;

	egress_source_defaults(&source);
	source.name = xstrdup(UNSPECIFIED);
	answer_settings(q, &source);
	egress_source_free(&source);
}

static struct span
asked_name(const struct question *q)
{
	struct ask_name ask;
	struct reader r;

	reader_init(&r, q->body);
	ask_name_get(&r, &ask);
	return ask.name;
}

static void
default_named(struct question *q)
{
	bool is_pool = q->type == MSG_ASK_POOL;
	struct span name = asked_name(q);
	const struct suite *suite = &q->pd->daemon.suite;
	const void *found = is_pool ? (const void *)suite_pool(suite, name) :
	    (const void *)suite_source(suite, name);
	char *why;

	if (found != NULL) {
		answer_settings(q, found);
		return;
	}
	why = xasprintf("the %s '%.*s' is not defined: %s in ekiden.yaml, or "
	    "return it from %s", is_pool ? "pool" : "source",
	    (int)(name.len < 200 ? name.len : 200), name.p,
	    is_pool ? "add it to pools:" : "add it to sources:",
	    is_pool ? "get_egress_pool" : "get_egress_source");
	answer_error(q, why);
	free(why);
}

static void
answer_default(struct question *q)
{
	if (q->type == MSG_ASK_QUEUE)
		default_queue(q);
	else if (q->type == MSG_ASK_PATH)
		default_path(q);
	else
		default_named(q);
}

/* ---- asking ------------------------------------------------------------- */

static void
on_settings(void *arg, const struct policy_error *error, const void *settings)
{
	struct question *q = arg;

	if (error != NULL)
		answer_failure(q, event_of(q->type), error);
	else if (settings != NULL)
		answer_settings(q, settings);
	else
		answer_default(q);
}

static void
on_deadline(void *arg)
{
	struct question *q = arg;

	policy_cancel(q->pd->policy, q->call);
	answer_error(q, "the policy's handler did not answer in time");
}

/* May answer and free the question at once. */
static uint64_t
ask_policy(struct question *q)
{
	struct policy *p = q->pd->policy;
	struct ask_queue queue;
	struct ask_path path;
	struct reader r;

	reader_init(&r, q->body);
	if (q->type == MSG_ASK_QUEUE) {
		ask_queue_get(&r, &queue);
		return policy_queue_config(p, queue.domain, queue.tenant,
		    queue.campaign, queue.routing_domain, on_settings, q);
	}
	if (q->type == MSG_ASK_PATH) {
		ask_path_get(&r, &path);
		return policy_egress_path(p, path.domain, path.source,
		    path.site, on_settings, q);
	}
	return q->type == MSG_ASK_POOL ?
	    policy_egress_pool(p, asked_name(q), on_settings, q) :
	    policy_egress_source(p, asked_name(q), on_settings, q);
}

static void
ask(struct question *q)
{
	uint64_t call = ask_policy(q);

	/* 0: answered, and the question is gone. */
	if (call == 0)
		return;
	q->call = call;
	question_wait(q, on_deadline);
}

static void
on_ask(struct policyd *pd, struct channel *ch, uint64_t id,
    enum message type, enum message answer, struct reader *body)
{
	struct question *q = question_new(pd, ch, id, type, answer, body);
	bool named = type == MSG_ASK_POOL || type == MSG_ASK_SOURCE;

	if (named && span_eq_str(asked_name(q), UNSPECIFIED)) {
		if (type == MSG_ASK_POOL)
			answer_unspecified_pool(q);
		else
			answer_unspecified_source(q);
		return;
	}
	ask(q);
}

/* A body is checked before it is kept: a bad one closes the channel. */
#define ON_ASK(name, TYPE, ANSWER, struct_ask, get)                            \
	void                                                                   \
	settings_on_ask_##name(void *arg, struct channel *ch, uint64_t id,     \
	    struct reader *body, int fd)                                       \
	{                                                                      \
		struct reader check = *body;                                   \
		struct_ask asked;                                              \
                                                                               \
		(void)fd;                                                      \
		get(&check, &asked);                                           \
		if (!reader_end(&check)) {                                     \
			reader_fail(body);                                     \
			return;                                                \
		}                                                              \
		on_ask(arg, ch, id, MSG_##TYPE, MSG_##ANSWER, body);           \
	}

ON_ASK(queue, ASK_QUEUE, QUEUE_IS, struct ask_queue, ask_queue_get)
ON_ASK(pool, ASK_POOL, POOL_IS, struct ask_name, ask_name_get)
ON_ASK(source, ASK_SOURCE, SOURCE_IS, struct ask_name, ask_name_get)
ON_ASK(path, ASK_PATH, PATH_IS, struct ask_path, ask_path_get)

void
settings_ask_again(struct policyd *pd)
{
	struct question *q, *next;

	for (q = pd->questions; q != NULL; q = next) {
		next = q->next;
		if (q->call == 0)
			continue;
		q->call = 0;
		ask(q);
	}
}
