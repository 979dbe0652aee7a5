/* SPDX-License-Identifier: Apache-2.0 */
/* The real process against scripted servers and played peers. */
#include "tests/support/out_rig.h"

#define BODY "Subject: hi\r\n\r\nhello\r\n.dot\r\nend\r\n"

static void
start_delivery(struct rig *r, struct server *s, struct rig_terms *t)
{
	rig_start(r, ROLE_OUT);
	server_start(s, r->loop, "127.0.0.1");
	terms_defaults(t);
	terms_host(t, "mx.test", s);
}

/* ---- one message, many ways for a server to answer ---------------------- */

struct want_record {
	enum record_type type;
	uint16_t code;
	const char *command, *content; /* NULL: not looked at */
	uint32_t n_rcpts;
};

struct answer_row {
	const char *name;
	struct line_rule rules[6];
	const char *rcpts;
	uint32_t flags;
	enum outcome_result result;
	uint32_t n_done;
	uint32_t messages; /* taken by the server */
	struct want_record records[4];
};

static const struct answer_row answers[] = {
	{ "delivered", { { NULL, NULL, 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 1,
	    { { RECORD_DELIVERY, 250, ".", "taken", 0 } } },
	{ "sender refused", { { "MAIL", "550 5.7.1 no", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 550, "MAIL FROM:<from@a.test>", "no", 0 } } },
	{ "sender later", { { "MAIL", "450 4.7.1 greylisted", 0 } },
	    "b@b.test,c@b.test", 0, OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 450, NULL, "greylisted", 0 } } },
	{ "503 is no verdict", { { "MAIL", "503 5.5.1 sequence", 0 } },
	    "b@b.test", 0, OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 503, NULL, NULL, 0 } } },
	{ "one of two refused", { { "RCPT TO:<b", "550 5.1.1 unknown", 0 } },
	    "b@b.test,c@b.test", 0, OUTCOME_FINISHED, 2, 1,
	    { { RECORD_BOUNCE, 550, "RCPT TO:<b@b.test>", "unknown", 1 },
	      { RECORD_DELIVERY, 250, ".", NULL, 1 } } },
	{ "one of two later", { { "RCPT TO:<c", "451 4.2.1 busy", 0 } },
	    "b@b.test,c@b.test", 0, OUTCOME_TRANSIENT, 1, 1,
	    { { RECORD_DELIVERY, 250, NULL, NULL, 1 },
	      { RECORD_TRANSIENT_FAILURE, 451, NULL, NULL, 1 } } },
	{ "all refused", { { "RCPT", "550 5.1.1 unknown", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 550, NULL, NULL, 0 } } },
	{ "all refused, 354 nonetheless", { { "RCPT", "550 no", 0 },
	    { "DATA", "354 go", 0 }, { ".", "554 nobody", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 1,
	    { { RECORD_BOUNCE, 550, NULL, NULL, 0 } } },
	{ "too many", { { "RCPT TO:<c", "452 4.5.3 too many", 1 } },
	    "b@b.test,c@b.test", 0, OUTCOME_FINISHED, 2, 2,
	    { { RECORD_DELIVERY, 250, NULL, NULL, 1 },
	      { RECORD_DELIVERY, 250, NULL, NULL, 1 } } },
	{ "too many, perhaps, twice", { { "RCPT TO:<c", "452 many", 0 },
	    { "RCPT TO:<d", "452 many", 0 } },
	    "b@b.test,c@b.test,d@b.test", 0, OUTCOME_TRANSIENT, 1, 1,
	    { { RECORD_DELIVERY, 250, NULL, NULL, 1 },
	      { RECORD_TRANSIENT_FAILURE, 452, NULL, NULL, 1 },
	      { RECORD_TRANSIENT_FAILURE, 452, NULL, NULL, 1 } } },
	{ "DATA refused", { { "DATA", "554 5.6.0 no", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 554, "DATA", NULL, 0 } } },
	{ "content refused", { { ".", "554 5.7.1 spam", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 1,
	    { { RECORD_BOUNCE, 554, ".", "spam", 0 } } },
	{ "content later", { { ".", "452 4.3.1 full", 0 } }, "b@b.test", 0,
	    OUTCOME_TRANSIENT, 0, 1,
	    { { RECORD_TRANSIENT_FAILURE, 452, ".", NULL, 0 } } },
	{ "421 at MAIL", { { "MAIL", "421 4.3.2 going down", 0 } },
	    "b@b.test", 0, OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 421, NULL, NULL, 0 } } },
	{ "421 after a refusal", { { "RCPT TO:<b", "550 5.1.1 unknown", 0 },
	    { "RCPT TO:<c", "421 4.3.2 going down", 0 } },
	    "b@b.test,c@b.test,d@b.test", 0, OUTCOME_TRANSIENT, 1, 0,
	    { { RECORD_BOUNCE, 550, NULL, NULL, 1 },
	      { RECORD_TRANSIENT_FAILURE, 421, NULL, NULL, 2 } } },
	{ "closed at MAIL", { { "MAIL", "!close", 0 } }, "b@b.test", 0,
	    OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 421, "MAIL FROM:<from@a.test>",
	      "KumoMTA internal: connection closed by peer", 0 } } },
	{ "closed after the content", { { ".", "!close", 0 } }, "b@b.test", 0,
	    OUTCOME_TRANSIENT, 0, 1,
	    { { RECORD_TRANSIENT_FAILURE, 421, ".", NULL, 0 } } },
	{ "a reply too many", { { "DATA", "354 go\r\n250 sneaky", 0 } },
	    "b@b.test", 0, OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 400, NULL, NULL, 0 } } },
	{ "not SMTP", { { "MAIL", "HTTP/1.1 200 OK", 0 } }, "b@b.test", 0,
	    OUTCOME_TRANSIENT, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 400, NULL, NULL, 0 } } },
	{ "controls in the text", { { ".", "550 a\tb\x01" "c\xff", 0 } },
	    "b@b.test", 0, OUTCOME_FINISHED, 1, 1,
	    { { RECORD_BOUNCE, 550, ".", NULL, 0 } } },
	{ "no 8BITMIME", { { "EHLO", "250-peer\r\n250 PIPELINING", 0 } },
	    "b@b.test", ENVELOPE_BODY_8BIT, OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 554, "", NULL, 0 } } },
	{ "no SMTPUTF8", { { NULL, NULL, 0 } }, "b@b.test",
	    ENVELOPE_HEADER_8BIT, OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 554, "", NULL, 0 } } },
	{ "one recipient needs SMTPUTF8", { { NULL, NULL, 0 } },
	    "b@b.test,\xc3\xa4@b.test", 0, OUTCOME_FINISHED, 2, 1,
	    { { RECORD_DELIVERY, 250, NULL, NULL, 1 },
	      { RECORD_BOUNCE, 554, "", NULL, 1 } } },
	{ "SIZE announced", { { "EHLO", "250-peer\r\n250 SIZE 20", 0 } },
	    "b@b.test", 0, OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 552, "", NULL, 0 } } },
	{ "without PIPELINING", { { "EHLO", "250 peer", 0 },
	    { "RCPT TO:<b", "550 5.1.1 no", 0 } },
	    "b@b.test,c@b.test", 0, OUTCOME_FINISHED, 2, 1,
	    { { RECORD_BOUNCE, 550, NULL, NULL, 1 },
	      { RECORD_DELIVERY, 250, NULL, NULL, 1 } } },
	{ "without PIPELINING, nobody left", { { "EHLO", "250 peer", 0 },
	    { "RCPT", "550 5.1.1 no", 0 } }, "b@b.test", 0,
	    OUTCOME_FINISHED, 1, 0,
	    { { RECORD_BOUNCE, 550, NULL, NULL, 0 } } },
	{ "banner refused", { { "connect", "554 no", 0 } }, "b@b.test", 0,
	    OUTCOME_UNREACHED, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 400, "", "KumoMTA internal: failed "
	      "to connect to any candidate hosts: mx.test/127.0.0.1: the "
	      "connection was answered with 554 no", 0 } } },
	{ "EHLO refused", { { "EHLO", "502 no", 0 } }, "b@b.test", 0,
	    OUTCOME_UNREACHED, 0, 0,
	    { { RECORD_TRANSIENT_FAILURE, 400, "", NULL, 0 } } },
};

static void
check_row(const struct answer_row *row, const struct rig_outcome *got)
{
	uint32_t i, n = 0;

	check_int(row->name, got->o.result, row->result);
	check_int(row->name, got->o.n_done, row->n_done);
	while (n < COUNT(row->records) && row->records[n].code != 0)
		n++;
	check_int(row->name, got->n_records, n);
	for (i = 0; i < n; i++) {
		const struct want_record *w = &row->records[i];
		const struct record *rec = &got->records[i];

		check_int(row->name, rec->type, w->type);
		check_int(row->name, rec->code, w->code);
		check_int(row->name, rec->n_rcpts, w->n_rcpts);
		if (w->command != NULL)
			check_span(row->name, rec->command,
			    span_of(w->command));
		if (w->content != NULL)
			check_span(row->name, rec->content,
			    span_of(w->content));
		assert_true(text_is_utf8(rec->content));
	}
}

static void
test_answers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(answers); i++) {
		struct server s = { .rules = answers[i].rules };
		struct rig_terms t;
		struct rig r;

		start_delivery(&r, &s, &t);
		t.path.reconnect_strategy = RECONNECT_TERMINATE_SESSION;
		rig_open(&r, 7, &t);
		rig_message(&r, 7, 1, answers[i].rcpts, answers[i].flags,
		    SPAN_LIT(BODY), false);
		if (!rig_run(&r, until_outcomes, 1))
			fail_msg("%s: no outcome", answers[i].name);
		check_row(&answers[i], &r.outcomes[0]);
		check_int(answers[i].name, s.messages, answers[i].messages);
		rig_stop(&r);
		server_stop(&s);
	}
}

static void
test_record_and_group(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;
	const struct record *rec;
	char at[IP_TEXT_MAX];

	(void)state;
	start_delivery(&r, &s, &t);
	t.path.provider_name = xstrdup("prov");
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 1));
	rec = &r.outcomes[0].records[0];
	check_span("peer", rec->peer_name, SPAN_LIT("mx.test"));
	check_span("peer", rec->peer_addr, SPAN_LIT("127.0.0.1"));
	check_span("site", rec->site, SPAN_LIT("src->site.test@smtp_client"));
	check_span("pool", rec->pool, SPAN_LIT("pool"));
	check_span("source", rec->source, SPAN_LIT("src"));
	check_span("protocol", rec->delivery_protocol, SPAN_LIT("ESMTP"));
	check_span("provider", rec->provider, SPAN_LIT("prov"));
	assert_true(span_starts(rec->source_address, "127.0.0.1:"));
	assert_true(rec->has_enhanced && rec->enh_class == 2);
	assert_false(uuid_is_zero(&rec->session));
	(void)at;
	/* EHLO, then the whole envelope in one read of the server. */
	check_span("log", buf_span(&s.conns[0]->log),
	    SPAN_LIT("|EHLO out.test\n|MAIL FROM:<from@a.test>\n"
	    "RCPT TO:<b@b.test>\nDATA\n"));
	check_span("wire", buf_span(&s.conns[0]->content), SPAN_LIT(
	    "Received: by us\r\nSubject: hi\r\n\r\nhello\r\n..dot\r\nend\r\n"
	    ".\r\n"));
	rig_stop(&r);
	server_stop(&s);
}

/* ---- sessions ----------------------------------------------------------- */

static void
test_reuse_and_idle(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	t.path.idle_timeout = 100;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	rig_message(&r, 7, 2, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 2));
	rig_message(&r, 7, 3, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_ended, 1));
	check_int("outcomes", r.n_outcomes, 3);
	check_int("end", r.ended[0].e.why, SESSION_END_DONE);
	check_int("connections", s.n_conns, 1);
	assert_non_null(strstr((char *)buf_data(&s.conns[0]->log),
	    "|RSET\nMAIL FROM"));
	rig_stop(&r);
	server_stop(&s);
}

static void
test_max_deliveries(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	t.path.max_deliveries_per_connection = 1;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	rig_message(&r, 7, 2, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_ended, 1));
	check_int("outcomes", r.n_outcomes, 1);
	check_int("end", r.ended[0].e.why, SESSION_END_DONE);
	rig_stop(&r);
	server_stop(&s);
}

static bool
until_ehlo(struct rig *r)
{
	const struct server *s = r->server;

	return s->n_conns > 0 && buf_len(&s->conns[0]->log) > 0;
}

static void
test_aggressive_opening(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	r.server = &s;
	t.path.aggressive_connection_opening = true;
	rig_open(&r, 7, &t);
	assert_true(rig_run(&r, until_ehlo, 1));
	session_close_put(channel_begin(r.qmgr, MSG_SESSION_CLOSE, 0), 7);
	channel_end(r.qmgr);
	assert_true(rig_run(&r, until_ended, 1));
	check_int("end", r.ended[0].e.why, SESSION_END_DONE);
	rig_stop(&r);
	server_stop(&s);
}

static void
test_early_message(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	channel_flush(r.reader);
	usleep(20000);
	rig_open(&r, 7, &t);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	rig_stop(&r);
	server_stop(&s);
}

static void
test_queue_manager_lost(void **state)
{
	static const struct line_rule slow[] = { { ".", "", 1 }, { 0 } };
	struct server s = { .rules = slow };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	r.keep = false;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 0));
	while (s.messages == 0)
		assert_true(rig_run(&r, until_outcomes, 0));
	/* In hand and not answered by the server: held. */
	channel_close(&r.qmgr);
	r.qmgr = rig_peer(&r, ROLE_QMGR);
	assert_true(rig_run(&r, until_held, 2));
	check_int("sessions", r.held_sessions, 1);
	check_int("ids", r.held_ids, 1);
	conn_say(s.conns[0], "250 2.0.0 taken");
	assert_true(rig_run(&r, until_outcomes, 1));
	/* Not kept: said again to the next one, under the same number. */
	channel_close(&r.qmgr);
	r.qmgr = rig_peer(&r, ROLE_QMGR);
	assert_true(rig_run(&r, until_outcomes, 2));
	check_int("told and not kept", r.held_sessions, 1);
	assert_true(r.outcomes[0].request == r.outcomes[1].request);
	outcome_kept_put(channel_begin(r.qmgr, MSG_OUTCOME_KEPT, 0),
	    r.outcomes[0].request);
	channel_end(r.qmgr);
	rig_stop(&r);
	server_stop(&s);
}

static void
test_reader_replaced(void **state)
{
	static const struct line_rule slow[] = { { ".", "", 1 }, { 0 } };
	struct server s = { .rules = slow };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	while (s.messages == 0)
		assert_true(rig_run(&r, until_outcomes, 0));
	channel_close(&r.reader);
	assert_true(rig_run(&r, until_outcomes, 0));
	r.reader = rig_peer(&r, ROLE_READER);
	channel_send(r.qmgr, MSG_HELD_ASK, 1);
	assert_true(rig_run(&r, until_held, 2));
	check_int("ids", r.held_ids, 1);
	conn_say(s.conns[0], "250 2.0.0 taken");
	assert_true(rig_run(&r, until_outcomes, 1));
	rig_stop(&r);
	server_stop(&s);
}

static void
test_next_host(void **state)
{
	static const struct line_rule no[] = { { "connect", "554 no", 0 },
		{ 0 } };
	struct server bad = { .rules = no }, good = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &bad, &t);
	server_start(&good, r.loop, "127.0.0.2");
	terms_host(&t, "mx2.test", &good);
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	check_span("peer", r.outcomes[0].records[0].peer_name,
	    SPAN_LIT("mx2.test"));
	rig_stop(&r);
	server_stop(&bad);
	server_stop(&good);
}

/* A lost connection: what happens to the message, and to the next one. */
static void
reconnect(int strategy, bool try_next, unsigned on_first, unsigned on_second,
    enum outcome_result first, bool second_done)
{
	static const struct line_rule drop[] = { { "DATA", "!close", 1 },
		{ 0 } };
	struct server a = { .rules = drop }, b = { 0 };
	struct rig_terms t;
	struct rig r;

	start_delivery(&r, &a, &t);
	server_start(&b, r.loop, "127.0.0.2");
	terms_host(&t, "mx2.test", &b);
	t.path.reconnect_strategy = strategy;
	t.path.try_next_host_on_transport_error = try_next;
	t.path.idle_timeout = 50;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	rig_message(&r, 7, 2, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_ended, 1));
	check_int("first", r.outcomes[0].o.result, first);
	check_int("second", r.n_outcomes, 1 + second_done);
	check_int("on first", a.messages, on_first);
	check_int("on second", b.messages, on_second);
	if (try_next)
		check_int("records", r.outcomes[0].n_records, 2);
	rig_stop(&r);
	server_stop(&a);
	server_stop(&b);
}

static void
test_reconnect(void **state)
{
	(void)state;
	reconnect(RECONNECT_NEXT_HOST, false, 0, 1, OUTCOME_TRANSIENT, true);
	reconnect(RECONNECT_SAME_HOST, false, 1, 0, OUTCOME_TRANSIENT, true);
	reconnect(RECONNECT_TERMINATE_SESSION, false, 0, 0, OUTCOME_TRANSIENT,
	    false);
	reconnect(RECONNECT_NEXT_HOST, true, 0, 2, OUTCOME_FINISHED, true);
}

static void
test_timeouts(void **state)
{
	static const struct line_rule silent[][2] = {
		{ { "MAIL", "", 0 } }, { { "DATA", "", 0 } },
		{ { ".", "", 0 } },
		/* A drip is no reply. */
		{ { "MAIL", "250-a\r\n250-b\r\n250-c", 0 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(silent); i++) {
		struct server s = { .rules = silent[i] };
		struct rig_terms t;
		struct rig r;

		start_delivery(&r, &s, &t);
		t.path.enable_pipelining = false;
		t.path.mail_from_timeout = t.path.data_timeout =
		    t.path.data_dot_timeout = t.path.rcpt_to_timeout = 100;
		rig_open(&r, 7, &t);
		rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
		assert_true(rig_run(&r, until_ended, 1));
		check_int("result", r.outcomes[0].o.result,
		    OUTCOME_TRANSIENT);
		check_int("code", r.outcomes[0].records[0].code, 421);
		check_int("detail", r.outcomes[0].records[0].enh_detail, 2);
		check_int("end", r.ended[0].e.why, SESSION_END_LOST);
		rig_stop(&r);
		server_stop(&s);
	}
}

/* ---- plans -------------------------------------------------------------- */

struct plan_row {
	const char *name;
	const char *prohibited, *skip, *source;
	bool no_address, resolver_fails;
	enum session_end end;
	enum outcome_result result;
	uint16_t code;
};

static const struct plan_row plans[] = {
	{ "prohibited", "127.0.0.0/8", NULL, NULL, false, false,
	    SESSION_END_PROHIBITED, OUTCOME_FINISHED, 550 },
	{ "skipped", NULL, "127.0.0.1", NULL, false, false,
	    SESSION_END_SKIPPED, OUTCOME_UNREACHED, 451 },
	{ "no address", NULL, NULL, NULL, true, false,
	    SESSION_END_NO_ADDRESS, OUTCOME_UNREACHED, 451 },
	{ "resolver fails", NULL, NULL, NULL, false, true,
	    SESSION_END_NO_ADDRESS, OUTCOME_UNREACHED, 451 },
	{ "unplumbed", NULL, NULL, "192.0.2.77", false, false,
	    SESSION_END_UNPLUMBED, OUTCOME_UNREACHED, 400 },
	{ "other family", NULL, NULL, "::1", false, false,
	    SESSION_END_PLAN_FAILED, OUTCOME_UNREACHED, 400 },
	{ "by name", NULL, NULL, "127.0.0.3", false, false,
	    SESSION_END_DONE, OUTCOME_FINISHED, 250 },
};

static void
add_cidr(struct cidr_set *set, const char *text)
{
	struct cidr c;

	if (text == NULL)
		return;
	assert_int_equal(cidr_parse(span_of(text), &c), 0);
	cidr_set_add(set, &c);
}

static void
test_plans(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(plans); i++) {
		const struct plan_row *row = &plans[i];
		struct server s = { 0 };
		struct rig_terms t;
		struct rig r;

		start_delivery(&r, &s, &t);
		t.hosts[0].addr.family = IP_NONE;
		r.host_addr = s.at;
		r.host_addr.port = 0;
		if (row->no_address)
			r.host_addr.family = IP_NONE;
		r.host_fails = row->resolver_fails;
		add_cidr(&t.path.prohibited_hosts, row->prohibited);
		add_cidr(&t.path.skip_hosts, row->skip);
		if (row->source != NULL)
			ip_parse(span_of(row->source),
			    &t.source.source_address);
		t.path.idle_timeout = 50;
		rig_open(&r, 7, &t);
		rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
		if (!rig_run(&r, until_ended, 1))
			fail_msg("%s: no end", row->name);
		check_int(row->name, r.ended[0].e.why, row->end);
		check_int(row->name, r.outcomes[0].o.result, row->result);
		check_int(row->name, r.outcomes[0].records[0].code,
		    row->code);
		check_int(row->name, r.asked_hosts, 1);
		rig_stop(&r);
		server_stop(&s);
	}
}

static void
test_unmet_option(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	t.path.enable_dane = true;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_ended, 1));
	check_int("end", r.ended[0].e.why, SESSION_END_PLAN_FAILED);
	assert_non_null(strstr(r.ended[0].text, "enable_dane"));
	check_int("type", r.outcomes[0].records[0].type,
	    RECORD_TRANSIENT_FAILURE);
	check_int("connections", s.n_conns, 0);
	rig_stop(&r);
	server_stop(&s);
}

/* ---- content ------------------------------------------------------------ */

static void
test_large_body(void **state)
{
	struct server s = { 0 };
	struct rig_terms t;
	struct buf body = { 0 };
	struct rig r;
	uint32_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_addf(&body, "%s line %u of a body that is large\r\n",
		    i % 3 == 0 ? "." : "", i);
	start_delivery(&r, &s, &t);
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, buf_span(&body), true);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	/* Each third line has a dot more; our field, and the end. */
	check_int("bytes", buf_len(&s.conns[0]->content), buf_len(&body) +
	    (i + 2) / 3 + strlen("Received: by us\r\n.\r\n"));
	buf_free(&body);
	rig_stop(&r);
	server_stop(&s);
}

static void
test_lmtp(void **state)
{
	static const struct line_rule rules[] = { { "RCPT TO:<c", "550 no", 0 },
		{ ".", "250 2.0.0 taken", 1 }, { ".", "452 4.2.2 full", 1 },
		{ 0 } };
	struct server s = { .rules = rules, .lmtp = true };
	struct rig_terms t;
	struct rig r;

	(void)state;
	start_delivery(&r, &s, &t);
	t.path.use_lmtp = true;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test,c@b.test,d@b.test", 0,
	    SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_TRANSIENT);
	check_int("done", r.outcomes[0].o.n_done, 2);
	check_int("records", r.outcomes[0].n_records, 3);
	check_int("b", r.outcomes[0].records[0].type, RECORD_DELIVERY);
	check_int("c", r.outcomes[0].records[1].type, RECORD_BOUNCE);
	check_int("d", r.outcomes[0].records[2].type,
	    RECORD_TRANSIENT_FAILURE);
	assert_true(span_starts(buf_span(&s.conns[0]->log), "|LHLO "));
	rig_stop(&r);
	server_stop(&s);
}

static void
test_lmtp_over_unix(void **state)
{
	char folder[] = "/tmp/ekiden-out-XXXXXX", path[64];
	struct server s = { .lmtp = true };
	struct rig_terms t;
	struct rig r;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/lmtp", folder);
	rig_start(&r, ROLE_LOCAL);
	server_start_unix(&s, r.loop, path);
	terms_defaults(&t);
	t.path.use_lmtp = true;
	t.hosts[t.n_hosts++] = (struct next_hop){ .name = span_of(path),
		.is_unix = true };
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test", 0, SPAN_LIT(BODY), false);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	check_span("peer", r.outcomes[0].records[0].peer_addr, span_of(path));
	rig_stop(&r);
	server_stop(&s);
	unlink(path);
	rmdir(folder);
}

/* ---- files -------------------------------------------------------------- */

static void
test_maildir(void **state)
{
	char folder[] = "/tmp/ekiden-out-XXXXXX", cmd[128];
	struct rig_terms t;
	struct rig r;

	(void)state;
	assert_non_null(mkdtemp(folder));
	rig_start(&r, ROLE_LOCAL);
	terms_defaults(&t);
	t.kind = DELIVER_MAILDIR;
	t.protocol.kind = PROTOCOL_MAILDIR;
	t.protocol.maildir_path = xasprintf("%s/{{ domain_part }}/"
	    "{{local_part}}", folder);
	t.protocol.file_mode = 0640;
	rig_open(&r, 7, &t);
	rig_message(&r, 7, 1, "b@b.test,../x@b.test", 0, SPAN_LIT(BODY),
	    false);
	assert_true(rig_run(&r, until_outcomes, 1));
	check_int("result", r.outcomes[0].o.result, OUTCOME_FINISHED);
	check_int("code", r.outcomes[0].records[0].code, 200);
	check_span("protocol", r.outcomes[0].records[0].delivery_protocol,
	    SPAN_LIT("Maildir"));
	snprintf(cmd, sizeof(cmd), "test $(find %s -path '*/new/*' "
	    "-perm 640 | wc -l) = 2 && test -d %s/b.test/%%2E.%%2Fx/cur",
	    folder, folder);
	assert_int_equal(system(cmd), 0);
	rig_stop(&r);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	assert_int_equal(system(cmd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_and_group),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_reuse_and_idle),
		cmocka_unit_test(test_max_deliveries),
		cmocka_unit_test(test_aggressive_opening),
		cmocka_unit_test(test_early_message),
		cmocka_unit_test(test_queue_manager_lost),
		cmocka_unit_test(test_reader_replaced),
		cmocka_unit_test(test_next_host),
		cmocka_unit_test(test_reconnect),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_unmet_option),
		cmocka_unit_test(test_large_body),
		cmocka_unit_test(test_lmtp),
		cmocka_unit_test(test_lmtp_over_unix),
		cmocka_unit_test(test_maildir),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
