/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of `init`: they fill the loader's suite. */
#include <string.h>

#include "lib/policy/object.h"
#include "lib/policy/state.h"

/* One of them, while it is read. */
union declared {
	struct spool_opts spool;
	struct local_logs logs;
	struct listener listener;
};

struct declaration {
	const char *maker; /* "kumo.define_spool" */
	int (*read)(void *obj, const struct value *map, struct problems *p);
	/* What was read goes into the suite. */
	void (*give)(struct suite *suite, void *obj);
};

static int
spool_read(void *obj, const struct value *map, struct problems *p)
{
	return spool_opts_read(obj, map, p);
}

static void
spool_give(struct suite *suite, void *obj)
{
	suite_define_spool(suite, obj);
	spool_opts_free(obj);
}

static int
logs_read(void *obj, const struct value *map, struct problems *p)
{
	return local_logs_read(obj, map, p);
}

static void
logs_give(struct suite *suite, void *obj)
{
	suite_add_logs(suite, obj);
}

static int
esmtp_read(void *obj, const struct value *map, struct problems *p)
{
	return listener_read(obj, map, p);
}

static void
esmtp_give(struct suite *suite, void *obj)
{
	suite_add_listener(suite, obj);
}

static const struct declaration declarations[] = {
	{ "kumo.define_spool", spool_read, spool_give },
	{ "kumo.configure_local_logs", logs_read, logs_give },
	{ "kumo.start_esmtp_listener", esmtp_read, esmtp_give },
};

/* Declarations only make sense where the loader takes them. */
static struct suite *
suite_check(lua_State *L, const char *what)
{
	struct policy *p = policy_of(L);

	if (p->phase == PHASE_INIT && p->suite != NULL)
		return p->suite;
	where_error(L, "%s must be called inside kumo.on('init', function() "
	    "... end)", what);
	return NULL;
}

static int
declare(lua_State *L)
{
	const struct declaration *d = lua_touserdata(L, lua_upvalueindex(1));
	struct suite *suite = suite_check(L, d->maker);
	union declared obj;

	object_read(L, d->maker, &obj, d->read);
	d->give(suite, &obj);
	return 0;
}

static int
redis_read(void *obj, const struct value *v, struct problems *p)
{
	return redis_opts_read(obj, v, p);
}

static int
kumo_configure_redis_throttles(lua_State *L)
{
	struct suite *suite = suite_check(L, "kumo.configure_redis_throttles");
	struct redis_opts redis;

	if (suite->redis_throttles.node.n > 0)
		return where_error(L, "kumo.configure_redis_throttles: the "
		    "throttles have a Redis already");
	object_read(L, "kumo.configure_redis_throttles", &redis, redis_read);
	suite_set_redis_throttles(suite, &redis);
	return 0;
}

void
kumo_declarations(lua_State *L)
{
	size_t i;

	lua_pushcfunction(L, kumo_configure_redis_throttles);
	lua_setfield(L, -2, "configure_redis_throttles");
	for (i = 0; i < sizeof(declarations) / sizeof(*declarations); i++) {
		lua_pushlightuserdata(L, (void *)&declarations[i]);
		lua_pushcclosure(L, declare, 1);
		lua_setfield(L, -2, declarations[i].maker + strlen("kumo."));
	}
}
