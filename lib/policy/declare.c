/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of `init`: they fill the loader's suite. */
#include <stdlib.h>
#include <string.h>

#include "lib/policy/object.h"
#include "lib/policy/state.h"

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
spool_read(void *obj, const struct value *v, struct problems *p)
{
	return spool_opts_read(obj, v, p);
}

static int
kumo_define_spool(lua_State *L)
{
	struct suite *suite = suite_check(L, "kumo.define_spool");
	struct spool_opts spool;

	object_read(L, "kumo.define_spool", &spool, spool_read);
	suite_define_spool(suite, &spool);
	spool_opts_free(&spool);
	return 0;
}

static int
logs_read(void *obj, const struct value *v, struct problems *p)
{
	return local_logs_read(obj, v, p);
}

static int
kumo_configure_local_logs(lua_State *L)
{
	struct suite *suite = suite_check(L, "kumo.configure_local_logs");
	struct local_logs logs;

	object_read(L, "kumo.configure_local_logs", &logs, logs_read);
	suite_add_logs(suite, &logs);
	return 0;
}

static int
esmtp_read(void *obj, const struct value *v, struct problems *p)
{
	return listener_read(obj, v, p);
}

static int
kumo_start_esmtp_listener(lua_State *L)
{
	struct suite *suite = suite_check(L, "kumo.start_esmtp_listener");
	struct listener listener;

	object_read(L, "kumo.start_esmtp_listener", &listener, esmtp_read);
	suite_add_listener(suite, &listener);
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
	static const luaL_Reg functions[] = {
		{ "define_spool", kumo_define_spool },
		{ "configure_local_logs", kumo_configure_local_logs },
		{ "configure_redis_throttles",
		    kumo_configure_redis_throttles },
		{ "start_esmtp_listener", kumo_start_esmtp_listener },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
