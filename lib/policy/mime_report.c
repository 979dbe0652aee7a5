/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as tables. */
#include "lib/mime/date.h"
#include "lib/policy/convert.h"
#include "lib/policy/mime.h"
#include "lib/policy/state.h"

static void
set_span(lua_State *L, const char *key, struct span s)
{
	if (s.p == NULL)
		return;
	lua_pushlstring(L, s.p, s.len);
	lua_setfield(L, -2, key);
}

static void
set_typed(lua_State *L, const char *key, const struct report_typed *t,
    const char *type, const char *text)
{
	if (t->type.p == NULL)
		return;
	lua_createtable(L, 0, 2);
	set_span(L, type, t->type);
	set_span(L, text, t->text);
	lua_setfield(L, -2, key);
}

static void
set_date(lua_State *L, const char *key, const struct report_date *d)
{
	char date[MIME_DATE_MAX];

	if (!d->given)
		return;
	lua_pushstring(L, mime_date_rfc3339(d->seconds, date));
	lua_setfield(L, -2, key);
}

/* Fields of no member: name -> list of values. */
static void
set_extensions(lua_State *L, const struct report_fields *f)
{
	size_t i;

	lua_newtable(L);
	for (i = 0; i < f->n; i++) {
		if (f->v[i].taken)
			continue;
		lua_pushlstring(L, f->v[i].name.p, f->v[i].name.len);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, -3) == LUA_TNIL) {
			lua_pop(L, 1);
			lua_newtable(L);
			lua_pushvalue(L, -2);
			lua_pushvalue(L, -2);
			lua_rawset(L, -5);
		}
		lua_pushlstring(L, f->v[i].value.p, f->v[i].value.len);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
		lua_pop(L, 2);
	}
	lua_setfield(L, -2, "extensions");
}

static void
push_recipient(lua_State *L, const struct dsn_recipient *r)
{
	lua_createtable(L, 0, 10);
	set_typed(L, "original_recipient", &r->original, "recipient_type",
	    "recipient");
	set_typed(L, "final_recipient", &r->final, "recipient_type",
	    "recipient");
	set_span(L, "action", r->action);
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, r->status.class);
	lua_setfield(L, -2, "class");
	lua_pushinteger(L, r->status.subject);
	lua_setfield(L, -2, "subject");
	lua_pushinteger(L, r->status.detail);
	lua_setfield(L, -2, "detail");
	set_span(L, "comment", r->status.comment);
	lua_setfield(L, -2, "status");
	set_typed(L, "remote_mta", &r->remote_mta, "mta_type", "name");
	set_typed(L, "diagnostic_code", &r->diagnostic, "diagnostic_type",
	    "diagnostic");
	set_date(L, "last_attempt_date", &r->last_attempt);
	set_span(L, "final_log_id", r->final_log_id);
	set_date(L, "will_retry_until", &r->retry_until);
	set_extensions(L, &r->fields);
}

void
mime_push_dsn(lua_State *L, const struct dsn *d)
{
	size_t i;

	lua_createtable(L, 0, 3);
	lua_createtable(L, 0, 6);
	set_typed(L, "reporting_mta", &d->reporting_mta, "mta_type", "name");
	set_span(L, "original_envelope_id", d->envelope_id);
	set_typed(L, "dsn_gateway", &d->gateway, "mta_type", "name");
	set_typed(L, "received_from_mta", &d->received_from, "mta_type",
	    "name");
	set_date(L, "arrival_date", &d->arrival);
	set_extensions(L, &d->fields);
	lua_setfield(L, -2, "per_message");
	lua_createtable(L, (int)d->n, 0);
	for (i = 0; i < d->n; i++) {
		push_recipient(L, &d->v[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "per_recipient");
	set_span(L, "original_message", d->original);
}

static void
set_texts(lua_State *L, const char *key, const struct report_texts *t)
{
	size_t i;

	lua_createtable(L, (int)t->n, 0);
	for (i = 0; i < t->n; i++) {
		lua_pushlstring(L, t->v[i].p, t->v[i].len);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, key);
}

/* The trace without the member that marks it as one. */
static void
set_supplemental(lua_State *L, struct span json)
{
	if (json.p == NULL)
		return;
	convert_push_json(L, json);
	if (lua_istable(L, -1)) {
		lua_pushnil(L);
		lua_setfield(L, -2, "_@_");
	}
	lua_setfield(L, -2, "supplemental_trace");
}

void
mime_push_feedback(lua_State *L, const struct feedback *f)
{
	lua_createtable(L, 0, 16);
	set_span(L, "feedback_type", f->type);
	set_span(L, "user_agent", f->user_agent);
	set_span(L, "version", f->version);
	set_date(L, "arrival_date", &f->arrival);
	if (f->has_incidents) {
		lua_pushinteger(L, f->incidents);
		lua_setfield(L, -2, "incidents");
	}
	set_span(L, "original_envelope_id", f->envelope_id);
	set_span(L, "original_mail_from", f->mail_from);
	set_typed(L, "reporting_mta", &f->reporting_mta, "mta_type", "name");
	set_span(L, "source_ip", f->source_ip);
	set_texts(L, "authentication_results", &f->authentication_results);
	/* The name is spelled so. */
	set_texts(L, "original_rcpto_to", &f->rcpt_to);
	set_texts(L, "reported_domain", &f->domains);
	set_texts(L, "reported_uri", &f->uris);
	set_extensions(L, &f->fields);
	set_span(L, "original_message", f->original);
	set_supplemental(L, f->supplemental);
}
