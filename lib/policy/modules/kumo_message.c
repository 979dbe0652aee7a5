/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.make_message and kumo.generate_rfc3464_message. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/uuid.h"
#include "lib/mail/address.h"
#include "lib/mail/envelope.h"
#include "lib/policy/address.h"
#include "lib/policy/message.h"
#include "lib/policy/mime.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

static struct span
check_address(lua_State *L, struct span text, const char *what, bool null_ok)
{
	struct address a;
	const char *why;

	if (text.len == 0 && null_ok)
		return span_of("");
	if (address_parse(text, &a, &why) != 0)
		where_error(L, "%s '%.*s' is no address: %s", what,
		    (int)(text.len < 200 ? text.len : 200), text.p, why);
	return text;
}

static int
make_message(lua_State *L)
{
	struct span sender = check_address(L, address_text(L, 1), "sender",
	    true);
	struct span recipient = check_address(L, address_text(L, 2),
	    "recipient", false);
	size_t len;
	const char *body = luaL_checklstring(L, 3, &len);

	message_push_own(L, sender, recipient, span_make(body, len));
	return 1;
}

/* ---- reports ------------------------------------------------------------ */

enum { PARAMS = 1, MESSAGE = 2, RECORD = 3 };

/* A text of the table at index, which keeps it; p NULL when there is none. */
static struct span
get_text(lua_State *L, int index, const char *key)
{
	struct span out = { NULL, 0 };

	if (raw_getfield(L, index, key) == LUA_TSTRING)
		out.p = lua_tolstring(L, -1, &out.len);
	lua_pop(L, 1);
	return out;
}

static bool
get_bool(lua_State *L, int index, const char *key)
{
	bool value;

	if (raw_getfield(L, index, key) != LUA_TNIL)
		luaL_checktype(L, -1, LUA_TBOOLEAN);
	value = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return value;
}

/* A whole number from 0 to max; `none` when there is none. */
static lua_Integer
get_number(lua_State *L, int index, const char *key, lua_Integer max,
    lua_Integer none)
{
	lua_Integer n = none;
	int is = 1;

	if (raw_getfield(L, index, key) == LUA_TNUMBER)
		n = lua_tointegerx(L, -1, &is);
	lua_pop(L, 1);
	if (!is || n < 0 || n > max)
		where_error(L, "log record: %s is no number of its kind", key);
	return n;
}

static enum dsn_return
get_return(lua_State *L)
{
	static const char *const names[] = { "FullContent", "HeadersOnly",
		"No" };
	struct span name = get_text(L, PARAMS, "include_original_message");
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (span_eq_str(name, names[i]))
			return (enum dsn_return)i;
	}
	where_error(L, "generate_rfc3464_message: include_original_message "
	    "must be 'FullContent', 'HeadersOnly' or 'No'");
	return DSN_RETURN_NOTHING;
}

/* The names stay where their table has them. */
static void
get_reporting_mta(lua_State *L, struct report_typed *out)
{
	static const char *const keys[] = { "mta_type", "name", NULL };

	if (raw_getfield(L, PARAMS, "reporting_mta") != LUA_TTABLE)
		where_error(L, "generate_rfc3464_message: reporting_mta must "
		    "be a table of mta_type and name");
	mime_check_keys(L, -1, "reporting_mta", keys);
	out->type = get_text(L, lua_gettop(L), "mta_type");
	out->text = get_text(L, lua_gettop(L), "name");
	lua_pop(L, 1);
	if (out->type.len == 0 || out->text.len == 0)
		where_error(L, "generate_rfc3464_message: reporting_mta must "
		    "be a table of mta_type and name");
}

/* A text or a list of these, as userdata that stays on the stack. */
static void
get_recipients(lua_State *L, struct dsn_making *d)
{
	struct span *v;
	size_t i, n;

	if (raw_getfield(L, RECORD, "recipient") == LUA_TSTRING) {
		lua_createtable(L, 1, 0);
		lua_insert(L, -2);
		lua_rawseti(L, -2, 1);
	}
	if (lua_type(L, -1) != LUA_TTABLE)
		where_error(L, "log record: recipient must be a text or a "
		    "list");
	n = lua_rawlen(L, -1);
	if (n == 0 || n > ENVELOPE_RCPTS_MAX)
		where_error(L, "log record: recipient must name 1 to %d",
		    ENVELOPE_RCPTS_MAX);
	v = lua_newuserdatauv(L, n * sizeof(*v), 0);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, -2, (lua_Integer)i + 1);
		v[i] = check_address(L, address_text(L, -1), "recipient",
		    false);
		lua_pop(L, 1);
	}
	d->recipients = v;
	d->n = n;
}

static void
get_response(lua_State *L, struct dsn_making *d)
{
	int at;

	if (raw_getfield(L, RECORD, "response") != LUA_TTABLE)
		where_error(L, "log record: response must be a table");
	at = lua_gettop(L);
	d->code = (uint16_t)get_number(L, at, "code", 999, 500);
	d->text = get_text(L, at, "content");
	if (raw_getfield(L, at, "enhanced_code") == LUA_TTABLE) {
		at = lua_gettop(L);
		d->has_status = true;
		d->status.class = (uint8_t)get_number(L, at, "class", 9, 5);
		d->status.subject = (uint16_t)get_number(L, at, "subject",
		    999, 0);
		d->status.detail = (uint16_t)get_number(L, at, "detail", 999,
		    0);
	}
	lua_pop(L, 2);
}

/* false: it was nobody else who refused the message. */
static bool
get_peer(lua_State *L, struct dsn_making *d)
{
	if (raw_getfield(L, RECORD, "peer_address") == LUA_TTABLE) {
		d->peer_name = get_text(L, lua_gettop(L), "name");
		d->peer_addr = get_text(L, lua_gettop(L), "addr");
	}
	lua_pop(L, 1);
	return d->peer_name.len != 0;
}

/* Is a report wanted of this record? */
static bool
is_wanted(lua_State *L, struct dsn_making *d)
{
	struct span type = get_text(L, RECORD, "type");
	bool bounce = get_bool(L, PARAMS, "enable_bounce");
	bool expiration = get_bool(L, PARAMS, "enable_expiration");

	d->sender = get_text(L, RECORD, "sender");
	d->expired = span_eq_str(type, "Expiration");
	/* None about reports: it would have nobody to go to. */
	if (d->sender.len == 0)
		return false;
	if (d->expired)
		return expiration;
	return bounce && span_eq_str(type, "Bounce") && span_eq_str(
	    get_text(L, RECORD, "delivery_protocol"), "ESMTP") &&
	    get_peer(L, d);
}

/* The message at argument 2, whose content is then on top. */
static struct span
get_original(lua_State *L)
{
	struct span out;

	if (lua_isnil(L, MESSAGE))
		where_error(L, "generate_rfc3464_message: the original "
		    "message is wanted, unless include_original_message is "
		    "'No'");
	lua_pushcfunction(L, message_get_data);
	lua_pushvalue(L, MESSAGE);
	lua_call(L, 1, 1);
	out.p = lua_tolstring(L, -1, &out.len);
	return out;
}

static int
generate(lua_State *L)
{
	static const char *const keys[] = { "include_original_message",
		"enable_expiration", "enable_bounce", "reporting_mta",
		"stable_content", NULL };
	struct dsn_making d = { .now_us = clock_wall_us() };
	struct buf *b = &policy_of(L)->scratch;
	struct uuid id = uuid_random();
	char hex[UUID_HEX_MAX];
	lua_Integer now = (lua_Integer)(d.now_us / 1000000);

	luaL_checktype(L, PARAMS, LUA_TTABLE);
	luaL_checktype(L, RECORD, LUA_TTABLE);
	mime_check_keys(L, PARAMS, "generate_rfc3464_message", keys);
	d.returns = get_return(L);
	get_reporting_mta(L, &d.reporting_mta);
	d.stable = get_bool(L, PARAMS, "stable_content");
	if (!is_wanted(L, &d)) {
		lua_pushnil(L);
		return 1;
	}
	check_address(L, d.sender, "log record: sender", false);
	get_recipients(L, &d);
	get_response(L, &d);
	d.arrived = get_number(L, RECORD, "created", INT32_MAX * INT64_C(4),
	    now);
	d.failed = get_number(L, RECORD, "timestamp", INT32_MAX * INT64_C(4),
	    now);
	if (d.returns != DSN_RETURN_NOTHING)
		d.original = get_original(L);
	d.id = d.stable ? SPAN_LIT("UUID") : span_of(uuid_hex(&id, hex));
	buf_clear(b, 65536);
	dsn_make(&d, b);
	message_push_own(L, span_of(""), d.sender, buf_span(b));
	return 1;
}

static const struct library_function functions[] = {
	{ "generate_rfc3464_message", generate,
	    "(params, msg?, log_record) -> message or nil",
	    "Makes a report, from the empty sender to the sender of the "
	    "message that the log record is about, that this was not "
	    "delivered.\nIt is nil for records of other types than those "
	    "that the table of parameters enables, for a bounce in which no "
	    "other host spoke by SMTP, and for mail from the empty sender."
	    "\nParameters are\n"
	    ".Va include_original_message\n"
	    ".Po Ql FullContent , HeadersOnly\nor\n.Ql \\&No\n.Pc ,\n"
	    "which needs the message unless it is\n.Ql \\&No ,\n"
	    ".Va enable_bounce\nand\n.Va enable_expiration\n(default "
	    "false),\n.Va reporting_mta ,\na table of\n.Va mta_type\nand\n"
	    ".Va name ,\nand\n.Va stable_content ,\nwhich for tests gives "
	    "the same bytes each time." },
	{ "make_message", make_message,
	    "(sender, recipient, body) -> message",
	    "A new message in memory, with an id of its own.\nThe sender may "
	    "be empty; a bad address is an error.\nThe body is header and "
	    "body, and should have CRLF as line ends." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_kumo_message = {
	.name = "kumo",
	.title = "the module itself",
	.about = "Messages that scripts make.",
	.functions = functions,
};
