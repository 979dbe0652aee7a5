/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/object.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/policy/convert.h"
#include "lib/policy/log_templates.h"
#include "lib/policy/state.h"
#include "lib/policy/unbuilt.h"

struct object {
	const struct object_kind *kind;
	bool made; /* thing holds something to free */
	void *thing;
};

#define KIND(tag, lua_type, lua_maker)                                         \
	static int                                                             \
	tag##_object_read(void *obj, const struct value *v,                    \
	    struct problems *p)                                                \
	{                                                                      \
		return tag##_read(obj, v, p);                                  \
	}                                                                      \
	static void                                                            \
	tag##_object_free(void *obj)                                           \
	{                                                                      \
		tag##_free(obj);                                               \
	}                                                                      \
	const struct object_kind object_##tag = {                              \
		.type = lua_type, .maker = lua_maker, .table = &tag##_table,   \
		.read = tag##_object_read, .free = tag##_object_free,          \
	}

KIND(queue_config, "ekiden.queue_config", "kumo.make_queue_config");
KIND(egress_pool, "ekiden.egress_pool", "kumo.make_egress_pool");
KIND(egress_source, "ekiden.egress_source", "kumo.make_egress_source");
KIND(egress_path, "ekiden.egress_path", "kumo.make_egress_path");
KIND(listener_domain, "ekiden.listener_domain", "kumo.make_listener_domain");

static const struct object_kind *const kinds[] = {
	&object_queue_config, &object_egress_pool, &object_egress_source,
	&object_egress_path, &object_listener_domain,
};

/* Move notices to the loader's list; the rest stays. */
static void
take_notices(struct policy *p, const struct problems *found)
{
	const char *file;
	size_t i;

	if (p->problems == NULL)
		return;
	file = p->problems->file;
	for (i = 0; i < found->n; i++) {
		if (!found->v[i].notice)
			continue;
		p->problems->file = found->v[i].file;
		problem_notice(p->problems, found->v[i].line, "%s",
		    found->v[i].text);
	}
	p->problems->file = file;
}

void
object_read(lua_State *L, const char *maker, void *obj,
    int (*read)(void *obj, const struct value *map, struct problems *p))
{
	struct problems problems = { .v = NULL };
	struct value *v;
	const char *why;
	int line, status = -1;

	where_script(L, &problems.file, &line);
	if (lua_type(L, 1) != LUA_TTABLE)
		where_error(L, "%s: wanted a table of options", maker);
	v = convert_value(L, 1, line, &why);
	if (v == NULL)
		where_error(L, "%s: %s", maker, why);
	unbuilt_check(maker, v, &problems);
	if (strcmp(maker, local_logs_table.of) == 0)
		log_templates_check(v, &problems);
	if (problems.errors == 0)
		status = read(obj, v, &problems);
	value_free(&v);
	take_notices(policy_of(L), &problems);
	if (status == -1)
		where_problems(L, &problems);
	problems_free(&problems);
}

static int
object_make(lua_State *L)
{
	const struct object_kind *kind = lua_touserdata(L,
	    lua_upvalueindex(1));
	struct object *o = lua_newuserdatauv(L, sizeof(*o), 1);

	memset(o, 0, sizeof(*o));
	o->kind = kind;
	luaL_setmetatable(L, kind->type);
	o->thing = xcalloc(1, kind->table->size);
	object_read(L, kind->maker, o->thing, kind->read);
	o->made = true;
	if (kind == &object_egress_path && policy_of(L)->suite != NULL)
		key_names_made(policy_of(L), o->thing);
	return 1;
}

static int
object_gc(lua_State *L)
{
	struct object *o = lua_touserdata(L, 1);

	if (o->made)
		o->kind->free(o->thing);
	free(o->thing);
	o->thing = NULL;
	o->made = false;
	return 0;
}

const void *
object_test(lua_State *L, int index, const struct object_kind *kind)
{
	struct object *o = luaL_testudata(L, index, kind->type);

	return o != NULL && o->made ? o->thing : NULL;
}

/* Push the object's options as a table, made once. */
static void
push_options(lua_State *L)
{
	struct object *o = lua_touserdata(L, 1);
	struct policy *p = policy_of(L);
	struct jout j;

	if (lua_getiuservalue(L, 1, 1) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	buf_clear(&p->scratch, 65536);
	jout_init(&j, &p->scratch);
	option_json(o->kind->table, &j, o->thing);
	convert_push_json(L, buf_span(&p->scratch));
	lua_pushvalue(L, -1);
	lua_setiuservalue(L, 1, 1);
}

static int
object_index(lua_State *L)
{
	push_options(L);
	lua_pushvalue(L, 2);
	lua_rawget(L, -2);
	return 1;
}

static int
object_pairs(lua_State *L)
{
	lua_getglobal(L, "next");
	push_options(L);
	return 2;
}

static int
object_tostring(lua_State *L)
{
	struct object *o = lua_touserdata(L, 1);

	lua_pushfstring(L, "what %s made", o->kind->maker);
	return 1;
}

void
kumo_objects(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "__gc", object_gc },
		{ "__index", object_index },
		{ "__pairs", object_pairs },
		{ "__tostring", object_tostring },
		{ NULL, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		luaL_newmetatable(L, kinds[i]->type);
		luaL_setfuncs(L, methods, 0);
		lua_pushboolean(L, false);
		lua_setfield(L, -2, "__metatable");
		lua_pop(L, 1);
		lua_pushlightuserdata(L, (void *)kinds[i]);
		lua_pushcclosure(L, object_make, 1);
		lua_setfield(L, -2, kinds[i]->maker + strlen("kumo."));
	}
}
