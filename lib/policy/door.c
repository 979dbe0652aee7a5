/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/door.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/policy/convert.h"
#include "lib/policy/door_ask.h"
#include "lib/policy/state.h"
#include "lib/settings/value_wire.h"

struct door {
	struct channel *(*channel)(void *arg, enum lookup_op op);
	void *arg;
	uint64_t last;
	struct map waiting; /* id -> struct ask */
};

/*
 * On the stack of the coroutine that waits. The door's map points here until
 * the answer came, or the coroutine was collected.
 */
struct ask {
	struct door *door; /* NULL: not in the map */
	struct policy *policy;
	struct channel *ch;
	uint64_t id, call;
	int (*finish)(lua_State *L);
	enum lookup_op op;
	struct timer overdue;
	bool timed;
	char *error; /* heap; when it failed */
	struct value *result;
};

#define ASK_TYPE "ekiden.ask"

struct door *
door_new(struct channel *(*channel)(void *arg, enum lookup_op op), void *arg)
{
	struct door *d = xcalloc(1, sizeof(*d));

	d->channel = channel;
	d->arg = arg;
	return d;
}

static void
ask_forget(struct ask *a)
{
	if (a->door != NULL)
		map_del(&a->door->waiting, span_make(&a->id, sizeof(a->id)));
	a->door = NULL;
	if (a->timed)
		timer_done(&a->overdue);
	a->timed = false;
}

void
door_free(struct door **dp)
{
	struct door *d = *dp;
	struct span key;
	size_t at = 0;
	void *a;

	*dp = NULL;
	if (d == NULL)
		return;
	while (map_next(&d->waiting, &at, &key, &a))
		((struct ask *)a)->door = NULL;
	map_free(&d->waiting, NULL);
	free(d);
}

void
policy_set_door(struct policy *p, struct door *d)
{
	p->door = d;
}

/* ---- answers ------------------------------------------------------------ */

/* The call may have been cancelled: then nobody wants it any more. */
static void
ask_done(struct ask *a)
{
	struct call *call = map_get(&a->policy->calls,
	    span_make(&a->call, sizeof(a->call)));

	ask_forget(a);
	if (call != NULL)
		call_resume(call);
}

void
door_on_answer(struct door *d, uint64_t id, struct reader *r)
{
	struct ask *a = map_get(&d->waiting, span_make(&id, sizeof(id)));
	struct lookup_answer answer;
	struct reader value;

	lookup_answer_get(r, &answer);
	if (!reader_end(r) || a == NULL)
		return;
	reader_init(&value, answer.result);
	if (answer.ok)
		a->result = value_read(&value);
	if (answer.ok && !reader_end(&value)) {
		reader_fail(r);
		return;
	}
	if (!answer.ok)
		a->error = error_line(answer.error);
	ask_done(a);
}

void
door_lost(struct door *d, const struct channel *ch)
{
	struct span key;
	size_t at = 0;
	void *p;
	struct ask *a;

	/* Resuming changes the map: begin again after each. */
	while (map_next(&d->waiting, &at, &key, &p)) {
		a = p;
		if (a->ch != ch)
			continue;
		a->error = xstrdup("the process that carries this out ended; "
		    "the next one is coming up");
		ask_done(a);
		at = 0;
	}
}

static void
ask_overdue(void *arg)
{
	struct ask *a = arg;

	channel_send(a->ch, MSG_LOOKUP_CANCEL, a->id);
	a->error = xstrdup("no answer in time");
	ask_done(a);
}

/* ---- asking ------------------------------------------------------------- */

static int
ask_gc(lua_State *L)
{
	struct ask *a = luaL_testudata(L, 1, ASK_TYPE);

	if (a == NULL)
		return 0;
	if (a->door != NULL && a->ch != NULL)
		channel_send(a->ch, MSG_LOOKUP_CANCEL, a->id);
	ask_forget(a);
	free(a->error);
	a->error = NULL;
	value_free(&a->result);
	return 0;
}

static struct ask *
ask_new(lua_State *L)
{
	struct ask *a = lua_newuserdatauv(L, sizeof(*a), 0);

	memset(a, 0, sizeof(*a));
	if (luaL_newmetatable(L, ASK_TYPE)) {
		lua_pushcfunction(L, ask_gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	return a;
}

/* Resumed: context is where on the stack the ask lies. */
static int
ask_resumed(lua_State *L, int status, lua_KContext at)
{
	struct ask *a = lua_touserdata(L, (int)at);

	(void)status;
	lua_settop(L, (int)at);
	if (a->error != NULL)
		return where_error(L, "%s: %s", lookup_op_name(a->op),
		    a->error);
	if (a->result == NULL)
		lua_pushnil(L);
	else
		convert_push_value(L, a->result);
	if (a->finish == NULL)
		return 1;
	lua_remove(L, (int)at);
	return a->finish(L);
}

static struct channel *
door_channel(lua_State *L, enum lookup_op op)
{
	struct door *d = policy_of(L)->door;
	struct channel *ch = d == NULL ? NULL : d->channel(d->arg, op);

	if (d == NULL)
		where_error(L, "%s: this process cannot reach the outside "
		    "while it loads the policy: do it in an event",
		    lookup_op_name(op));
	if (ch == NULL)
		where_error(L, "%s: the process that carries this out is "
		    "starting", lookup_op_name(op));
	return ch;
}

/* The value at index into p->scratch, or an error. */
static struct span
args_encode(lua_State *L, enum lookup_op op, int index)
{
	struct policy *p = policy_of(L);
	const char *why;
	struct value *v = convert_value(L, index, 0, &why);

	if (v == NULL)
		where_error(L, "%s: %s", lookup_op_name(op), why);
	buf_clear(&p->scratch, 65536);
	value_write(&p->scratch, v);
	value_free(&v);
	if (buf_len(&p->scratch) > LOOKUP_VALUE_MAX)
		where_error(L, "%s: more than 16 MB at once",
		    lookup_op_name(op));
	return buf_span(&p->scratch);
}

static void
lookup_send(struct channel *ch, uint64_t id, enum lookup_op op,
    struct span args)
{
	struct lookup l = { .op = op, .args = args };

	lookup_put(channel_begin(ch, MSG_LOOKUP, id), &l);
	channel_end(ch);
}

/* 0 to a day. */
static int64_t
wait_of(lua_State *L, int index)
{
	lua_Integer ms = 0;

	if (lua_istable(L, index)) {
		lua_pushliteral(L, "wait_ms");
		lua_rawget(L, index);
		ms = lua_tointeger(L, -1);
		lua_pop(L, 1);
	}
	return ms < 0 ? 0 : ms > 86400000 ? 86400000 : ms;
}

bool
door_can_wait(lua_State *L)
{
	const struct policy *p = policy_of(L);

	return p->door != NULL && p->running != NULL &&
	    p->running->co == L && !p->running->at_once &&
	    lua_isyieldable(L);
}

int
door_ask_within(lua_State *L, enum lookup_op op, int index,
    int (*finish)(lua_State *L), int64_t wait_ms)
{
	struct policy *p = policy_of(L);
	struct channel *ch = door_channel(L, op);
	struct call *call = call_waitable(L);
	struct span args;
	struct ask *a;

	index = lua_absindex(L, index);
	a = ask_new(L);
	a->policy = p;
	a->op = op;
	a->ch = ch;
	a->finish = finish;
	a->call = call->id;
	args = args_encode(L, op, index);
	a->id = ++p->door->last;
	a->door = p->door;
	map_set(&p->door->waiting, span_make(&a->id, sizeof(a->id)), a);
	timer_init(&a->overdue, p->loop, ask_overdue, a);
	a->timed = true;
	timer_set(&a->overdue, wait_ms);
	lookup_send(ch, a->id, op, args);
	return call_wait_then(L, ask_resumed, lua_gettop(L));
}

int
door_ask(lua_State *L, enum lookup_op op, int index,
    int (*finish)(lua_State *L))
{
	return door_ask_within(L, op, index, finish, DOOR_WAIT_MS +
	    wait_of(L, lua_absindex(L, index)));
}

void
door_tell(lua_State *L, enum lookup_op op, int index)
{
	lookup_send(door_channel(L, op), 0, op, args_encode(L, op, index));
}

void
door_tell_quietly(lua_State *L, enum lookup_op op, struct span args)
{
	struct door *d = policy_of(L)->door;
	struct channel *ch = d == NULL ? NULL : d->channel(d->arg, op);

	if (ch != NULL)
		lookup_send(ch, 0, op, args);
}
