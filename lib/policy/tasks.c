/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/policy/convert.h"
#include "lib/policy/state.h"

/* In the bundle: the chunk's name is this and the event's, its text is JSON. */
#define TASK_PREFIX "task:"

enum { TASKS_MAX = 1000 };

int
kumo_spawn_task(lua_State *L)
{
	struct policy *p = policy_of(L);
	const char *event, *why;
	char *name;
	unsigned n = 0;
	size_t i;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (p->phase != PHASE_INIT)
		return where_error(L, "kumo.spawn_task must be called inside "
		    "kumo.on('init', function() ... end)");
	if (lua_getfield(L, 1, "event_name") != LUA_TSTRING)
		return where_error(L, "kumo.spawn_task: event_name must be "
		    "given");
	event = lua_tostring(L, -1);
	if (map_get(&p->events, span_of(event)) == NULL)
		return where_error(L, "kumo.spawn_task: there is no "
		    "kumo.on('%s', ...)", event);
	for (i = 0; i < p->bundle.n; i++)
		n += strncmp(p->bundle.v[i].name, TASK_PREFIX,
		    sizeof(TASK_PREFIX) - 1) == 0;
	if (n >= TASKS_MAX)
		return where_error(L, "kumo.spawn_task: more than %d tasks",
		    TASKS_MAX);
	if (lua_getfield(L, 1, "args") == LUA_TNIL)
		lua_newtable(L);
	buf_clear(&p->scratch, 65536);
	if (convert_to_json(L, -1, &p->scratch, &why) == -1)
		return where_error(L, "kumo.spawn_task: args: %s", why);
	name = xasprintf(TASK_PREFIX "%u:%s", n, event);
	bundle_add(&p->bundle, name, buf_span(&p->scratch));
	free(name);
	return 0;
}

/* ---- running them ------------------------------------------------------- */

struct task {
	struct call call; /* first */
	const struct chunk *chunk;
};

static const char *
task_event(const struct chunk *c)
{
	return strchr(c->name + sizeof(TASK_PREFIX) - 1, ':') + 1;
}

static int
task_push(struct call *call, lua_State *co)
{
	struct task *t = (struct task *)call;

	convert_push_json(co, span_make(t->chunk->p, t->chunk->len));
	return 1;
}

static void
task_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct task *t = (struct task *)call;

	(void)co;
	(void)n;
	if (error == NULL)
		return;
	log_warnx("policy: task %s ended: %s", task_event(t->chunk),
	    error->text);
	if (error->traceback != NULL)
		log_debug("policy: task %s: %s", task_event(t->chunk),
		    error->traceback);
}

static void
task_drop(struct call *call)
{
	free(call);
}

static const struct call_ops task_ops = {
	.push = task_push, .finish = task_finish, .drop = task_drop,
};

void
policy_tasks(struct policy *p)
{
	struct task *t;
	size_t i;

	for (i = 0; i < p->bundle.n; i++) {
		if (strncmp(p->bundle.v[i].name, TASK_PREFIX,
		    sizeof(TASK_PREFIX) - 1) != 0)
			continue;
		t = xcalloc(1, sizeof(*t));
		t->call.ops = &task_ops;
		t->call.lasting = true;
		t->chunk = &p->bundle.v[i];
		(void)call_start(p, &t->call, task_event(t->chunk));
	}
}
