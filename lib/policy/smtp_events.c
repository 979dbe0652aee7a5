/* SPDX-License-Identifier: Apache-2.0 */
/* Events about rights and messages. */
#include "lib/policy/smtp_events.h"

#include "lib/base/arena.h"
#include "lib/policy/address.h"
#include "lib/policy/message.h"
#include "lib/policy/meta.h"
#include "lib/policy/object.h"
#include "lib/policy/smtp_call.h"

/* ---- msg, conn_meta: a verdict ------------------------------------------ */

static int
message_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	shell_push(co, call, MESSAGE_TYPE, s->message);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 2;
}

static void
verdict_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);

	(void)co;
	(void)n;
	s->done(s->arg, &v);
}

static const struct call_ops message_ops = {
	.push = message_push, .finish = verdict_finish,
	.drop = smtp_call_drop,
};

static uint64_t
message_event(struct policy *p, const char *event, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&message_ops, event, conn, arg);

	s->message = m;
	s->done = done;
	return smtp_call_start(p, s);
}

uint64_t
policy_message_received(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	return message_event(p, "smtp_server_message_received", m, conn, done,
	    arg);
}

uint64_t
policy_smtp_data(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	return message_event(p, "smtp_server_data", m, conn, done, arg);
}

/* ---- conn_meta, or an address and it: a verdict ------------------------- */

static int
connected_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 1;
}

static const struct call_ops connected_ops = {
	.push = connected_push, .finish = verdict_finish,
	.drop = smtp_call_drop,
};

uint64_t
policy_smtp_connected(struct policy *p, struct policy_meta *conn,
    policy_verdict_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&connected_ops,
	    "smtp_server_connection_accepted", conn, arg);

	s->done = done;
	return smtp_call_start(p, s);
}

static int
address_event_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	address_push(co, s->a);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 2;
}

static const struct call_ops address_ops = {
	.push = address_event_push, .finish = verdict_finish,
	.drop = smtp_call_drop,
};

static uint64_t
address_event(struct policy *p, const char *event, struct span address,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&address_ops, event, conn, arg);

	s->a = address;
	s->done = done;
	return smtp_call_start(p, s);
}

uint64_t
policy_smtp_mail_from(struct policy *p, struct span address,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	return address_event(p, "smtp_server_mail_from", address, conn, done,
	    arg);
}

uint64_t
policy_smtp_rcpt_to(struct policy *p, struct span address,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg)
{
	return address_event(p, "smtp_server_rcpt_to", address, conn, done,
	    arg);
}

/* ---- get_listener_domain ------------------------------------------------ */

static int
domain_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	lua_pushlstring(co, s->a.p, s->a.len);
	lua_pushlstring(co, s->b.p, s->b.len);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 3;
}

static void
domain_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);
	const struct listener_domain *domain = NULL;

	if (error == NULL && n > 0 && !lua_isnil(co, -n)) {
		domain = object_test(co, -n, &object_listener_domain);
		if (domain == NULL)
			v = smtp_trouble(s->event, "the handler must return "
			    "what kumo.make_listener_domain makes, or nil");
	}
	s->domain_done(s->arg, &v, domain);
}

static const struct call_ops domain_ops = {
	.push = domain_push, .finish = domain_finish, .drop = smtp_call_drop,
};

uint64_t
policy_listener_domain(struct policy *p, struct span domain,
    struct span listener, struct policy_meta *conn, policy_domain_fn *done,
    void *arg)
{
	struct smtp_call *s = smtp_call_new(&domain_ops,
	    "get_listener_domain", conn, arg);

	s->a = domain;
	s->b = listener;
	s->domain_done = done;
	return smtp_call_start(p, s);
}

/* ---- smtp_server_split_transaction -------------------------------------- */

static struct span
keep_address(struct policy_message *m, lua_State *co, int index)
{
	return arena_span(m->arena, address_text(co, index));
}

static bool
is_address(lua_State *co, int index)
{
	return lua_type(co, index) == LUA_TSTRING ||
	    luaL_testudata(co, index, ADDRESS_TYPE) != NULL;
}

/* The list of addresses on top as a group; false: it is none. */
static bool
group_take(lua_State *co, struct policy_message *m, struct policy_group *out)
{
	lua_Unsigned i, n;

	if (!lua_istable(co, -1) || (n = lua_rawlen(co, -1)) == 0 ||
	    n > UINT32_MAX || !lua_checkstack(co, 8))
		return false;
	out->rcpts = arena_alloc(m->arena, n * sizeof(*out->rcpts));
	out->n = (uint32_t)n;
	for (i = 0; i < n; i++) {
		lua_rawgeti(co, -1, (lua_Integer)i + 1);
		if (!is_address(co, -1))
			return false;
		out->rcpts[i] = keep_address(m, co, -1);
		lua_pop(co, 1);
	}
	return true;
}

/* Each recipient stands in exactly one group: nobody is lost or doubled. */
static bool
groups_cover(const struct policy_message *m, const struct policy_group *v,
    uint32_t n)
{
	struct map left = { .slots = NULL };
	uint32_t i, k;
	size_t seen = 0;
	bool good = true;

	/* A client may name one twice: what is counted is how often. */
	for (i = 0; i < m->n_rcpts; i++)
		map_set(&left, m->rcpts[i], (void *)((uintptr_t)map_get(&left,
		    m->rcpts[i]) + 1));
	for (i = 0; i < n && good; i++) {
		for (k = 0; k < v[i].n && good; k++, seen++) {
			uintptr_t times = (uintptr_t)map_get(&left,
			    v[i].rcpts[k]);

			good = times > 0;
			if (times > 1)
				map_set(&left, v[i].rcpts[k],
				    (void *)(times - 1));
			else
				map_del(&left, v[i].rcpts[k]);
		}
	}
	good = good && seen == m->n_rcpts;
	map_free(&left, NULL);
	return good;
}

static const char *
groups_take(lua_State *co, struct policy_message *m,
    struct policy_group **v_out, uint32_t *n_out)
{
	struct policy_group *v;
	lua_Unsigned i, n;

	if (!lua_istable(co, -1) || (n = lua_rawlen(co, -1)) == 0 ||
	    n > m->n_rcpts)
		return "the handler must return a list of lists of "
		    "recipients, or nil";
	v = arena_alloc(m->arena, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		lua_rawgeti(co, -1, (lua_Integer)i + 1);
		if (!group_take(co, m, &v[i]))
			return "each group must be a list of recipients";
		lua_pop(co, 1);
	}
	if (!groups_cover(m, v, (uint32_t)n))
		return "each recipient must stand in exactly one group";
	*v_out = v;
	*n_out = (uint32_t)n;
	return NULL;
}

static void
split_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);
	struct policy_group *groups = NULL;
	uint32_t n_groups = 0;
	const char *why;

	if (error == NULL && n > 0 && !lua_isnil(co, -n)) {
		lua_settop(co, lua_gettop(co) - n + 1);
		why = groups_take(co, s->message, &groups, &n_groups);
		if (why != NULL)
			v = smtp_trouble(s->event, why);
	}
	s->split_done(s->arg, &v, groups, n_groups);
}

static const struct call_ops split_ops = {
	.push = message_push, .finish = split_finish, .drop = smtp_call_drop,
};

uint64_t
policy_smtp_split(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_split_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&split_ops,
	    "smtp_server_split_transaction", conn, arg);

	s->message = m;
	s->split_done = done;
	return smtp_call_start(p, s);
}
