/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sessions, byte for byte. */
#include "tests/support/smtpd_alone.h"

/* ---- rows --------------------------------------------------------------- */

/* Said as one piece after EHLO; each line of `want` is one reply. */
struct dialogue {
	const char *name;
	int listener;
	const char *say;
	const char *want[12];
	const char *spool[8]; /* lines of the writer */
};

#define OK250 "250 2.1.0 OK"
#define RCPT_OK "250 2.1.5 OK"
#define MAIL "MAIL FROM:<a@b.test>\r\n"
#define RCPT "RCPT TO:<x@y.test>\r\n"
#define HEAD "Subject: s\r\n\r\n"

static const struct dialogue dialogues[] = {
	{ "one message, pipelined", 0,
	    MAIL RCPT "DATA\r\n" HEAD "hello\r\n..dot\r\n.\r\nQUIT\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", "221 2.0.0", "<closed>" },
	    { "store n=1 deferred=0 size=27 fd=0 | queue=acme@y.test flags=0 "
	      "from=<a@b.test> to=<x@y.test> tenant=\"acme\" "
	      "reception_protocol=\"ESMTP\" received_via=\"127.0.0.1:" } },
	{ "two messages, pipelined", 0,
	    MAIL RCPT "DATA\r\n" HEAD "1\r\n.\r\n"
	    MAIL RCPT "DATA\r\n" HEAD "2\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250, RCPT_OK, "354 ",
	      "250 OK ids=" },
	    { "body={Subject: s~~~~1~~}", "body={Subject: s~~~~2~~}" } },
	{ "one message per recipient", 0,
	    MAIL RCPT "RCPT TO:<p@Q.Test>\r\nDATA\r\n" HEAD "1\r\n.\r\n",
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "to=<p@Q.Test>" } },
	{ "headers for the logs", 0,
	    MAIL RCPT "DATA\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nX-A: 1\r\n"
	    "To: x\r\n\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "[Subject: caf\xc3\xa9] [X-A: 1] prefix={X-KumoRef: " } },
	{ "order", 0,
	    RCPT "DATA\r\n" MAIL MAIL "DATA\r\nRSET\r\n" RCPT,
	    { "503 5.5.1", "503 5.5.1", OK250, "503 5.5.1",
	      "503 5.5.1 There are no valid", "250 2.0.0", "503 5.5.1" },
	    { "record 503 5.5.1", "record 503", "record 503", "record 503",
	      "record 503" } },
	{ "syntax", 0,
	    "FOO\r\nMAIL\r\nMAIL FROM:<a b>\r\nNOOP\r\nVRFY x\r\nEXPN x\r\n"
	    "AUTH PLAIN\r\nEHLO\r\n\r\n",
	    { "500 5.5.1", "501 5.5.4", "501 ", "250 2.0.0", "252 2.1.5",
	      "502 5.5.1", "502 5.5.1", "501 5.5.4", "500 5.5.1" },
	    { "record 500 5.5.1 Command not recognized | FOO | <>",
	      "record 501", "record 501", "record 502", "record 502",
	      "record 501", "record 500" } },
	{ "sender and sizes", 0,
	    "MAIL FROM:<a@b.test> SIZE=99999999\r\n"
	    "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\r\n"
	    "RCPT TO:<\xc3\xa9@y.test>\r\nDATA\r\n"
	    "Subject: \xc3\xa9\r\n\r\n\xc3\xa9\r\n.\r\n",
	    { "552 5.3.4", OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "record 552 5.3.4", "flags=15 from=<> to=<\xc3\xa9@y.test>" } },
	{ "too many recipients", 0,
	    MAIL RCPT RCPT RCPT RCPT,
	    { OK250, RCPT_OK, RCPT_OK, RCPT_OK, "452 4.5.3" },
	    { "record 452 4.5.3 Too many recipients | RCPT TO:<x@y.test> | "
	      "<x@y.test>" } },
	{ "postmaster", 0,
	    MAIL "RCPT TO:<Postmaster>\r\nDATA\r\n" HEAD "\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "queue=acme@mx.test flags=0 from=<a@b.test> "
	      "to=<Postmaster@mx.test>" } },
	{ "no space", 0,
	    MAIL "RCPT TO:<nospace@y.test>\r\nDATA\r\n" HEAD
	    "\r\n.\r\nNOOP\r\n",
	    { OK250, RCPT_OK, "354 ", "452 4.3.1", "250 2.0.0" },
	    { "store", "record 452 4.3.1" } },
	{ "not stored", 0,
	    MAIL "RCPT TO:<failed@y.test>\r\nDATA\r\n" HEAD "\r\n.\r\n" MAIL,
	    { OK250, RCPT_OK, "354 ", "451 4.3.0", OK250 },
	    { "store", "record 451 4.3.0 Message could not be stored | . | "
	      "<failed@y.test>" } },
	{ "no answer from the spool", 0,
	    MAIL "RCPT TO:<never@y.test>\r\nDATA\r\n" HEAD "\r\n.\r\n" MAIL,
	    { OK250, RCPT_OK, "354 ", "451 4.4.5", OK250 },
	    { "store", "record 451 4.4.5" } },

	/* ends of content (RFC 5321 section 4.1.1.4) */
	{ "LF.LF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\n.\nMAIL FROM:<evil@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CRLF.LF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\r\n.\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "LF.CRLF", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\n.\r\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CR.CR", 0,
	    MAIL RCPT "DATA\r\n" HEAD "x\r.\rMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "CRLF.CRCRLF", 0,
	    MAIL RCPT "DATA\r\n" HEAD
	    "x\r\n.\r\r\nMAIL FROM:<e@b.test>\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "550 5.5.2" },
	    { "record 550 5.5.2" } },
	{ "bare ends are repaired where that is asked", 2,
	    "MAIL FROM:<a@b.test>\r\nRCPT TO:<x@inbound.test>\r\nDATA\r\n" HEAD
	    "x\n.\ny\r\n.\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "body={Subject: s~~~~x~~.~~y~~}" } },
	{ "bare LF ends no command", 0,
	    "NOOP\nNOOP\r\nNOOP\r\n",
	    { "500 5.5.2", "250 2.0.0", "250 2.0.0" },
	    { "record 500 5.5.2" } },

	/* BDAT */
	{ "chunks", 0,
	    MAIL RCPT "BDAT 7\r\nSubjectBDAT 11\r\n: s\r\n\r\n.\r\n\r"
	    "BDAT 1 LAST\r\n\n",
	    { OK250, RCPT_OK, "250 2.0.0", "250 2.0.0", "250 OK ids=" },
	    { "body={Subject: s~~~~.~~~~}" } },
	{ "empty last chunk", 0,
	    MAIL RCPT "BDAT 14\r\n" HEAD "BDAT 0 LAST\r\n",
	    { OK250, RCPT_OK, "250 2.0.0", "250 OK ids=" },
	    { "size=14" } },
	{ "chunk without a transaction is skipped", 0,
	    "BDAT 6\r\nQUIT\r\n" "NOOP\r\n",
	    { "503 5.5.1", "250 2.0.0" },
	    { "record 503" } },
	{ "DATA behind a chunk", 0,
	    MAIL RCPT "BDAT 1\r\nxDATA\r\n" RCPT MAIL "RSET\r\n" MAIL,
	    { OK250, RCPT_OK, "250 2.0.0", "503 5.5.1", "503 5.5.1",
	      "503 5.5.1", "250 2.0.0", OK250 },
	    { "record 503", "record 503", "record 503" } },
	{ "a chunk far too big", 0,
	    MAIL RCPT "BDAT 99999999999\r\nMAIL FROM:<e@b.test>\r\n",
	    { OK250, RCPT_OK, "552 5.3.4", "<closed>" },
	    { "record 552 5.3.4" } },
	{ "a chunk without size", 0,
	    MAIL RCPT "BDAT 12x LAST\r\nMAIL FROM:<e@b.test>\r\n",
	    { OK250, RCPT_OK, "501 5.5.4", "<closed>" },
	    { "record 501" } },
	{ "BDAT without recipients, then the next transaction", 0,
	    MAIL "BDAT 6 LAST\r\nabcdef" MAIL RCPT,
	    { OK250, "503 5.5.1", OK250, RCPT_OK },
	    { "record 503" } },

	/* who may relay */
	{ "relaying", 2,
	    MAIL RCPT "RCPT TO:<x@INBOUND.test>\r\nRSET\r\n"
	    "MAIL FROM:<a@outbound.test>\r\n" RCPT,
	    { OK250, "550 5.7.1 relaying not permitted", RCPT_OK, "250 2.0.0",
	      OK250, RCPT_OK },
	    { "record 550 5.7.1 relaying not permitted | RCPT TO:<x@y.test> | "
	      "<x@y.test>" } },
	{ "messages of a connection", 2,
	    "MAIL FROM:<a@outbound.test>\r\n" RCPT "DATA\r\n" HEAD
	    ".\r\nMAIL FROM:<>\r\n",
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", "421 4.5.3", "<closed>" },
	    { "store", "record 421 4.5.3" } },

	/* others than SMTP clients */
	{ "STARTTLS with a command behind it", 0,
	    "STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n",
	    { "421 4.7.0", "<closed>" },
	    { "record 421 4.7.0" } },
	{ "XCLIENT", 0,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\n",
	    { "220 mx.test" }, { NULL } },
	{ "XCLIENT with a command behind it", 0,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\nEHLO x\r\n",
	    { "421 4.7.0", "<closed>" },
	    { "record 421 4.7.0" } },
	{ "XCLIENT where it is not allowed", 2,
	    "XCLIENT ADDR=10.9.9.9 PORT=77\r\n",
	    { "550 5.7.0" },
	    { "record 550 5.7.0" } },
	{ "XCLIENT with a login", 0,
	    "XCLIENT ADDR=10.9.9.9 LOGIN=root\r\n",
	    { "501 5.5.4" },
	    { "record 501 5.5.4" } },
	{ "HTTP", 0,
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	    { "500 5.5.1 This is an SMTP server", "<closed>" },
	    { "record 500 5.5.1" } },
	{ "TLS", 0,
	    "\x16\x03\x01\x02",
	    { "500 5.5.1", "<closed>" },
	    { "record 500 5.5.1" } },
};

static void
run_dialogue(struct fixture *f, const struct dialogue *d)
{
	struct client *c = greeted(f->port[d->listener]);
	size_t i;

	say(c, d->say);
	for (i = 0; i < 12 && d->want[i] != NULL; i++)
		HEAR(c, d->want[i]);
	for (i = 0; i < 8 && d->spool[i] != NULL; i++)
		SAID(f, d->spool[i]);
	hang_up(c);
}

#define TO(user) "RCPT TO:<" user "@to.test>\r\n"
#define CONTENT "DATA\r\n" HEAD ".\r\n"

static const struct dialogue policy_dialogues[] = {
	{ "rights by policy", 2,
	    MAIL RCPT TO("x") "RSET\r\nMAIL FROM:<a@from.test>\r\n" RCPT,
	    { OK250, "550 5.7.1 relaying not permitted", RCPT_OK, "250 2.0.0",
	      OK250, RCPT_OK },
	    { "record 550 5.7.1" } },
	{ "refused by get_listener_domain", 2,
	    MAIL "RCPT TO:<x@later.test>\r\n" TO("x"),
	    { OK250, "451 4.7.1 not now", RCPT_OK },
	    { "record 451 4.7.1 not now | RCPT TO:<x@later.test> |" } },
	{ "a fault in get_listener_domain", 2,
	    MAIL "RCPT TO:<x@broken.test>\r\n" TO("x"),
	    { OK250, "421 4.3.0 mx.test technical difficulties", "<closed>" },
	    { "record 421 4.3.0" } },
	{ "queue by metadata", 0,
	    MAIL TO("queue") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "queue=c:t@e.test flags=0 from=<a@b.test> to=<queue@to.test>" } },
	{ "queue null", 0,
	    MAIL TO("null") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250 },
	    { NULL } },
	{ "a body of its own", 0,
	    MAIL TO("body") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "size=16 fd=0 | queue=acme@to.test" } },
	{ "one of two bodies", 0,
	    MAIL TO("body") TO("x") CONTENT,
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "n=1 deferred=0 size=16", "n=1 deferred=0 size=14" } },
	{ "a field in front", 0,
	    MAIL TO("head") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=" },
	    { "X-New: 1~~Received: " } },
	{ "connection metadata counts from the next message on", 0,
	    MAIL TO("conn") CONTENT MAIL TO("x") CONTENT,
	    { OK250, RCPT_OK, "354 ", "250 OK ids=", OK250, RCPT_OK, "354 ",
	      "250 OK ids=" },
	    { "store", "x_seen=\"yes\"" } },
	{ "refused", 0,
	    MAIL TO("refuse") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "550 5.7.1 no thanks", OK250 },
	    { "record 550 5.7.1 no thanks | . | <refuse@to.test>" } },
	{ "one of two refused", 0,
	    MAIL TO("refuse") TO("x") CONTENT,
	    { OK250, RCPT_OK, RCPT_OK, "354 ", "250 OK ids=" },
	    { "record 550 5.7.1 no thanks | . | <refuse@to.test>",
	      "to=<x@to.test>" } },
	{ "disconnect", 0,
	    MAIL TO("bye") CONTENT MAIL,
	    { OK250, RCPT_OK, "354 ", "421 bye", "<closed>" },
	    { "record 421 0.0.0 bye" } },
	{ "a fault", 0,
	    MAIL TO("x") TO("fault") CONTENT MAIL,
	    { OK250, RCPT_OK, RCPT_OK, "354 ",
	      "421 4.3.0 mx.test technical difficulties", "<closed>" },
	    { "record 421 4.3.0" } },
};

static void
test_policy(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(policy_dialogues) / sizeof(*policy_dialogues);
	    i++) {
		fprintf(stderr, "[ dialogue ] %s\n",
		    policy_dialogues[i].name);
		run_dialogue(*state, &policy_dialogues[i]);
	}
}

static void
test_dialogues(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(dialogues) / sizeof(*dialogues); i++) {
		fprintf(stderr, "[ dialogue ] %s\n", dialogues[i].name);
		run_dialogue(*state, &dialogues[i]);
	}
}

/* ---- others ------------------------------------------------------------- */

static void
test_received_loop(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	int i;

	say(c, MAIL RCPT "DATA\r\n");
	for (i = 0; i < 101; i++)
		say(c, "Received: from a by b; today\r\n");
	say(c, "\r\nx\r\n.\r\n");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "554 5.4.6");
	SAID(f, "record 554 5.4.6");
	hang_up(c);
}

static void
test_chunk_above_limit(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *chunk = xmalloc(1048577);

	memset(chunk, 'x', 1048577);
	say(c, MAIL RCPT "BDAT 1048577\r\n");
	send_bytes(c, chunk, 1048577);
	say(c, "BDAT 0 LAST\r\n" MAIL);
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "552 5.3.4");
	HEAR(c, "503 5.5.1");
	HEAR(c, OK250);
	SAID(f, "record 552");
	SAID(f, "record 503");
	hang_up(c);
	free(chunk);
}

static void
test_line_too_long(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char line[3001];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	say(c, line);
	say(c, "\r\nNOOP\r\n");
	HEAR(c, "500 5.5.2 Line is too long");
	HEAR(c, "250 2.0.0");
	SAID(f, "record 500 5.5.2");
	/* 998 octets are still a line (an unknown command). */
	line[998] = '\0';
	say(c, line);
	say(c, "\r\n");
	HEAR(c, "500 5.5.1");
	SAID(f, "record 500 5.5.1");
	hang_up(c);
}

static void
test_proxy_and_batches(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f->port[1]);

	say(c, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
	HEAR(c, "220 mx.test");
	say(c, "HELO client.test\r\n" MAIL
	    "RCPT TO:<1@a.test>\r\nRCPT TO:<2@b.test>\r\n"
	    "RCPT TO:<3@A.test>\r\n");
	HEAR(c, "250 mx.test");
	HEAR(c, OK250);
	HEAR(c, "550 5.7.1"); /* 192.0.2.7 is no relay host */
	HEAR(c, "550 5.7.1");
	HEAR(c, "550 5.7.1");
	SAID(f, "record");
	SAID(f, "record");
	SAID(f, "record");
	hang_up(c);

	c = connect_to(f->port[1]);
	say(c, "PROXY TCP4 127.0.0.1 192.0.2.1 4711 25\r\n");
	HEAR(c, "220 mx.test");
	say(c, "HELO client.test\r\n" MAIL
	    "RCPT TO:<1@a.test>\r\nRCPT TO:<2@b.test>\r\n"
	    "RCPT TO:<3@A.test>\r\nDATA\r\n" HEAD ".\r\n");
	HEAR(c, "250 mx.test");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, RCPT_OK);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "store n=2 deferred=0 size=14 fd=0 | queue=spring:acme@a.test "
	    "flags=0 from=<a@b.test> to=<1@a.test><3@A.test>");
	hang_up(c);
}

static void
test_proxy_missing(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f->port[1]);

	say(c, "EHLO x\r\n");
	HEAR(c, "<closed>");
	hang_up(c);
	c = connect_to(f->port[1]);
	say(c, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\nEHLO x\r\n");
	HEAR(c, "<closed>");
	hang_up(c);
}

static void
test_xclient_changes_rights(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);

	say(c, "XCLIENT ADDR=10.9.9.9 PORT=77\r\n");
	HEAR(c, "220 mx.test");
	say(c, MAIL);
	HEAR(c, "503 5.5.1");
	say(c, "EHLO other\r\n");
	HEAR(c, "250 ");
	say(c, MAIL RCPT "RCPT TO:<x@inbound.test>\r\nDATA\r\n" HEAD ".\r\n");
	HEAR(c, OK250);
	HEAR(c, "550 5.7.1");
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "record 503");
	SAID(f, "record 550");
	SAID(f, "x_via=\"nine\"");
	hang_up(c);
}

static void
test_too_many_connections(void **state)
{
	struct fixture *f = *state;
	struct client *a = greeted(f->port[2]), *b = greeted(f->port[2]);
	struct client *c = connect_to(f->port[2]);

	HEAR(c, "421 4.3.2 mx.test too many connections");
	HEAR(c, "<closed>");
	hang_up(c);
	say(a, "QUIT\r\n");
	HEAR(a, "221 ");
	HEAR(a, "<closed>");
	hang_up(a);
	hang_up(greeted(f->port[2]));
	hang_up(b);
}

static void
test_timeout(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);

	HEAR(c, "421 4.4.2");
	HEAR(c, "<closed>");
	SAID(f, "record 421 4.4.2");
	hang_up(c);
}

static void
test_offences(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	int i;

	for (i = 0; i < 101; i++)
		say(c, "FOO\r\n");
	for (i = 0; i < 101; i++) {
		HEAR(c, "500 5.5.1");
		SAID(f, "record 500");
	}
	HEAR(c, "421 4.7.0");
	HEAR(c, "<closed>");
	SAID(f, "record 421");
	hang_up(c);
}

static long
resident_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kb);
	if (in != NULL)
		fclose(in);
	return kb;
}

/* One line without end: refused at twice the limit, memory stays flat. */
static void
test_endless_line(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *piece = xmalloc(1 << 20);
	long before = resident_kb(f->child);
	int i;

	memset(piece, 'x', 1 << 20);
	say(c, MAIL RCPT "DATA\r\n");
	for (i = 0; i < 1024; i++)
		send_bytes(c, piece, 1 << 20);
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "552 5.3.4");
	assert_true(resident_kb(f->child) - before < 8192);
	SAID(f, "record 552");
	hang_up(c);
	free(piece);
}

/* Above what a frame holds the content rides in a sealed memory file. */
static void
test_large(void **state)
{
	struct fixture *f = *state;
	struct client *c = greeted(f->port[0]);
	char *text = xmalloc(900000);
	size_t i;

	memset(text, 'x', 900000);
	for (i = 78; i + 2 < 900000; i += 80)
		memcpy(text + i, "\r\n", 2);
	memcpy(text, "A: ", 3);
	memcpy(text + 899998, "\r\n", 2);
	say(c, MAIL RCPT "DATA\r\n");
	send_bytes(c, text, 900000);
	say(c, ".\r\n");
	HEAR(c, OK250);
	HEAR(c, RCPT_OK);
	HEAR(c, "354 ");
	HEAR(c, "250 OK ids=");
	SAID(f, "store n=1 deferred=0 size=900000 fd=1");
	hang_up(c);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dialogues),
		cmocka_unit_test_setup_teardown(test_policy, start_with_policy,
		    stop),
		TEST(test_received_loop),
		TEST(test_chunk_above_limit),
		TEST(test_line_too_long),
		TEST(test_proxy_and_batches),
		TEST(test_proxy_missing),
		TEST(test_xclient_changes_rights),
		TEST(test_too_many_connections),
		TEST(test_timeout),
		TEST(test_offences),
		TEST(test_endless_line),
		TEST(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
