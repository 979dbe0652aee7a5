/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/command.h"
#include "lib/mail/domain.h"
#include "lib/mail/envelope.h"
#include "lib/mail/refusal.h"
#include "lib/mail/xclient.h"
#include "lib/settings/listener.h"
#include "smtpd/auth.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
#include "smtpd/facts.h"
#include "smtpd/greeting.h"
#include "smtpd/reject.h"
#include "smtpd/relay.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

enum {
	EXTENSIONS_MAX = 16,
	EXTENSION_MAX = 64,
	OFFENCES_MAX = 100, /* commands refused, without a message between */
	IDLE_MAX = 1000,    /* commands without effect, likewise */
	XCLIENT_TAKEN = XCLIENT_ADDR | XCLIENT_PORT | XCLIENT_DESTADDR |
	    XCLIENT_DESTPORT,
};

const struct refusal command_line_long = { 500, "5.5.2", "Line is too long" };
const struct refusal command_bare_end = { 500, "5.5.2",
	"Lines must end in CRLF" };
static const struct refusal out_of_order = { 503, "5.5.1",
	"Command is out of order" };
static const struct refusal no_recipients = { 503, "5.5.1",
	"There are no valid recipients" };
static const struct refusal not_implemented = { 502, "5.5.1",
	"Command is not implemented" };
static const struct refusal too_many_offences = { 421, "4.7.0",
	"Too many refused commands" };
static const struct refusal too_idle = { 421, "4.7.0",
	"Too many commands without a message" };
static const struct refusal too_many_messages = { 421, "4.5.3",
	"Too many messages on this connection" };
static const struct refusal too_many_recipients = { 452, "4.5.3",
	"Too many recipients" };
static const struct refusal no_space = { 452, "4.3.1", "Storage is low" };
static const struct refusal spool_failed = { 451, "4.3.0",
	"Spool is not available" };
static const struct refusal too_busy = { 451, "4.3.2",
	"Too much mail is waiting to be stored, try again later" };
static const struct refusal too_big = { 552, "5.3.4", "Message is too big" };
static const struct refusal bad_sender = { 501, "5.1.7",
	"Bad domain in the sender's address" };
static const struct refusal bad_recipient = { 501, "5.1.3",
	"Bad domain in the recipient's address" };
static const struct refusal relay_denied = { 550, "5.7.1",
	"relaying not permitted" };
static const struct refusal tls_twice = { 503, "5.5.1", "TLS is active" };
static const struct refusal tls_not_now = { 454, "4.7.0",
	"TLS is not available" };
static const struct refusal bytes_behind = { 421, "4.7.0",
	"Nothing may follow this command before its reply" };
static const struct refusal xclient_denied = { 550, "5.7.0",
	"XCLIENT is not permitted" };
static const struct refusal xclient_attribute = { 501, "5.5.4",
	"Attribute is not supported" };

void
command_refuse(struct session *s, const struct refusal *r, struct span line)
{
	reject_refusal(s, r, line);
	if (++s->offences > OFFENCES_MAX) {
		reject_refusal(s, &too_many_offences, SPAN_LIT(""));
		session_linger(s);
	}
}

/* False when the client has done nothing useful for too long. */
static bool
idle_allowed(struct session *s, struct span line)
{
	if (++s->idle <= IDLE_MAX)
		return true;
	reject_refusal(s, &too_idle, line);
	session_linger(s);
	return false;
}

/* Kept while a policy decides on it. */
static struct span
kept_command(const struct session *s)
{
	return buf_len(&s->command) > 0 ? buf_span(&s->command) :
	    SPAN_LIT("");
}

/* ---- HELO, EHLO --------------------------------------------------------- */

/* What is offered now; *size lives as long as the list. */
static uint32_t
extensions(const struct session *s, char size[static EXTENSION_MAX],
    struct span out[static EXTENSIONS_MAX])
{
	uint32_t n = 0;

	out[n++] = SPAN_LIT("PIPELINING");
	out[n++] = SPAN_LIT("8BITMIME");
	out[n++] = SPAN_LIT("SMTPUTF8");
	out[n++] = SPAN_LIT("ENHANCEDSTATUSCODES");
	out[n++] = SPAN_LIT("CHUNKING");
	snprintf(size, EXTENSION_MAX, "SIZE %llu",
	    (unsigned long long)s->params->max_message_size);
	out[n++] = span_of(size);
	if (s->tls == NULL && keys_server(&s->conf->keys, s->params,
	    session_hostname(s)) != NULL)
		out[n++] = SPAN_LIT("STARTTLS");
	if (auth_is_offered(s))
		out[n++] = SPAN_LIT("AUTH PLAIN LOGIN");
	if (s->params->allow_xclient)
		out[n++] = SPAN_LIT("XCLIENT ADDR PORT DESTADDR DESTPORT");
	return n;
}

static void
ehlo_say(struct session *s, const struct span *list, uint32_t n)
{
	struct buf b = { .base = NULL };
	uint32_t i;

	buf_add_span(&b, session_hostname(s));
	for (i = 0; s->esmtp && i < n; i++) {
		buf_add_byte(&b, '\n');
		buf_add_span(&b, list[i]);
	}
	session_say(s, 250, NULL, buf_span(&b));
	buf_free(&b);
	session_ready(s);
}

static void
ehlo_told(void *arg, const struct policy_verdict *v, const struct span *list,
    uint32_t n)
{
	struct session *s = arg;
	struct span own[EXTENSIONS_MAX];
	char size[EXTENSION_MAX];

	events_answered(s);
	if (v->result == POLICY_OK && list != NULL)
		ehlo_say(s, list, n);
	else if (v->result == POLICY_OK) {
		n = extensions(s, size, own);
		ehlo_say(s, own, n);
	} else if (events_refuse(s, v, kept_command(s))) {
		session_forget_helo(s);
		session_set(s, SESSION_GREETED);
	}
	events_resume(s);
}

static void
ehlo_answer(struct session *s)
{
	struct span list[EXTENSIONS_MAX];
	char size[EXTENSION_MAX];
	uint32_t n = extensions(s, size, list);

	if (!s->conf->on.ehlo) {
		ehlo_say(s, list, n);
		return;
	}
	/* The script gets the list at once: it need not live longer. */
	events_begin(s);
	events_asked(s, policy_smtp_ehlo(s->conf->policy, s->helo,
	    events_conn(s), list, s->esmtp ? n : 0, ehlo_told, s));
}

static void
command_helo(struct session *s, const struct command *c, struct span line)
{
	const struct refusal *why;
	struct command_helo h;

	why = command_helo_parse(c->arg, &h);
	if (why != NULL) {
		command_refuse(s, why, line);
		return;
	}
	if (!idle_allowed(s, line))
		return;
	transaction_reset(s);
	session_forget_helo(s);
	s->helo = span_make(span_dup(h.name), h.name.len);
	s->esmtp = c->verb == VERB_EHLO;
	facts_set_text(&s->meta, "ehlo_domain", s->helo);
	ehlo_answer(s);
}

/* ---- MAIL, RCPT --------------------------------------------------------- */

/* Why no transaction can begin now, or NULL. */
static const struct refusal *
mail_obstacle(const struct session *s, const struct command_mail *m)
{
	if (s->smtpd->health == HEALTH_NO_SPACE)
		return &no_space;
	if (s->smtpd->health == HEALTH_FAILED)
		return &spool_failed;
	if (m->has_size && m->size > s->params->max_message_size)
		return &too_big;
	return NULL;
}

/* The comparable domain of an address, in the arena; "" when it has none. */
static int
domain_of(const struct address *a, struct arena *arena, struct span *out)
{
	char *text;

	*out = SPAN_LIT("");
	if (a->domain.len == 0)
		return 0;
	if (domain_normalise(a->domain, &text) != 0)
		return -1;
	*out = arena_span(arena, span_of(text));
	free(text);
	return 0;
}

static void
mail_accept(struct session *s)
{
	session_say(s, 250, "2.1.0", SPAN_LIT("OK"));
	session_set(s, SESSION_MAIL);
}

static void
mail_told(void *arg, const struct policy_verdict *v)
{
	struct session *s = arg;

	events_answered(s);
	if (v->result == POLICY_OK)
		mail_accept(s);
	else if (events_refuse(s, v, kept_command(s))) {
		transaction_reset(s);
		session_ready(s);
	}
	events_resume(s);
}

static void
command_mail(struct session *s, const struct command *c, struct span line)
{
	const struct refusal *why;
	struct command_mail m;

	if (s->messages >= s->params->max_messages_per_connection) {
		reject_refusal(s, &too_many_messages, line);
		session_linger(s);
		return;
	}
	why = command_mail_parse(c->arg, &m);
	if (why == NULL)
		why = mail_obstacle(s, &m);
	if (why != NULL) {
		command_refuse(s, why, line);
		return;
	}
	transaction_reset(s);
	s->tx = transaction_new(s->smtpd);
	if (domain_of(&m.from, &s->tx->arena, &s->tx->sender_domain) != 0) {
		transaction_reset(s);
		command_refuse(s, &bad_sender, line);
		return;
	}
	s->tx->sender = arena_span(&s->tx->arena, m.from.text);
	s->tx->body_8bitmime = m.body == BODY_8BITMIME;
	s->tx->smtputf8 = m.smtputf8;
	if (!s->conf->on.mail_from) {
		mail_accept(s);
		return;
	}
	events_begin(s);
	events_asked(s, policy_smtp_mail_from(s->conf->policy, s->tx->sender,
	    events_conn(s), mail_told, s));
}

/* "postmaster" alone is this host's. */
static int
recipient_make(struct session *s, const struct address *to,
    struct recipient *out)
{
	struct span host = session_hostname(s);
	struct address whole = *to;

	out->text = to->domain.len > 0 ?
	    arena_span(&s->tx->arena, to->text) :
	    span_of(arena_printf(&s->tx->arena, "%.*s@%.*s",
		SPAN_FMT(to->local), SPAN_FMT(host)));
	if (to->domain.len == 0)
		whole.domain = host;
	return domain_of(&whole, &s->tx->arena, &out->domain);
}

static void
rcpt_accept(struct session *s)
{
	transaction_add(s->tx, &s->tx->asked);
	session_say(s, 250, "2.1.5", SPAN_LIT("OK"));
	session_set(s, SESSION_RCPT);
}

/* Refused ones take memory too, until the transaction ends. */
static void
rcpt_refused(struct session *s)
{
	struct transaction *tx = s->tx;

	if (++tx->nrefused > s->params->max_recipients_per_message) {
		reject_refusal(s, &too_many_offences, SPAN_LIT(""));
		session_linger(s);
		return;
	}
	session_set(s, tx->nrcpts > 0 ? SESSION_RCPT : SESSION_MAIL);
}

static void
rcpt_told(void *arg, const struct policy_verdict *v)
{
	struct session *s = arg;
	struct transaction *tx = s->tx;

	events_answered(s);
	if (v->result == POLICY_OK)
		rcpt_accept(s);
	else if (v->result == POLICY_REJECT) {
		reject_rcpt(s, &(struct refusal){ v->code, NULL, v->text.p },
		    tx->asked_line, tx->asked.text);
		rcpt_refused(s);
	} else
		(void)events_refuse(s, v, tx->asked_line);
	events_resume(s);
}

static void
rcpt_decided(struct session *s, enum relay relay)
{
	struct transaction *tx = s->tx;

	if (relay == RELAY_DENIED)
		reject_rcpt(s, &relay_denied, tx->asked_line, tx->asked.text);
	if (relay != RELAY_OK)
		rcpt_refused(s);
	else if (!s->conf->on.rcpt_to)
		rcpt_accept(s);
	else {
		events_begin(s);
		events_asked(s, policy_smtp_rcpt_to(s->conf->policy,
		    tx->asked.text, events_conn(s), rcpt_told, s));
	}
}

static void
command_rcpt(struct session *s, const struct command *c, struct span line)
{
	struct transaction *tx = s->tx;
	const struct refusal *why;
	struct command_rcpt r;

	why = command_rcpt_parse(c->arg, tx->smtputf8, &r);
	if (why != NULL) {
		command_refuse(s, why, line);
		return;
	}
	if (tx->nrcpts >= s->params->max_recipients_per_message ||
	    tx->nrcpts >= ENVELOPE_RCPTS_MAX) {
		reject_rcpt(s, &too_many_recipients, line, r.to.text);
		return;
	}
	if (recipient_make(s, &r.to, &tx->asked) != 0) {
		command_refuse(s, &bad_recipient, line);
		return;
	}
	tx->asked_line = arena_span(&tx->arena, line);
	relay_decide(s, rcpt_decided);
}

/* ---- DATA, BDAT --------------------------------------------------------- */

/* Why no content can be taken now, or NULL. */
static const struct refusal *
content_obstacle(const struct session *s)
{
	if (s->smtpd->outbox.held > OUTBOX_HELD_MAX)
		return &too_busy;
	return NULL;
}

static void
command_data(struct session *s, const struct command *c, struct span line)
{
	const struct refusal *why = content_obstacle(s);

	(void)c;
	if (why != NULL) {
		reject_refusal(s, why, line);
		transaction_reset(s);
		session_ready(s);
		return;
	}
	transaction_content(s);
	session_say(s, 354, NULL, SPAN_LIT("Go ahead, end with a dot alone"));
	session_set(s, SESSION_DATA);
}

/* The octets of a chunk follow whether we want them or not (RFC 3030). */
static void
bdat_skip(struct session *s, uint64_t size, const struct refusal *why)
{
	s->chunk_left = size;
	s->later = why;
	session_set(s, SESSION_SKIP);
}

static void
command_bdat(struct session *s, const struct command *c, struct span line)
{
	uint64_t max = s->params->max_message_size;
	const struct refusal *why;
	struct command_bdat b;

	why = command_bdat_parse(c->arg, &b);
	/* Without a size nobody knows where commands go on. */
	if (why == NULL && b.size > max && b.size - max > max)
		why = &too_big;
	if (why != NULL) {
		reject_refusal(s, why, line);
		session_linger(s);
		return;
	}
	if (s->state != SESSION_RCPT && s->state != SESSION_BDAT)
		why = s->state == SESSION_MAIL ? &no_recipients :
		    &out_of_order;
	else if (s->state == SESSION_RCPT)
		why = content_obstacle(s);
	if (why != NULL) {
		bdat_skip(s, b.size, why);
		return;
	}
	if (s->state == SESSION_RCPT)
		transaction_content(s);
	if (b.size > max || s->tx->content.in.size > max - b.size) {
		bdat_skip(s, b.size, &too_big);
		return;
	}
	s->chunk_left = b.size;
	s->chunk_last = b.last;
	session_set(s, SESSION_CHUNK);
}

/* ---- the others --------------------------------------------------------- */

static void
command_rset(struct session *s, const struct command *c, struct span line)
{
	(void)c;
	if (!idle_allowed(s, line))
		return;
	transaction_reset(s);
	session_say(s, 250, "2.0.0", SPAN_LIT("OK"));
	if (s->helo.len > 0)
		session_ready(s);
	else
		session_set(s, SESSION_GREETED);
}

static void
command_noop(struct session *s, const struct command *c, struct span line)
{
	if (!idle_allowed(s, line))
		return;
	if (c->verb == VERB_VRFY)
		session_say(s, 252, "2.1.5", SPAN_LIT("Send mail, it is "
		    "delivered or reported"));
	else
		session_say(s, 250, "2.0.0", SPAN_LIT("OK"));
	session_set(s, s->state);
}

static void
command_quit(struct session *s, const struct command *c, struct span line)
{
	(void)c;
	(void)line;
	session_reply(s, 221, "2.0.0", "%.*s closing connection",
	    SPAN_FMT(session_hostname(s)));
	session_quit(s);
}

/*
 * What was sent together with the command came before the change that it
 * makes, and must not count after it.
 */
static bool
alone(struct session *s, struct span line)
{
	if (buf_len(&s->stream.in) == 0)
		return true;
	reject_refusal(s, &bytes_behind, line);
	session_linger(s);
	return false;
}

static void
command_starttls(struct session *s, const struct command *c, struct span line)
{
	struct tls_server *server;

	(void)c;
	if (s->tls != NULL) {
		command_refuse(s, &tls_twice, line);
		return;
	}
	server = keys_server(&s->conf->keys, s->params, session_hostname(s));
	if (server == NULL) {
		command_refuse(s, &tls_not_now, line);
		return;
	}
	if (!alone(s, line))
		return;
	transaction_reset(s);
	session_say(s, 220, "2.0.0", SPAN_LIT("Ready for TLS"));
	session_secure(s, server);
}

static void
xclient_apply(struct session *s, const struct xclient *x)
{
	unsigned known = x->given & ~(x->unavailable | x->tempunavail);

	if (known & XCLIENT_ADDR) {
		s->peer = x->addr;
		s->peer.port = 0;
	}
	if (known & XCLIENT_PORT)
		s->peer.port = x->port;
	if (known & XCLIENT_DESTADDR) {
		uint16_t port = s->local.port;

		s->local = x->destaddr;
		s->local.port = port;
	}
	if (known & XCLIENT_DESTPORT)
		s->local.port = x->destport;
}

static void
command_xclient(struct session *s, const struct command *c, struct span line)
{
	const struct refusal *why = NULL;
	struct arena a = { 0 };
	struct xclient x;

	if (!s->params->allow_xclient)
		why = &xclient_denied;
	if (why == NULL)
		why = xclient_parse(c->arg, &a, &x);
	if (why == NULL && (x.given & ~(unsigned)XCLIENT_TAKEN) != 0)
		why = &xclient_attribute;
	if (why != NULL)
		command_refuse(s, why, line);
	else if (alone(s, line)) {
		transaction_reset(s);
		session_forget_helo(s);
		auth_forget(s);
		xclient_apply(s, &x);
		greeting_again(s);
	}
	arena_free(&a);
}

/* ---- the table ---------------------------------------------------------- */

#define IN(state) (1u << SESSION_##state)
#define IN_TRANSACTION (IN(MAIL) | IN(RCPT))
#define IN_ANY (IN(GREETED) | IN(READY) | IN_TRANSACTION | IN(BDAT))

static const struct {
	unsigned valid;
	void (*run)(struct session *s, const struct command *c,
	    struct span line);
} commands[VERB_COUNT] = {
	[VERB_HELO] = { IN_ANY, command_helo },
	[VERB_EHLO] = { IN_ANY, command_helo },
	[VERB_MAIL] = { IN(READY), command_mail },
	[VERB_RCPT] = { IN_TRANSACTION, command_rcpt },
	[VERB_DATA] = { IN(RCPT), command_data },
	/* Its octets must be taken in any state. */
	[VERB_BDAT] = { IN_ANY, command_bdat },
	[VERB_RSET] = { IN_ANY, command_rset },
	[VERB_NOOP] = { IN_ANY, command_noop },
	[VERB_VRFY] = { IN_ANY, command_noop },
	[VERB_QUIT] = { IN_ANY, command_quit },
	[VERB_STARTTLS] = { IN(GREETED) | IN(READY), command_starttls },
	[VERB_AUTH] = { IN_ANY, auth_command },
	[VERB_XCLIENT] = { IN(GREETED) | IN(READY), command_xclient },
};

void
command_run(struct session *s, struct span line)
{
	const struct refusal *why;
	struct command c;

	why = command_parse(line, &c);
	if (s->conf->policy != NULL) {
		/* An AUTH line may hold a password: the verb has to do. */
		buf_clear(&s->command, 4096);
		buf_add_span(&s->command, c.verb == VERB_AUTH ? c.word : line);
	}
	if (c.verb == VERB_AUTH)
		line = c.word;
	if (c.verb == VERB_FOREIGN) {
		reject_refusal(s, why, line);
		session_linger(s);
		return;
	}
	/* Octets that nobody announced properly must not run as commands. */
	if (c.verb == VERB_BDAT && why != NULL) {
		reject_refusal(s, why, line);
		session_linger(s);
		return;
	}
	if (why == NULL && commands[c.verb].run == NULL)
		why = &not_implemented;
	if (why == NULL && !(commands[c.verb].valid & 1u << s->state))
		why = c.verb == VERB_DATA && s->state == SESSION_MAIL ?
		    &no_recipients : &out_of_order;
	if (why != NULL) {
		command_refuse(s, why, line);
		return;
	}
	commands[c.verb].run(s, &c, line);
}
