/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/transaction.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "smtp-out/session.h"

enum {
	TX_IOV = 64,            /* pieces of content that need no copy */
	TX_WIRE_KEEP = 16 * 1024,
	TX_SLOWEST = 4,         /* bytes per ms that a peer must take */
};

enum step
tx_step(bool rset, uint32_t n, uint32_t at, uint32_t *rcpt_out)
{
	*rcpt_out = 0;
	if (rset && at-- == 0)
		return STEP_RSET;
	if (at == 0)
		return STEP_MAIL;
	if (at <= n) {
		*rcpt_out = at - 1;
		return STEP_RCPT;
	}
	return at == n + 1 ? STEP_DATA : STEP_END;
}

uint32_t
tx_batch(struct mail *m, uint64_t max, uint32_t *rcpts_out)
{
	uint32_t i, n = 0;

	if (max == 0)
		max = 1;
	if (max > TX_RCPTS_MAX)
		max = TX_RCPTS_MAX;
	for (i = 0; i < m->env.n_rcpts; i++) {
		m->rcpts[i].in_batch = false;
		if (m->rcpts[i].fate == FATE_PENDING && n < max)
			rcpts_out[n++] = i;
	}
	return n;
}

/* ---- what the message needs and the peer lacks -------------------------- */

static bool
address_unfit(struct span a)
{
	size_t i;

	for (i = 0; i < a.len; i++) {
		if ((unsigned char)a.p[i] < ' ' || a.p[i] == 0x7f)
			return true;
	}
	return a.len > 1024;
}

static struct answer
local_answer(uint16_t code, uint16_t subject, uint16_t detail,
    const char *text)
{
	return (struct answer){ .code = code, .has_enhanced = true,
		.class = (uint8_t)(code / 100), .subject = subject,
		.detail = detail, .content = span_of(text) };
}

/* False when the whole message cannot go to this peer. */
static bool
check_message(struct session *s, struct mail *m, struct answer *out)
{
	bool lenient = s->terms.path.ignore_8bit_checks;

	if (address_unfit(m->env.sender)) {
		*out = local_answer(553, 1, 7,
		    "KumoMTA internal: the sender's address is malformed");
		return false;
	}
	if (s->ehlo.has_size && s->ehlo.size != 0 &&
	    mail_size(m) > s->ehlo.size) {
		*out = local_answer(552, 3, 4, "KumoMTA internal: the message "
		    "is larger than the peer's announced SIZE");
		return false;
	}
	if (lenient)
		return true;
	if ((m->env.flags & ENVELOPE_BODY_8BIT) && !s->ehlo.eight_bit_mime) {
		*out = local_answer(554, 6, 3, "KumoMTA internal: the message "
		    "has 8-bit content and the peer does not offer 8BITMIME");
		return false;
	}
	if (!s->ehlo.smtputf8 && ((m->env.flags & ENVELOPE_HEADER_8BIT) ||
	    text_has_8bit(m->env.sender))) {
		*out = local_answer(554, 6, 7, "KumoMTA internal: the message "
		    "needs SMTPUTF8, which the peer does not offer");
		return false;
	}
	return true;
}

static void
check_rcpts(struct session *s, struct mail *m)
{
	bool lenient = s->terms.path.ignore_8bit_checks;
	struct answer unfit = local_answer(553, 1, 3,
	    "KumoMTA internal: the recipient's address is malformed");
	struct answer utf8 = local_answer(554, 6, 7, "KumoMTA internal: the "
	    "recipient needs SMTPUTF8, which the peer does not offer");
	uint32_t i;

	for (i = 0; i < m->env.n_rcpts; i++) {
		if (m->rcpts[i].fate != FATE_PENDING)
			continue;
		if (m->env.rcpts[i].len == 0 ||
		    address_unfit(m->env.rcpts[i]))
			mail_settle(m, i, FATE_BOUNCED,
			    mail_answer(m, &unfit));
		else if (!lenient && !s->ehlo.smtputf8 &&
		    text_has_8bit(m->env.rcpts[i]))
			mail_settle(m, i, FATE_BOUNCED,
			    mail_answer(m, &utf8));
	}
}

static bool
needs_smtputf8(const struct mail *m)
{
	uint32_t i;

	if ((m->env.flags & (ENVELOPE_HEADER_8BIT | ENVELOPE_SMTPUTF8)) ||
	    text_has_8bit(m->env.sender))
		return true;
	for (i = 0; i < m->env.n_rcpts; i++) {
		if (text_has_8bit(m->env.rcpts[i]))
			return true;
	}
	return false;
}

/* ---- commands ----------------------------------------------------------- */

static void
put_mail(const struct session *s, struct buf *b)
{
	const struct mail *m = s->mails;

	buf_add_str(b, "MAIL FROM:<");
	buf_add_span(b, m->env.sender);
	buf_add_byte(b, '>');
	if (s->ehlo.has_size)
		buf_addf(b, " SIZE=%llu", (unsigned long long)mail_size(m));
	if (s->ehlo.eight_bit_mime && (m->env.flags &
	    (ENVELOPE_BODY_8BIT | ENVELOPE_HEADER_8BIT | ENVELOPE_8BITMIME)))
		buf_add_str(b, " BODY=8BITMIME");
	if (s->ehlo.smtputf8 && needs_smtputf8(m))
		buf_add_str(b, " SMTPUTF8");
	buf_add_str(b, "\r\n");
}

static void
put_command(const struct session *s, uint32_t at, struct buf *b)
{
	const struct transaction *tx = &s->tx;
	uint32_t rcpt;

	switch (tx_step(tx->rset, tx->n, at, &rcpt)) {
	case STEP_RSET:
		buf_add_str(b, "RSET\r\n");
		return;
	case STEP_MAIL:
		put_mail(s, b);
		return;
	case STEP_RCPT:
		buf_add_str(b, "RCPT TO:<");
		buf_add_span(b, s->mails->env.rcpts[tx->rcpts[rcpt]]);
		buf_add_str(b, ">\r\n");
		return;
	case STEP_DATA:
		buf_add_str(b, "DATA\r\n");
		return;
	case STEP_END:
		return;
	}
}

/* The wait for the reply that is due next. */
static void
wait_for_reply(struct session *s)
{
	const struct egress_path *p = &s->terms.path;
	uint32_t rcpt;

	switch (tx_step(s->tx.rset, s->tx.n, s->tx.answered, &rcpt)) {
	case STEP_RSET:
		session_wait(s, p->rset_timeout);
		return;
	case STEP_MAIL:
		session_wait(s, p->mail_from_timeout);
		return;
	case STEP_RCPT:
		session_wait(s, p->rcpt_to_timeout);
		return;
	case STEP_DATA:
	case STEP_END:
		session_wait(s, p->data_timeout);
		return;
	}
}

/* All commands of the batch in one write, or the next one. */
static void
send_commands(struct session *s)
{
	struct transaction *tx = &s->tx;
	uint32_t all = tx->n + 2 + tx->rset;
	bool group = s->ehlo.pipelining && s->terms.path.enable_pipelining;

	if (session_interrupted(s)) {
		transaction_abort(s, false,
		    "the peer spoke before it was asked");
		return;
	}
	buf_clear(&tx->wire, TX_WIRE_KEEP);
	do {
		put_command(s, tx->sent++, &tx->wire);
	} while (group && tx->sent < all);
	stream_write(&s->stream, buf_data(&tx->wire), buf_len(&tx->wire));
	wait_for_reply(s);
}

void
transaction_start(struct session *s)
{
	struct transaction *tx = &s->tx;
	struct mail *m = s->mails;
	struct answer answer;

	if (!check_message(s, m, &answer)) {
		session_mail_fails(s, FATE_BOUNCED, &answer);
		session_next(s);
		return;
	}
	check_rcpts(s, m);
	tx->n = buf_len(&m->records) > TX_RECORDS_MAX ? 0 : tx_batch(m,
	    s->terms.path.max_recipients_per_batch, tx->rcpts);
	if (tx->n == 0) {
		struct record rec;

		session_record(s, m, &rec);
		mail_record(m, &rec);
		session_mail_done(s);
		session_next(s);
		return;
	}
	tx->rset = tx->begun > 0 && s->terms.path.enable_rset;
	tx->begun++;
	tx->sent = tx->answered = tx->accepted = 0;
	tx->refused = tx->empty = false;
	tx->lmtp_at = 0;
	tx->written = 0;
	session_enter(s, SESSION_ENVELOPE);
	send_commands(s);
}

void
transaction_free(struct session *s)
{
	buf_clear(&s->tx.wire, TX_WIRE_KEEP);
	s->tx.begun = 0;
}

/* ---- ends --------------------------------------------------------------- */

/*
 * The command at this position as text, in tx.wire; behind the last one comes
 * the content, and with it the dot.
 */
static struct span
command_text(struct session *s, uint32_t at)
{
	struct buf *b = &s->tx.wire;
	uint32_t rcpt;

	if (s->state != SESSION_ENVELOPE ||
	    tx_step(s->tx.rset, s->tx.n, at, &rcpt) == STEP_END)
		return SPAN_LIT(".");
	buf_clear(b, TX_WIRE_KEEP);
	put_command(s, at, b);
	return span_make(buf_data(b), buf_len(b) - 2);
}

/* The reply just taken, to a command of the envelope or to the dot. */
static const struct answer *
reply_answer(struct session *s)
{
	struct answer a = { .code = s->reply.code,
		.has_enhanced = s->reply.has_enhanced,
		.class = s->reply.class, .subject = s->reply.subject,
		.detail = s->reply.detail, .content = s->reply.content,
		.command = command_text(s, s->tx.answered - 1) };

	return mail_answer(s->mails, &a);
}

static void
settle_batch(struct session *s, enum fate fate, const struct answer *a,
    bool accepted_only)
{
	struct mail *m = s->mails;
	uint32_t i;

	for (i = 0; i < s->tx.n; i++) {
		if (!accepted_only || m->rcpts[s->tx.rcpts[i]].in_batch)
			mail_settle(m, s->tx.rcpts[i], fate, a);
	}
}

/* The batch is decided; the connection is good. */
static void
tx_done(struct session *s)
{
	struct record rec;

	session_record(s, s->mails, &rec);
	mail_record(s->mails, &rec);
	if (s->mails->settled < s->mails->env.n_rcpts) {
		transaction_start(s);
		return;
	}
	session_mail_done(s);
	session_next(s);
}

/* A reply that ends the connection: the rest of the message waits. */
static void
tx_closed(struct session *s, const struct answer *a)
{
	char why[MAIL_REPLY_SHORT + 64], text[MAIL_REPLY_SHORT];
	struct record rec;

	text_printable(a->content, text, sizeof(text));
	snprintf(why, sizeof(why), "the peer answered %u %s",
	    (unsigned)a->code, text);
	mail_settle_rest(s->mails, FATE_DEFERRED, a);
	session_record(s, s->mails, &rec);
	mail_record(s->mails, &rec);
	session_mail_done(s);
	session_lost(s, why);
}

void
transaction_abort(struct session *s, bool transport, const char *why)
{
	struct answer a = { .code = 400 };
	char text[512];
	struct record rec;

	snprintf(text, sizeof(text), "%s%s", strncmp(why, "KumoMTA", 7) == 0 ?
	    "" : "KumoMTA internal: ", why);
	if (transport)
		a = local_answer(421, 4, 2, text);
	a.content = span_of(text);
	a.command = command_text(s, s->tx.answered);
	mail_settle_rest(s->mails, FATE_DEFERRED, mail_answer(s->mails, &a));
	session_record(s, s->mails, &rec);
	mail_record(s->mails, &rec);
	if (transport && s->terms.path.try_next_host_on_transport_error &&
	    s->plan.at < s->plan.n) {
		mail_reopen(s->mails);
		session_hang_up(s, false);
		connect_next(s);
		return;
	}
	session_mail_done(s);
	session_lost(s, text);
}

/* ---- content ------------------------------------------------------------ */

/* One piece to the stream, from where it lies unless dots need doubling. */
static void
write_piece(struct session *s, const struct span *parts, size_t n, bool last)
{
	struct data_out *o = &s->tx.data, before = *o;
	struct iovec v[TX_IOV];
	size_t i;

	o->buf = NULL;
	o->iov = v;
	o->max = TX_IOV;
	o->n = 0;
	for (i = 0; i < n; i++)
		data_out_add(o, parts[i]);
	if (last)
		(void)data_out_end(o);
	if (o->full) {
		*o = before;
		buf_clear(&s->tx.wire, 2 * TX_PIECE);
		o->buf = &s->tx.wire;
		for (i = 0; i < n; i++)
			data_out_add(o, parts[i]);
		if (last)
			(void)data_out_end(o);
		v[0] = (struct iovec){ buf_data(&s->tx.wire),
			buf_len(&s->tx.wire) };
		o->n = 1;
	}
	stream_send(&s->stream, v, o->n);
	o->iov = NULL;
	o->buf = NULL;
}

static void
content_more(struct session *s)
{
	struct transaction *tx = &s->tx;
	const struct mail *m = s->mails;
	size_t n;

	do {
		n = m->body.len - (size_t)tx->written;
		if (n > TX_PIECE)
			n = TX_PIECE;
		struct span part = span_make(m->body.p + tx->written, n);

		tx->written += n;
		write_piece(s, &part, 1, tx->written == m->body.len);
	} while (stream_pending(&s->stream) == 0 &&
	    tx->written < m->body.len);
	if (tx->written == m->body.len)
		session_enter(s, SESSION_DOT);
}

/* Each piece has its time (RFC 5321 section 4.5.3.2.5), and so has it all. */
static void
content_wait(struct session *s)
{
	int64_t left = s->tx.content_until_ms - loop_mono_ms(s->out->loop);
	int64_t piece = s->terms.path.data_timeout;

	session_wait(s, left < piece ? left : piece);
}

static void
content_start(struct session *s)
{
	struct mail *m = s->mails;
	struct span parts[2] = { m->env.prefix, m->body };

	if (session_interrupted(s)) {
		transaction_abort(s, false,
		    "the peer spoke before it was asked");
		return;
	}
	data_out_to_buf(&s->tx.data, NULL);
	if (mail_size(m) <= TX_PIECE) {
		write_piece(s, parts, 2, true);
		session_enter(s, SESSION_DOT);
		return;
	}
	session_enter(s, SESSION_CONTENT);
	s->tx.content_until_ms = loop_mono_ms(s->out->loop) +
	    s->terms.path.data_dot_timeout +
	    (int64_t)(mail_size(m) / TX_SLOWEST);
	content_wait(s);
	write_piece(s, parts, 1, false);
	content_more(s);
}

void
transaction_drained(struct session *s)
{
	if (stream_pending(&s->stream) != 0)
		return;
	content_wait(s);
	content_more(s);
}

/* ---- replies ------------------------------------------------------------ */

/* Nobody is left to receive it, and yet the peer waits for content. */
static void
content_empty(struct session *s)
{
	if (s->terms.path.use_lmtp || session_interrupted(s)) {
		/* How many replies would come is not told. */
		transaction_abort(s, false,
		    "content was asked for without a recipient");
		return;
	}
	s->tx.empty = true;
	session_say(s, ".\r\n");
	session_enter(s, SESSION_DOT);
}

/* These two say false when the connection is given up, perhaps the session. */
static bool
mail_reply(struct session *s)
{
	struct verdict v = verdict_of(PHASE_MAIL, s->reply.code);
	const struct answer *a;

	if (v.next == NEXT_GO_ON)
		return true;
	a = reply_answer(s);
	if (v.next == NEXT_CLOSE) {
		tx_closed(s, a);
		return false;
	}
	settle_batch(s, v.fate, a, false);
	s->tx.refused = true;
	return true;
}

static bool
rcpt_reply(struct session *s, uint32_t at)
{
	const struct reply *r = &s->reply;
	struct verdict v = verdict_of(PHASE_RCPT, r->code);
	uint32_t rcpt = s->tx.rcpts[at];
	struct mail_rcpt *one = &s->mails->rcpts[rcpt];
	enum too_many many;

	if (s->tx.refused)
		return true;
	if (v.next == NEXT_GO_ON) {
		one->in_batch = true;
		s->tx.accepted++;
		return true;
	}
	many = r->code / 100 < 4 || r->code == 421 ? TOO_MANY_NO :
	    verdict_too_many(r->code, r->has_enhanced, r->subject, r->detail);
	if (verdict_cuts(many, at == 0, s->tx.n == 1, one->cut)) {
		one->cut = true;
		return true;
	}
	if (v.next == NEXT_CLOSE) {
		tx_closed(s, reply_answer(s));
		return false;
	}
	mail_settle(s->mails, rcpt, v.fate, reply_answer(s));
	return true;
}

static void
data_reply(struct session *s)
{
	struct verdict v = verdict_of(PHASE_DATA, s->reply.code);
	const struct answer *a;

	if (s->tx.accepted == 0) {
		if (v.next == NEXT_GO_ON)
			content_empty(s);
		else if (v.next == NEXT_CLOSE)
			tx_closed(s, reply_answer(s));
		else
			tx_done(s);
		return;
	}
	if (v.next == NEXT_GO_ON) {
		content_start(s);
		return;
	}
	a = reply_answer(s);
	if (v.next == NEXT_CLOSE) {
		tx_closed(s, a);
		return;
	}
	settle_batch(s, v.fate, a, true);
	tx_done(s);
}

/* The next accepted recipient from lmtp_at on; n when there is none. */
static uint32_t
lmtp_next(const struct session *s, uint32_t at)
{
	const struct mail *m = s->mails;

	while (at < s->tx.n && !m->rcpts[s->tx.rcpts[at]].in_batch)
		at++;
	return at;
}

static void
dot_reply_lmtp(struct session *s)
{
	struct verdict v = verdict_of(PHASE_DOT, s->reply.code);
	const struct answer *a = reply_answer(s);
	uint32_t at = lmtp_next(s, s->tx.lmtp_at);

	if (v.next == NEXT_CLOSE) {
		tx_closed(s, a);
		return;
	}
	s->tx.lmtp_at = at + 1;
	mail_settle(s->mails, s->tx.rcpts[at], v.fate, a);
	if (lmtp_next(s, at + 1) == s->tx.n)
		tx_done(s);
	else
		session_wait(s, s->terms.path.data_dot_timeout);
}

static void
dot_reply(struct session *s)
{
	struct verdict v = verdict_of(PHASE_DOT, s->reply.code);
	const struct answer *a;

	if (s->tx.empty) {
		if (v.next == NEXT_CLOSE)
			tx_closed(s, reply_answer(s));
		else
			tx_done(s);
		return;
	}
	if (s->terms.path.use_lmtp) {
		dot_reply_lmtp(s);
		return;
	}
	a = reply_answer(s);
	if (v.next == NEXT_CLOSE) {
		tx_closed(s, a);
		return;
	}
	settle_batch(s, v.fate, a, true);
	tx_done(s);
}

/* Without pipelining: what comes after the reply just taken. */
static void
send_next(struct session *s)
{
	struct transaction *tx = &s->tx;
	uint32_t rcpt;

	if (tx->refused || (tx->accepted == 0 &&
	    tx_step(tx->rset, tx->n, tx->sent, &rcpt) == STEP_DATA))
		tx_done(s);
	else
		send_commands(s);
}

void
transaction_reply(struct session *s)
{
	struct transaction *tx = &s->tx;
	uint32_t rcpt;

	if (s->state == SESSION_DOT) {
		dot_reply(s);
		return;
	}
	switch (tx_step(tx->rset, tx->n, tx->answered++, &rcpt)) {
	case STEP_RSET:
		if (s->reply.code / 100 != 2) {
			/* The message was not tried: it stays in hand. */
			session_lost(s, "RSET was refused");
			return;
		}
		break;
	case STEP_MAIL:
		if (!mail_reply(s))
			return;
		break;
	case STEP_RCPT:
		if (!rcpt_reply(s, rcpt))
			return;
		break;
	case STEP_DATA:
		data_reply(s);
		return;
	case STEP_END:
		return;
	}
	if (tx->answered == tx->sent)
		send_next(s);
	else
		wait_for_reply(s);
}
