/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/mail/envelope.h"
#include "lib/policy/queue_events.h"
#include "lib/policy/smtp_events.h"
#include "lib/settings/suite.h"

/* A policy of one script; NULL and the error when it does not load. */
static struct policy *
load(struct loop *loop, const char *text, struct policy_error *error)
{
	struct policy *p;
	struct suite suite;

	suite_defaults(&suite);
	bundle_add(&suite.bundle, "/etc/a/rather/long/path/so/that/lua/will/"
	    "cut/it/short/policy.lua", span_of(text));
	bundle_add(&suite.bundle, "require:mod", SPAN_LIT("/m/mod.lua"));
	bundle_add(&suite.bundle, "/m/mod.lua", SPAN_LIT("return { x = 7 }"));
	bundle_add(&suite.bundle, "file:/d", SPAN_LIT("one\ntwo\n3 rest"));
	p = policy_load(loop, &suite, error);
	suite_free(&suite);
	return p;
}

static struct policy *
load_good(struct loop *loop, const char *text)
{
	struct policy_error error;
	struct policy *p = load(loop, text, &error);

	if (p == NULL)
		fail_msg("%s", error.text);
	return p;
}

/* ---- what a script may not do ------------------------------------------- */

#define PLACE "/etc/a/rather/long/path/so/that/lua/will/cut/it/short/" \
    "policy.lua:"
#define KUMO "local kumo = require 'kumo' "

static const struct {
	const char *text;
	enum policy_error_kind kind;
	const char *why; /* begins so */
} bad[] = {
	{ "while true do end", POLICY_TOO_LONG, PLACE "1: the script ran" },
	{ "while true do pcall(function() while true do end end) end",
	    POLICY_TOO_LONG, PLACE "1: the script ran" },
	{ "while true do local c = coroutine.wrap(function() while true do "
	    "end end) pcall(c) end", POLICY_TOO_LONG, PLACE "1: " },
	{ "local s = ('x'):rep(1e9)", POLICY_TOO_BIG, "the script used up" },
	{ "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end",
	    POLICY_TOO_BIG,
	    "the script used up" },
	{ "\x1bLua", POLICY_FAILED, "attempt to load a binary chunk" },
	{ "assert(load('\\27Lua'))", POLICY_FAILED, PLACE "1: " },
	{ "assert(load(('').dump))", POLICY_FAILED, PLACE "1: " },
	{ "local x =\n\nend", POLICY_FAILED, PLACE "3: unexpected symbol" },
	{ "\n\nfoo.bar()", POLICY_FAILED, PLACE "3: attempt to index a nil" },
	{ "setmetatable({}, { __gc = function() end })", POLICY_FAILED,
	    PLACE "1: __gc" },
	{ "os.execute('true')", POLICY_FAILED, PLACE "1: attempt to call" },
	{ "io.popen('true')", POLICY_FAILED, PLACE "1: attempt to call" },
	{ "loadfile('/etc/passwd')", POLICY_FAILED, PLACE "1: attempt to" },
	{ "debug.sethook()", POLICY_FAILED, PLACE "1: attempt to index" },
	{ "\ndofile '/etc/passwd'", POLICY_FAILED, PLACE "2: dofile: " },
	{ "\nrequire 'nothing'", POLICY_FAILED, PLACE "2: module 'nothing'" },
	{ "error({})", POLICY_FAILED, PLACE "1: the script raised a value" },
	{ "coroutine.yield()", POLICY_FAILED, PLACE "1: nothing is there" },
	{ KUMO "\nkumo.on('get_queue_confg', print)", POLICY_FAILED,
	    PLACE "2: kumo.on: no event is called 'get_queue_confg', did you "
	    "mean 'get_queue_config'?" },
	{ KUMO "\nkumo.on('rebind_message', print)", POLICY_FAILED,
	    PLACE "2: kumo.on: the event 'rebind_message' is not part" },
	{ KUMO "kumo.on('init', print)\nkumo.on('init', print)",
	    POLICY_FAILED, PLACE "2: kumo.on: 'init' has a handler" },
	{ KUMO "\nkumo.define_spool{}", POLICY_FAILED,
	    PLACE "2: kumo.define_spool must be called inside" },
	{ KUMO "\nkumo.start_http_listener{}", POLICY_FAILED,
	    PLACE "2: kumo.start_http_listener is not part" },
	{ KUMO "\nkumo.kafka.build_producer{}", POLICY_FAILED,
	    PLACE "2: kumo.kafka.build_producer is not part" },
	{ KUMO "kumo.reject(99, 'x')", POLICY_FAILED,
	    PLACE "1: 99 is no SMTP reply code" },
	{ KUMO "kumo.disconnect(421, 'x', 'Now')", POLICY_FAILED,
	    PLACE "1: kumo.disconnect: 'Now'" },
	{ KUMO "kumo.reject(550, 'x')", POLICY_REJECTED, "x" },
	{ KUMO "kumo.sleep(1)", POLICY_FAILED, PLACE "1: this call has" },

	{ KUMO "\nkumo.make_egress_path {\n enable_tlss = 'Required' }",
	    POLICY_FAILED, PLACE "2: unknown option 'enable_tlss' of "
	    "kumo.make_egress_path; did you mean 'enable_tls'?" },
	{ KUMO "kumo.make_egress_path { smtp_port = 'x' }", POLICY_FAILED,
	    PLACE "1: " },
	{ KUMO "kumo.make_egress_path { enable_dane = true }", POLICY_FAILED,
	    PLACE "1: enable_dane of kumo.make_egress_path is not part" },
	{ KUMO "kumo.make_egress_source { nam = 'x' }", POLICY_FAILED,
	    PLACE "1: unknown option 'nam'" },
	{ KUMO "kumo.make_egress_source {}", POLICY_FAILED, PLACE "1: " },
	{ KUMO "kumo.make_egress_pool { name = 'x', entry = {} }",
	    POLICY_FAILED, PLACE "1: unknown option 'entry'" },
	{ KUMO "kumo.make_queue_config { retry = 1 }", POLICY_FAILED,
	    PLACE "1: unknown option 'retry'" },
	{ KUMO "kumo.make_queue_config { protocol = { custom_lua = { "
	    "constructor = 'x' } } }", POLICY_FAILED,
	    PLACE "1: protocol.custom_lua of" },
	{ KUMO "kumo.make_listener_domain { relayto = true }", POLICY_FAILED,
	    PLACE "1: unknown option 'relayto'" },
	{ KUMO "kumo.make_listener_domain { log_oob = true }", POLICY_FAILED,
	    PLACE "1: log_oob of kumo.make_listener_domain is not part" },
	{ KUMO "kumo.make_listener_domain(5)", POLICY_FAILED,
	    PLACE "1: kumo.make_listener_domain: wanted a table" },
	{ KUMO "local t = {} t.t = t kumo.make_egress_path(t)",
	    POLICY_FAILED, PLACE "1: kumo.make_egress_path: the table is too" },
	{ KUMO "kumo.make_egress_path { x = print }", POLICY_FAILED,
	    PLACE "1: kumo.make_egress_path: functions and objects" },
};

static void
test_bad(void **state)
{
	struct policy_error error;
	struct policy *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		p = load(NULL, bad[i].text, &error);
		if (p != NULL)
			fail_msg("%s: it loads", bad[i].text);
		check_int(bad[i].text, error.kind, bad[i].kind);
		if (!span_starts(span_of(error.text), bad[i].why))
			fail_msg("%s: got \"%s\", want \"%s...\"",
			    bad[i].text, error.text, bad[i].why);
		policy_error_free(&error);
	}
}

static void
test_good(void **state)
{
	struct policy *p;

	(void)state;
	p = load_good(NULL, KUMO
	    "assert(require('mod').x == 7 and require 'mod' == require 'mod')\n"
	    "local f = assert(io.open('/d'))\n"
	    "assert(f:read() == 'one' and f:read('L') == 'two\\n')\n"
	    "assert(f:read('n') == 3 and f:read('a') == ' rest')\n"
	    "assert(f:read() == nil) f:close()\n"
	    "assert(io.open('/etc/passwd') == nil)\n"
	    "assert(select(2, io.open('/d', 'w')):find('only read'))\n"
	    "local n = 0 for l in io.lines('/d') do n = n + 1 end\n"
	    "assert(n == 3 and type(kumo.version) == 'string')\n"
	    "assert(os.time() > 0 and os.getenv and os.date and os.clock)\n"
	    "local s = kumo.make_egress_source { name = 'a', "
	    "source_address = '192.0.2.1' }\n"
	    "assert(s.name == 'a' and s.source_address == '192.0.2.1')\n"
	    "local seen for k, v in pairs(s) do if k == 'name' then seen = v "
	    "end end assert(seen == 'a')\n"
	    "assert(kumo.dns.reverse_ip '192.0.2.1' == '1.2.0.192')\n"
	    "assert(kumo.dns.ptr_host '192.0.2.1' == "
	    "'1.2.0.192.in-addr.arpa')\n"
	    "kumo.set_lua_gc_on_put(50)\n"
	    "local ok, e = pcall(kumo.reject, 550, 'no')\n"
	    "assert(not ok and tostring(e) == 'kumo.reject(550, no)')\n");
	policy_free(&p);
}

/* ---- events of the queue manager ---------------------------------------- */

struct settings_got {
	unsigned n;
	struct policy_error error; /* kind and text */
	char text[200];
	int64_t retry;
};

static void
on_queue(void *arg, const struct policy_error *error, const void *settings)
{
	const struct queue_config *q = settings;
	struct settings_got *got = arg;

	got->n++;
	got->error.kind = error != NULL ? error->kind : POLICY_NO_ERROR;
	got->text[0] = '\0';
	if (error != NULL)
		strncat(got->text, error->text, sizeof(got->text) - 1);
	got->retry = q != NULL ? q->retry_interval : -1;
}

static void
test_queue_config(void **state)
{
	static const struct {
		const char *domain;
		enum policy_error_kind kind;
		int64_t retry;
	} rows[] = {
		{ "one.test", POLICY_NO_ERROR, 60000 },
		{ "two.test", POLICY_NO_ERROR, 120000 },
		{ "none.test", POLICY_NO_ERROR, -1 },
		{ "nil.test", POLICY_NO_ERROR, -1 },
		{ "table.test", POLICY_FAILED, -1 },
		{ "reject.test", POLICY_REJECTED, -1 },
		{ "fault.test", POLICY_FAILED, -1 },
		{ "yield.test", POLICY_FAILED, -1 },
	};
	struct settings_got got = { .n = 0 };
	struct policy *p;
	size_t i;

	(void)state;
	p = load_good(NULL, KUMO
	    "kumo.on('get_queue_config', function(d, t, c, r)\n"
	    "  assert(t == nil and c == 'camp' and r == nil)\n"
	    "  if d == 'one.test' then return kumo.make_queue_config "
	    "{ retry_interval = '1m' } end\n"
	    "  if d == 'nil.test' then return nil end\n"
	    "end)\n"
	    "kumo.on('get_queue_config', function(d)\n"
	    "  assert(d ~= 'one.test' and d ~= 'nil.test')\n"
	    "  if d == 'two.test' then return kumo.make_queue_config "
	    "{ retry_interval = '2m' } end\n"
	    "  if d == 'table.test' then return {} end\n"
	    "  if d == 'reject.test' then kumo.reject(550, 'no') end\n"
	    "  if d == 'fault.test' then local x = nil + 1 end\n"
	    "  if d == 'yield.test' then coroutine.yield() end\n"
	    "end)\n");
	check_int("has", policy_has(p, "get_queue_config"), true);
	check_int("has not", policy_has(p, "get_egress_pool"), false);
	for (i = 0; i < COUNT(rows); i++) {
		got.n = 0;
		check_int(rows[i].domain, policy_queue_config(p,
		    span_of(rows[i].domain), span_of(""), span_of("camp"),
		    span_of(NULL), on_queue, &got), 0);
		check_int(rows[i].domain, got.n, 1);
		check_int(rows[i].domain, got.error.kind, rows[i].kind);
		check_int(rows[i].domain, got.retry, rows[i].retry);
	}
	policy_free(&p);
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
test_waiting(void **state)
{
	struct settings_got first = { .n = 0 }, second = { .n = 0 };
	struct loop *loop = loop_new();
	struct policy *p;
	struct timer end;
	uint64_t call;

	(void)state;
	p = load_good(loop, KUMO
	    "kumo.on('get_queue_config', function(d)\n"
	    "  pcall(kumo.sleep, 0.01)\n"
	    "  return kumo.make_queue_config { retry_interval = '3m' }\n"
	    "end)\n");
	check_int("waits", policy_queue_config(p, SPAN_LIT("a.test"),
	    span_of(NULL), span_of(NULL), span_of(NULL), on_queue, &first) !=
	    0, true);
	call = policy_queue_config(p, SPAN_LIT("b.test"), span_of(NULL),
	    span_of(NULL), span_of(NULL), on_queue, &second);
	policy_cancel(p, call);
	policy_cancel(p, call);
	timer_init(&end, loop, stop_loop, loop);
	timer_set(&end, 200);
	loop_run(loop);
	check_int("answered", first.n, 1);
	check_int("answered", first.retry, 180000);
	check_int("cancelled", second.n, 0);
	/* One that still waits at the end is dropped. */
	policy_queue_config(p, SPAN_LIT("c.test"), span_of(NULL),
	    span_of(NULL), span_of(NULL), on_queue, &second);
	timer_done(&end);
	policy_free(&p);
	check_int("dropped", second.n, 0);
	loop_free(&loop);
}

/* ---- events of reception ------------------------------------------------ */

struct verdict_got {
	unsigned n;
	struct policy_verdict v;
	char text[300];
	bool relay_to, has_domain;
};

static void
on_verdict(void *arg, const struct policy_verdict *v)
{
	struct verdict_got *got = arg;

	got->n++;
	got->v = *v;
	snprintf(got->text, sizeof(got->text), "%.*s", SPAN_FMT(v->text));
}

static void
on_domain(void *arg, const struct policy_verdict *v,
    const struct listener_domain *d)
{
	struct verdict_got *got = arg;

	on_verdict(arg, v);
	got->has_domain = d != NULL;
	got->relay_to = d != NULL && d->relay_to;
}

static const char body[] =
    "From: a@b.test\r\n"
    "X-One: 1\r\n"
    "X-Camp-Id: first\r\n"
    "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n"
    "X-Camp-Id: last\r\n"
    "\r\n"
    "text\r\n";
static const char prefix[] = "Received: by us\r\n";

static const struct {
	const char *script; /* of a handler (msg, conn) */
	enum policy_result result;
	int code;
	unsigned edits;
	const char *content; /* NULL: as it was */
} received[] = {
	{ "", POLICY_OK, 0, 0, NULL },
	{ "assert(msg:id() == '00000000000000000000000000000000')",
	    POLICY_OK, 0, 0, NULL },
	{ "local s = msg:sender() assert(tostring(s) == 's@x.test' and "
	    "s.user == 's' and s.domain == 'x.test' and s.email == "
	    "'s@x.test')", POLICY_OK, 0, 0, NULL },
	{ "local r = msg:recipient() assert(#r == 2 and r[2].email == "
	    "'\"b c\"@y.test' and r[2].user == 'b c')", POLICY_OK, 0, 0,
	    NULL },
	{ "msg:set_sender('') assert(msg:sender().email == '')", POLICY_OK, 0,
	    POLICY_EDIT_SENDER, NULL },
	{ "msg:set_sender('no address')", POLICY_TROUBLE, 0, 0, NULL },
	{ "msg:set_recipient { 'a@z.test', msg:sender() } "
	    "assert(#msg:recipient_list() == 2)", POLICY_OK, 0,
	    POLICY_EDIT_RCPTS, NULL },
	{ "msg:set_meta('tenant', 'acme') msg:set_meta('n', { 1, 'x', "
	    "{ a = 1.5 } }) assert(msg:get_meta 'tenant' == 'acme') "
	    "assert(msg:get_meta('n')[3].a == 1.5) "
	    "assert(msg:get_meta 'none' == nil) "
	    "assert(msg:queue_name() == 'acme@y.test') "
	    "msg:set_meta('campaign', 'c') msg:set_meta('tenant', nil) "
	    "assert(msg:queue_name() == 'c:@y.test') "
	    "msg:set_meta('queue', 'q') assert(msg:queue_name() == 'q')",
	    POLICY_OK, 0, POLICY_EDIT_META, NULL },
	{ "assert(conn:get_meta 'from' == '192.0.2.1:1') "
	    "conn:set_meta('x', true) assert(conn:get_meta 'x' == true)",
	    POLICY_OK, 0, 0, NULL },
	{ "assert(msg:get_first_named_header_value('subject') == "
	    "'gr\xc3\xbcn') assert(msg:get_first_named_header_value('no') "
	    "== nil) assert(#msg:get_all_named_header_values('x-camp-id') "
	    "== 2) local h = msg:get_all_headers() assert(#h == 6 and "
	    "h[1][1] == 'Received' and h[1][2] == 'by us')", POLICY_OK, 0, 0,
	    NULL },
	{ "msg:prepend_header('X-New', 'v')", POLICY_OK, 0,
	    POLICY_EDIT_PREFIX, "X-New: v\r\nReceived: by us\r\nFrom:" },
	{ "msg:prepend_header('X-New', 'a\\nBcc: x')", POLICY_TROUBLE, 0, 0,
	    NULL },
	{ "msg:prepend_header('X New', 'a')", POLICY_TROUBLE, 0, 0, NULL },
	{ "msg:prepend_header('X-New', 'gr\xc3\xbcn', true)", POLICY_OK, 0,
	    POLICY_EDIT_PREFIX, "X-New: =?UTF-8?q?gr=C3=BCn?=\r\nReceived" },
	{ "msg:append_header('X-End', 'v') assert(msg:get_data():find("
	    "'last\\r\\nX-End: v\\r\\n\\r\\ntext', 1, true))", POLICY_OK, 0,
	    POLICY_EDIT_BODY, "Received: by us\r\nFrom: a@b.test\r\nX-One" },
	{ "msg:remove_all_named_headers 'received'", POLICY_OK, 0,
	    POLICY_EDIT_PREFIX, "From: a@b.test\r\nX-One" },
	{ "msg:remove_x_headers() assert(#msg:get_all_headers() == 3)",
	    POLICY_OK, 0, POLICY_EDIT_BODY,
	    "Received: by us\r\nFrom: a@b.test\r\nSubject: " },
	{ "msg:remove_x_headers { 'x-one' }", POLICY_OK, 0, POLICY_EDIT_BODY,
	    "Received: by us\r\nFrom: a@b.test\r\nX-Camp-Id: first" },
	{ "msg:import_x_headers() assert(msg:get_meta 'x_camp_id' == 'last' "
	    "and msg:get_meta 'x_one' == '1')", POLICY_OK, 0,
	    POLICY_EDIT_META, NULL },
	{ "msg:import_x_headers({ 'X-Camp-Id' }, true) assert(msg:get_meta "
	    "'x_camp_id' == 'first' and msg:get_meta 'x_one' == nil)",
	    POLICY_OK, 0, POLICY_EDIT_META, NULL },
	{ "msg:import_headers { { name = 'X-Camp-Id', match = 'all', target "
	    "= 'camp' }, { name = 'X-*', transform = 'pascal_case', remove = "
	    "true } } assert(#msg:get_meta 'camp' == 2 and msg:get_meta "
	    "'XOne' == '1' and msg:get_meta 'x_camp_id' == nil)", POLICY_OK,
	    0, POLICY_EDIT_META | POLICY_EDIT_BODY,
	    "Received: by us\r\nFrom: a@b.test\r\nX-Camp-Id: first" },
	{ "msg:import_headers { { name = 'X-*', target = 'x' } }",
	    POLICY_TROUBLE, 0, 0, NULL },
	{ "msg:set_data('Subject: x\\r\\n\\r\\n') assert(msg:get_data() == "
	    "'Subject: x\\r\\n\\r\\n')", POLICY_OK, 0, POLICY_EDIT_BODY |
	    POLICY_EDIT_PREFIX, "Subject: x\r\n\r\n" },
	{ "kept = msg", POLICY_OK, 0, 0, NULL },
	{ "kept:sender()", POLICY_TROUBLE, 0, 0, NULL },
	{ "kumo.reject(550, '5.7.1 go\\naway')", POLICY_REJECT, 550, 0, NULL },
	{ "kumo.disconnect(421, 'x')", POLICY_DISCONNECT, 421, 0, NULL },
	{ "kumo.disconnect(450, 'x', 'If421')", POLICY_REJECT, 450, 0, NULL },
	{ "kumo.disconnect(450, 'x', 'FollowWith421')",
	    POLICY_DISCONNECT_421, 450, 0, NULL },
	{ "kumo.disconnect(450, 'x')", POLICY_DISCONNECT, 450, 0, NULL },
	{ "kumo.reject(250, 'x')", POLICY_TROUBLE, 250, 0, NULL },
	{ "msg:dkim_sign()", POLICY_TROUBLE, 0, 0, NULL },
	{ "local s = ('x'):rep(1e9)", POLICY_TROUBLE, 0, 0, NULL },
};

static void
check_content(const char *row, const struct policy_message *m,
    const char *want)
{
	struct buf all = { .base = NULL };

	buf_add_span(&all, m->prefix);
	buf_add_span(&all, m->body);
	if (!span_starts(buf_span(&all), want))
		fail_msg("%s: got \"%.*s\"", row, SPAN_FMT(buf_span(&all)));
	buf_free(&all);
}

static void
test_received(void **state)
{
	struct buf script = { .base = NULL };
	struct policy *p;
	size_t i;

	(void)state;
	buf_add_str(&script, KUMO "local list = {\n");
	for (i = 0; i < COUNT(received); i++)
		buf_addf(&script, "function(msg, conn) %s end,\n",
		    received[i].script);
	buf_add_str(&script, "}\nlocal i = 0\n"
	    "kumo.on('smtp_server_message_received', function(msg, conn)\n"
	    "  i = i + 1\n  list[i](msg, conn)\nend)\n");
	buf_add_byte(&script, '\0');
	p = load_good(NULL, (const char *)buf_data(&script));
	for (i = 0; i < COUNT(received); i++) {
		struct arena arena = { .blocks = NULL };
		struct span rcpts[] = { SPAN_LIT("a@Y.test"),
			SPAN_LIT("\"b c\"@y.test") };
		struct policy_message m = { .sender = SPAN_LIT("s@x.test"),
			.rcpts = rcpts, .n_rcpts = 2, .arena = &arena,
			.prefix = SPAN_LIT(prefix), .body = SPAN_LIT(body) };
		struct policy_meta conn = { .pairs = { 0 } };
		struct verdict_got got = { .n = 0 };

		policy_meta_set(&conn, SPAN_LIT("from"),
		    SPAN_LIT("\"192.0.2.1:1\""));
		policy_message_received(p, &m, &conn, on_verdict, &got);
		check_int(received[i].script, got.n, 1);
		if (got.v.result != received[i].result)
			fail_msg("%s: result %d: %s", received[i].script,
			    got.v.result, got.text);
		check_int(received[i].script, got.v.code, received[i].code);
		if (got.v.result == POLICY_OK)
			check_int(received[i].script, m.edits,
			    received[i].edits);
		if (received[i].content != NULL)
			check_content(received[i].script, &m,
			    received[i].content);
		if (received[i].code == 550)
			check_str("one line", got.text, "5.7.1 go away");
		if (!(m.edits & POLICY_EDIT_BODY))
			check_int("body is shared", m.body.p == body, true);
		policy_meta_free(&m.meta);
		policy_meta_free(&conn);
		arena_free(&arena);
	}
	policy_free(&p);
	buf_free(&script);
}

static void
test_listener_domain(void **state)
{
	static const struct {
		const char *domain;
		enum policy_result result;
		bool has, relay;
	} rows[] = {
		{ "yes.test", POLICY_OK, true, true },
		{ "nil.test", POLICY_OK, false, false },
		{ "nothing.test", POLICY_OK, false, false },
		{ "number.test", POLICY_TROUBLE, false, false },
		{ "reject.test", POLICY_REJECT, false, false },
	};
	struct policy_meta conn = { .pairs = { 0 } };
	struct verdict_got got;
	struct policy *p;
	size_t i;

	(void)state;
	p = load_good(NULL, KUMO
	    "kumo.on('get_listener_domain', function(d, l, conn)\n"
	    "  assert(l == '127.0.0.1:25' and conn:get_meta('x') == nil)\n"
	    "  if d == 'yes.test' then return kumo.make_listener_domain "
	    "{ relay_to = true } end\n"
	    "  if d == 'nil.test' then return nil end\n"
	    "  if d == 'number.test' then return 5 end\n"
	    "  if d == 'reject.test' then kumo.reject(451, 'later') end\n"
	    "end)\n");
	for (i = 0; i < COUNT(rows); i++) {
		got = (struct verdict_got){ .n = 0 };
		policy_listener_domain(p, span_of(rows[i].domain),
		    SPAN_LIT("127.0.0.1:25"), &conn, on_domain, &got);
		check_int(rows[i].domain, got.n, 1);
		check_int(rows[i].domain, got.v.result, rows[i].result);
		check_int(rows[i].domain, got.has_domain, rows[i].has);
		check_int(rows[i].domain, got.relay_to, rows[i].relay);
	}
	policy_free(&p);
}

static void
test_none(void **state)
{
	struct settings_got got = { .n = 0 };
	struct policy_error error;
	struct suite suite;
	struct policy *p;

	(void)state;
	suite_defaults(&suite);
	p = policy_load(NULL, &suite, &error);
	assert_non_null(p);
	check_int("has", policy_has(p, "get_queue_config"), false);
	policy_queue_config(p, SPAN_LIT("a"), span_of(NULL), span_of(NULL),
	    span_of(NULL), on_queue, &got);
	check_int("answers", got.n, 1);
	check_int("error", got.error.kind, POLICY_NO_ERROR);
	policy_free(&p);
	suite_free(&suite);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_queue_config),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_listener_domain),
		cmocka_unit_test(test_none),
	};

	log_init("test", NULL, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
