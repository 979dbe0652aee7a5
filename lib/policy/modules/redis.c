/* SPDX-License-Identifier: Apache-2.0 */
/* redis: commands to a Redis server or cluster, carried out by lookupd. */
#include "lib/policy/door_ask.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/object.h"
#include "lib/policy/state.h"
#include "lib/settings/redis_opts.h"

enum { WORDS_MAX = 60000 };

/* Its uservalue is the parameters as lookupd reads them. */
struct redis_object {
	lua_Integer wait_ms;
};

static const struct library_type redis_type;

static int
opts_read(void *obj, const struct value *v, struct problems *p)
{
	return redis_opts_read(obj, v, p);
}

static int
redis_open(lua_State *L)
{
	struct policy *p = policy_of(L);
	struct redis_object *o;
	struct redis_opts opts;
	lua_Integer wait_ms;

	luaL_checktype(L, 1, LUA_TTABLE);
	object_read(L, "redis.open", &opts, opts_read);
	buf_clear(&p->scratch, 65536);
	redis_opts_put(&p->scratch, &opts);
	wait_ms = opts.connect_timeout + opts.wait_timeout +
	    (opts.response_timeout > 0 ? opts.response_timeout : 0) +
	    (opts.recycle_timeout > 0 ? opts.recycle_timeout : 0);
	redis_opts_free(&opts);
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
	o = library_new(L, &redis_type, sizeof(*o));
	o->wait_ms = wait_ms;
	lua_insert(L, -2);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

/* The word at index as text on top. */
static void
push_word(lua_State *L, int index)
{
	switch (lua_type(L, index)) {
	case LUA_TSTRING:
	case LUA_TNUMBER:
		lua_pushvalue(L, index);
		lua_tostring(L, -1);
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, index) ? "1" : "0");
		break;
	default:
		where_error(L, "redis: argument %d of a command must be text, "
		    "a number or a boolean, got %s", index - 1,
		    luaL_typename(L, index));
	}
}

static int
redis_query(lua_State *L)
{
	struct redis_object *o = library_check(L, 1, &redis_type);
	int n = lua_gettop(L), i;

	luaL_checkstring(L, 2);
	if (n > WORDS_MAX)
		return where_error(L, "redis: a command may have %d words",
		    WORDS_MAX);
	lua_createtable(L, 0, 3);
	lua_getiuservalue(L, 1, 1);
	lua_setfield(L, -2, "server");
	lua_pushinteger(L, o->wait_ms);
	lua_setfield(L, -2, "wait_ms");
	lua_createtable(L, n - 1, 0);
	for (i = 2; i <= n; i++) {
		push_word(L, i);
		lua_rawseti(L, -2, i - 1);
	}
	lua_setfield(L, -2, "words");
	return door_ask(L, LOOKUP_REDIS, -1, NULL);
}

static const struct library_function methods[] = {
	{ "query", redis_query, "(command, ...) -> value",
	    "Sends a command with its arguments (text, numbers, booleans as 1 "
	    "and 0) and waits for the reply: text, a whole number, nil, or a "
	    "list of these, in which nil leaves a hole. A reply that is an "
	    "error is raised, with the server's name and the command's; its "
	    "arguments are not repeated. "
	    "Connections are shared, so commands that would change one "
	    "(SELECT, AUTH, MULTI, WATCH, SUBSCRIBE, CLIENT and their kin) are "
	    "an error: the URL has user, password and database, and EVAL does "
	    "several things at once. What waits on the server, such as BLPOP, "
	    "has a connection for itself meanwhile. When a connection is lost "
	    "before the reply came that is an error too: whether the command "
	    "was carried out is not known." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type redis_type = {
	.name = "redis connection",
	.about = "A way to a server, or to all nodes of a cluster.",
	.methods = methods,
};

static const struct library_type *const types[] = { &redis_type, NULL };

static const struct library_function functions[] = {
	{ "open", redis_open,
	    "({node, pool_size=10, read_from_replicas=false, username?, "
	    "password?, connect_timeout='30s', wait_timeout='30s', "
	    "response_timeout?, recycle_timeout?, cluster?}) -> "
	    "redis connection",
	    "A handle for the server at\n"
	    ".Ql redis[s]://[USER][:PASSWORD@]HOST[:PORT][/[DB]]\n"
	    "or for the cluster to which the nodes of a list belong. Nothing "
	    "is connected yet: it may stand anywhere, and all handles with the "
	    "same parameters share their connections. With rediss the "
	    "connection is TLS, the server's certificate and name are "
	    "checked unless the URL ends in #insecure." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_redis = {
	.name = "redis",
	.title = "commands to Redis",
	.about = "Sends commands to a Redis server or cluster. In a cluster "
	    "the first key says which node is asked; all keys of a command "
	    "must be in the same slot, and a command without a key goes to "
	    "any one node. With read_from_replicas what only reads is asked "
	    "of replicas, which may lag behind. A reply is at most 16 MB or "
	    "200000 values. The options are those of redis_throttles in\n"
	    ".Xr ekiden.yaml 5 .",
	.functions = functions,
	.types = types,
};
