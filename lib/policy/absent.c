/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that policies for KumoMTA call and that are not here. Those that
 * do something are refused where they are called, never passed over; those
 * that only tune another engine are a notice.
 */
#include <string.h>

#include "lib/policy/state.h"

static const char *const absent[] = {
	"apply_supplemental_trace_header", "bump_config_epoch",
	"compute_egress_path_config_constraints",
	"compute_queue_config_constraints", "configure_accounting_db_path",
	"configure_bounce_classifier", "configure_log_hook",
	"configure_log_disposition_hook",
	"eval_config_monitor_globs", "format_egress_path_config_constraints",
	"format_egress_path_config_toml", "format_queue_config_toml",
	"inject_message",
	"invoke_get_egress_path_config", "invoke_get_egress_pool",
	"invoke_get_egress_source", "invoke_get_queue_config",
	"prometheus_metrics", "set_httpinject_recipient_rate_limit",
	"spawn_thread_pool", "start_http_listener",
	"suspend_delivery_when_spool_unhealthy", NULL,
};

static const char *const absent_modules[] = {
	"aaa", "amqp", "api", "dkim", "dmarc", "jsonl", "kafka", "nats",
	"shaping", "spf", "tsa", "xfer", NULL,
};

static const struct {
	const char *name, *why;
} without_effect[] = {
	{ "set_config_monitor_globs",
	    "files are read again by 'ekiden reload'" },
	{ "set_diagnostic_log_filter", "log_level of ekiden.yaml decides" },
	{ "set_httpinject_threads", "processes do the work, not threads" },
	{ "set_logging_threads", "processes do the work, not threads" },
	{ "set_qmaint_threads", "processes do the work, not threads" },
	{ "set_ready_qmaint_threads", "processes do the work, not threads" },
	{ "set_readyq_threads", "processes do the work, not threads" },
	{ "set_smtpsrv_threads", "processes do the work, not threads" },
	{ "set_spoolin_threads", "processes do the work, not threads" },
	{ "set_lruttl_cache_capacity", "the caches here are other ones" },
	{ "set_lua_gc_on_put", "a process has one Lua state" },
	{ "set_max_lua_context_age", "a process has one Lua state" },
	{ "set_max_lua_context_use_count", "a process has one Lua state" },
	{ "set_max_spare_lua_contexts", "a process has one Lua state" },
	{ "set_memory_hard_limit", "memory does not grow with the queue" },
	{ "set_memory_low_thresh", "memory does not grow with the queue" },
	{ "set_memory_soft_limit", "memory does not grow with the queue" },
	{ "enable_memory_callstack_tracking", "nothing is tracked" },
	{ "set_timeq_spawn_reinsertion", "there is one timing wheel" },
};

static int
call_absent(lua_State *L)
{
	return where_error(L, "%s is not part of this version of Ekiden",
	    lua_tostring(L, lua_upvalueindex(1)));
}

/* A module that is not here: its name is known, all in it is refused. */
static int
index_absent(lua_State *L)
{
	lua_pushfstring(L, "%s.%s", lua_tostring(L, lua_upvalueindex(1)),
	    luaL_checkstring(L, 2));
	lua_pushcclosure(L, call_absent, 1);
	return 1;
}

static int
call_without_effect(lua_State *L)
{
	struct policy *p = policy_of(L);
	const char *file, *was;
	int line;

	if (p->problems == NULL)
		return 0;
	was = p->problems->file;
	where_script(L, &file, &line);
	p->problems->file = file;
	problem_notice(p->problems, line, "kumo.%s changes nothing here: %s",
	    lua_tostring(L, lua_upvalueindex(1)),
	    lua_tostring(L, lua_upvalueindex(2)));
	p->problems->file = was;
	return 0;
}

void
kumo_absent(lua_State *L)
{
	size_t i;

	for (i = 0; absent[i] != NULL; i++) {
		lua_pushfstring(L, "kumo.%s", absent[i]);
		lua_pushcclosure(L, call_absent, 1);
		lua_setfield(L, -2, absent[i]);
	}
	for (i = 0; absent_modules[i] != NULL; i++) {
		lua_newtable(L);
		lua_newtable(L);
		lua_pushfstring(L, "kumo.%s", absent_modules[i]);
		lua_pushcclosure(L, index_absent, 1);
		lua_setfield(L, -2, "__index");
		lua_setmetatable(L, -2);
		lua_setfield(L, -2, absent_modules[i]);
	}
	for (i = 0; i < sizeof(without_effect) / sizeof(*without_effect);
	    i++) {
		lua_pushstring(L, without_effect[i].name);
		lua_pushstring(L, without_effect[i].why);
		lua_pushcclosure(L, call_without_effect, 2);
		lua_setfield(L, -2, without_effect[i].name);
	}
}
