/* SPDX-License-Identifier: Apache-2.0 */
/* Events about a connection: its options, its greeting, who it is. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/policy/convert.h"
#include "lib/policy/meta.h"
#include "lib/policy/smtp_call.h"
#include "lib/settings/listener.h"

enum {
	EXTENSIONS_MAX = 64,
	EXTENSION_BYTES_MAX = 510,
	REWRITE_TEXT_MAX = 32768,
};

/* ---- smtp_server_get_dynamic_parameters --------------------------------- */

static int
parameters_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	lua_pushlstring(co, s->a.p, s->a.len);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 2;
}

/* The table at index as options; -1 with the verdict. */
static int
parameters_read(struct smtp_call *s, lua_State *co, int index,
    struct listener *out, struct policy_verdict *v)
{
	struct problems problems = { .v = NULL };
	struct value *map;
	const char *why;
	int status;

	map = convert_value(co, index, 0, &why);
	if (map == NULL || (map->kind != VALUE_MAP &&
	    !(map->kind == VALUE_LIST && map->u.list.n == 0))) {
		value_free(&map);
		*v = smtp_trouble(s->event, "the handler must return a table "
		    "of listener options, or nil");
		return -1;
	}
	problems.file = s->event;
	status = listener_read_partial(out, map, &problems);
	value_free(&map);
	if (status == -1)
		*v = smtp_trouble(s->event, problems.n > 0 ?
		    problems.v[0].text : "bad options");
	/* The text was logged; what stays must not point into it. */
	v->text = SPAN_LIT("");
	problems_free(&problems);
	return status;
}

static void
parameters_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);
	struct listener partial;

	if (error != NULL || n == 0 || lua_isnil(co, -n) ||
	    parameters_read(s, co, -n, &partial, &v) == -1) {
		s->parameters_done(s->arg, &v, NULL);
		return;
	}
	s->parameters_done(s->arg, &v, &partial);
	listener_free(&partial);
}

static const struct call_ops parameters_ops = {
	.push = parameters_push, .finish = parameters_finish,
	.drop = smtp_call_drop,
};

uint64_t
policy_smtp_parameters(struct policy *p, struct span listener,
    struct policy_meta *conn, policy_parameters_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&parameters_ops,
	    "smtp_server_get_dynamic_parameters", conn, arg);

	s->a = listener;
	s->parameters_done = done;
	return smtp_call_start(p, s);
}

/* ---- smtp_server_ehlo --------------------------------------------------- */

static int
ehlo_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;
	uint32_t i;

	lua_pushlstring(co, s->a.p, s->a.len);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	lua_createtable(co, (int)s->n_list, 0);
	for (i = 0; i < s->n_list; i++) {
		lua_pushlstring(co, s->list[i].p, s->list[i].len);
		lua_rawseti(co, -2, (lua_Integer)i + 1);
	}
	return 3;
}

/* One line of the reply, as RFC 5321 4.1.1.1 has it. */
static bool
extension_is_line(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > 126)
			return false;
	}
	return s.len > 0 && s.len <= EXTENSION_BYTES_MAX && s.p[0] != ' ';
}

/* The list on top; its texts stay on the stack. NULL, or why not. */
static const char *
extensions_take(lua_State *co, struct span out[EXTENSIONS_MAX],
    uint32_t *n_out)
{
	lua_Unsigned i, n;
	size_t len;
	const char *p;
	int list = lua_gettop(co);

	if (!lua_istable(co, -1) || (n = lua_rawlen(co, -1)) >
	    EXTENSIONS_MAX || !lua_checkstack(co, EXTENSIONS_MAX + 4))
		return "the handler must return a list of extensions, or nil";
	for (i = 0; i < n; i++) {
		lua_rawgeti(co, list, (lua_Integer)i + 1);
		p = lua_type(co, -1) == LUA_TSTRING ?
		    lua_tolstring(co, -1, &len) : NULL;
		if (p == NULL || !extension_is_line(span_make(p, len)))
			return "an extension must be one line of plain text";
		out[i] = span_make(p, len);
	}
	*n_out = (uint32_t)n;
	return NULL;
}

static void
ehlo_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);
	struct span list[EXTENSIONS_MAX];
	bool given = error == NULL && n > 0 && !lua_isnil(co, -n);
	uint32_t n_list = 0;
	const char *why;

	if (given) {
		lua_settop(co, lua_gettop(co) - n + 1);
		why = extensions_take(co, list, &n_list);
		if (why != NULL)
			v = smtp_trouble(s->event, why);
	}
	s->ehlo_done(s->arg, &v, given ? list : NULL, n_list);
}

static const struct call_ops ehlo_ops = {
	.push = ehlo_push, .finish = ehlo_finish, .drop = smtp_call_drop,
};

uint64_t
policy_smtp_ehlo(struct policy *p, struct span domain,
    struct policy_meta *conn, const struct span *extensions, uint32_t n,
    policy_ehlo_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&ehlo_ops, "smtp_server_ehlo",
	    conn, arg);

	s->a = domain;
	s->list = extensions;
	s->n_list = n;
	s->ehlo_done = done;
	return smtp_call_start(p, s);
}

/* ---- smtp_server_auth_plain --------------------------------------------- */

static int
auth_push(struct call *call, lua_State *co)
{
	struct smtp_call *s = (struct smtp_call *)call;

	lua_pushlstring(co, s->a.p, s->a.len);
	lua_pushlstring(co, s->b.p, s->b.len);
	lua_pushlstring(co, s->c.p, s->c.len);
	shell_push(co, call, CONN_META_TYPE, s->conn);
	return 4;
}

static void
identity_put(struct jout *j, struct span who, const char *context)
{
	jout_object(j);
	jout_key(j, SPAN_LIT("identity"));
	jout_text(j, who);
	jout_key(j, SPAN_LIT("context"));
	jout_text(j, span_of(context));
	jout_object_end(j);
}

/* Yes and no more: the two names are who it is. */
static void
auth_info_plain(const struct smtp_call *s, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j);
	jout_key(&j, SPAN_LIT("identities"));
	jout_array(&j);
	identity_put(&j, s->a, "SmtpAuthPlainAuthorization");
	identity_put(&j, s->b, "SmtpAuthPlainAuthentication");
	jout_array_end(&j);
	jout_key(&j, SPAN_LIT("groups"));
	jout_array(&j);
	jout_array_end(&j);
	jout_object_end(&j);
}

static void
auth_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct smtp_call *s = (struct smtp_call *)call;
	struct policy_verdict v = smtp_verdict(s->event, error);
	struct buf info = { .base = NULL };
	const char *why;
	bool ok = false;

	if (error == NULL && n > 0 && lua_istable(co, -n)) {
		ok = convert_to_json(co, -n, &info, &why) == 0;
		if (!ok)
			v = smtp_trouble(s->event, why);
	} else if (error == NULL && n > 0 && lua_isboolean(co, -n)) {
		ok = lua_toboolean(co, -n);
		auth_info_plain(s, &info);
	} else if (error == NULL && n > 0 && !lua_isnil(co, -n))
		v = smtp_trouble(s->event, "the handler must return true, "
		    "false or who it is");
	s->auth_done(s->arg, &v, ok, ok ? buf_span(&info) : SPAN_LIT(""));
	buf_free(&info);
}

static const struct call_ops auth_ops = {
	.push = auth_push, .finish = auth_finish, .drop = smtp_call_drop,
};

uint64_t
policy_smtp_auth_plain(struct policy *p, struct span authz,
    struct span authc, struct span password, struct policy_meta *conn,
    policy_auth_fn *done, void *arg)
{
	struct smtp_call *s = smtp_call_new(&auth_ops,
	    "smtp_server_auth_plain", conn, arg);

	s->a = authz;
	s->b = authc;
	s->c = password;
	s->auth_done = done;
	return smtp_call_start(p, s);
}

/* ---- smtp_server_rewrite_response --------------------------------------- */

struct rewrite {
	struct smtp_call smtp; /* first */
	unsigned code;
	struct buf *out;
	bool changed;
};

static int
rewrite_push(struct call *call, lua_State *co)
{
	struct rewrite *w = (struct rewrite *)call;

	lua_pushinteger(co, (lua_Integer)w->code);
	lua_pushlstring(co, w->smtp.a.p, w->smtp.a.len);
	if (w->smtp.b.len > 0)
		lua_pushlstring(co, w->smtp.b.p, w->smtp.b.len);
	else
		lua_pushnil(co);
	shell_push(co, call, CONN_META_TYPE, w->smtp.conn);
	return 4;
}

/* A code may change, but a yes stays a yes to the protocol's machine. */
static void
rewrite_finish(struct call *call, lua_State *co, int n,
    const struct policy_error *error)
{
	struct rewrite *w = (struct rewrite *)call;
	lua_Integer code = (lua_Integer)w->code;
	struct span text = w->smtp.a;
	size_t len;

	if (error != NULL) {
		(void)smtp_verdict(w->smtp.event, error);
		return;
	}
	if (n > 0 && lua_isinteger(co, -n))
		code = lua_tointeger(co, -n);
	if (n > 1 && lua_type(co, -n + 1) == LUA_TSTRING) {
		text.p = lua_tolstring(co, -n + 1, &len);
		text.len = len;
	}
	if (code < 200 || code > 599 || text.len > REWRITE_TEXT_MAX ||
	    code / 100 != (lua_Integer)w->code / 100) {
		log_warnx("policy: %s: %lld in place of %u is no reply that "
		    "can stand there", w->smtp.event, (long long)code,
		    w->code);
		return;
	}
	w->code = (unsigned)code;
	buf_add_span(w->out, text);
	w->changed = true;
}

static void
rewrite_drop(struct call *call)
{
	(void)call;
}

static const struct call_ops rewrite_ops = {
	.push = rewrite_push, .finish = rewrite_finish, .drop = rewrite_drop,
};

bool
policy_smtp_rewrite(struct policy *p, unsigned *code, struct span text,
    struct span command, struct policy_meta *conn, struct buf *text_out)
{
	struct rewrite w = { .code = *code, .out = text_out };

	w.smtp.call.ops = &rewrite_ops;
	w.smtp.event = "smtp_server_rewrite_response";
	w.smtp.a = text;
	w.smtp.b = command;
	w.smtp.conn = conn;
	call_start_at_once(p, &w.smtp.call, w.smtp.event);
	*code = w.code;
	return w.changed;
}
