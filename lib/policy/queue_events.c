/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/queue_events.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/policy/object.h"
#include "lib/policy/state.h"

enum { ARGUMENTS_MAX = 4 };

struct queue_call {
	struct call call; /* first */
	const char *event;
	const struct object_kind *kind;
	struct span arguments[ARGUMENTS_MAX];
	int n;
	bool must; /* nil is a fault */
	policy_settings_fn *done;
	void *arg;
};

static int
queue_push(struct call *call, lua_State *co)
{
	struct queue_call *q = (struct queue_call *)call;
	int i;

	for (i = 0; i < q->n; i++) {
		if (q->arguments[i].len == 0)
			lua_pushnil(co);
		else
			lua_pushlstring(co, q->arguments[i].p,
			    q->arguments[i].len);
	}
	return q->n;
}

static void
queue_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct queue_call *q = (struct queue_call *)call;
	struct policy_error wrong = { .kind = POLICY_FAILED };
	const void *settings = NULL;
	bool none = n == 0 || lua_isnil(co, -n);

	if (error == NULL && co != NULL && !none)
		settings = object_test(co, -n, q->kind);
	if (error == NULL && co != NULL && settings == NULL &&
	    (!none || q->must)) {
		wrong.text = xasprintf("%s must return what %s makes",
		    q->event, q->kind->maker);
		error = &wrong;
	}
	q->done(q->arg, error, settings);
	policy_error_free(&wrong);
}

static void
queue_drop(struct call *call)
{
	free(call);
}

static const struct call_ops queue_ops = {
	.push = queue_push, .finish = queue_finish, .drop = queue_drop,
};

static uint64_t
ask(struct policy *p, const char *event, const struct object_kind *kind,
    const struct span *arguments, int n, policy_settings_fn *done, void *arg)
{
	struct queue_call *q = xcalloc(1, sizeof(*q));

	q->call.ops = &queue_ops;
	q->event = event;
	q->kind = kind;
	memcpy(q->arguments, arguments, (size_t)n * sizeof(*arguments));
	q->n = n;
	q->done = done;
	q->arg = arg;
	q->call.chain = kind == &object_queue_config;
	/* A queue without an opinion has the defaults; the others must say. */
	q->must = !q->call.chain;
	return call_start(p, &q->call, event);
}

uint64_t
policy_queue_config(struct policy *p, struct span domain, struct span tenant,
    struct span campaign, struct span routing_domain,
    policy_settings_fn *done, void *arg)
{
	struct span a[] = { domain, tenant, campaign, routing_domain };

	return ask(p, "get_queue_config", &object_queue_config, a, 4, done,
	    arg);
}

uint64_t
policy_egress_pool(struct policy *p, struct span name,
    policy_settings_fn *done, void *arg)
{
	return ask(p, "get_egress_pool", &object_egress_pool, &name, 1, done,
	    arg);
}

uint64_t
policy_egress_source(struct policy *p, struct span name,
    policy_settings_fn *done, void *arg)
{
	return ask(p, "get_egress_source", &object_egress_source, &name, 1,
	    done, arg);
}

uint64_t
policy_egress_path(struct policy *p, struct span routing_domain,
    struct span source, struct span site, policy_settings_fn *done,
    void *arg)
{
	struct span a[] = { routing_domain, source, site };

	return ask(p, "get_egress_path_config", &object_egress_path, a, 3,
	    done, arg);
}
