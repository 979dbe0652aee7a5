/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/reject.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wire.h"
#include "lib/ipc/store.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/mail/refusal.h"
#include "lib/mail/reply.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

enum { COMMAND_MAX = 1024, TEXT_MAX = 512 };

struct rejection {
	unsigned code;
	const char *enhanced;
	struct span text;
	struct span command;
	const struct span *rcpts; /* none = all of the transaction */
	uint32_t nrcpts;
};

static void
rejection_record(const struct session *s, const struct rejection *r,
    int64_t now_us, struct record *rec)
{
	struct span enhanced = span_of(r->enhanced);
	size_t from;

	*rec = (struct record){ .type = RECORD_REJECTION, .time_us = now_us,
		.code = (uint16_t)r->code, .content = r->text,
		.command = r->command, .peer_name = s->helo,
		.session = s->id };
	/* The words of a policy may begin with it. */
	from = reply_enhanced(enhanced.len > 0 ? enhanced : r->text,
	    &rec->enh_class, &rec->enh_subject, &rec->enh_detail);
	rec->has_enhanced = from > 0;
	if (enhanced.len == 0)
		rec->content = span_from(r->text, from);
	if (s->tls != NULL) {
		rec->tls_cipher = s->tls->cipher;
		rec->tls_version = s->tls->version;
		rec->tls_subject = s->tls->subject;
		rec->n_tls_subject = (uint32_t)s->tls->nsubject;
	}
}

static void
rejection_send(struct session *s, const struct rejection *r)
{
	struct smtpd *d = s->smtpd;
	const struct transaction *tx = s->tx;
	struct envelope env = { .created_us = clock_wall_us() };
	struct buf record = { 0 }, envelope = { 0 };
	struct arena a = { 0 };
	struct record rec;
	char ip[IP_TEXT_MAX];
	uint32_t i;

	rejection_record(s, r, env.created_us, &rec);
	rec.peer_addr = span_of(ip_format(&s->peer, ip));
	record_put(&record, &rec);
	env.meta = buf_span(&s->meta);
	if (tx != NULL)
		env.sender = tx->sender;
	if (r->nrcpts > 0) {
		env.rcpts = (struct span *)(uintptr_t)r->rcpts;
		env.n_rcpts = r->nrcpts;
	} else if (tx != NULL && tx->nrcpts > 0) {
		env.rcpts = arena_alloc(&a, tx->nrcpts * sizeof(*env.rcpts));
		for (i = 0; i < tx->nrcpts; i++)
			env.rcpts[i] = tx->rcpts[i].text;
		env.n_rcpts = tx->nrcpts;
	}
	envelope_put(&envelope, &env);
	if (buf_len(&record) + buf_len(&envelope) + 8 <=
	    message_row(MSG_RECORD)->max_body) {
		buf_clear(&d->scratch, STORE_ITEM_MAX);
		lone_record_put(&d->scratch, &(struct lone_record){
		    buf_span(&record), buf_span(&envelope) });
		outbox_record(&d->outbox, buf_span(&d->scratch));
	}
	buf_free(&record);
	buf_free(&envelope);
	arena_free(&a);
}

static void
rejection_say(struct session *s, const struct rejection *r, bool reply)
{
	char text[TEXT_MAX], command[COMMAND_MAX];
	struct rejection shown = *r;
	bool busy = r->code == 421 && r->enhanced != NULL &&
	    strcmp(r->enhanced, "4.3.2") == 0;

	/* What the client said is quoted in printable form only. */
	shown.command = span_of(text_printable(r->command, command,
	    sizeof(command)));
	shown.text = span_of(text_printable(r->text, text, sizeof(text)));
	if (reply)
		session_say(s, r->code, r->enhanced, shown.text);
	log_info("session=%s refused code=%u enhanced=%s text=\"%.*s\" "
	    "command=\"%.*s\"", s->name, r->code, r->enhanced != NULL ?
	    r->enhanced : "-", SPAN_FMT(shown.text),
	    SPAN_FMT(shown.command));
	if (!busy)
		rejection_send(s, &shown);
}

void
reject(struct session *s, unsigned code, const char *enhanced,
    struct span text, struct span command)
{
	rejection_say(s, &(struct rejection){ code, enhanced, text, command,
	    NULL, 0 }, true);
}

void
reject_quietly(struct session *s, unsigned code, struct span text,
    struct span command, const struct span *rcpts, uint32_t n)
{
	rejection_say(s, &(struct rejection){ code, NULL, text, command,
	    rcpts, n }, false);
}

void
reject_refusal(struct session *s, const struct refusal *r,
    struct span command)
{
	reject(s, r->code, r->enhanced, span_of(r->text), command);
}

void
reject_rcpt(struct session *s, const struct refusal *r, struct span command,
    struct span rcpt)
{
	rejection_say(s, &(struct rejection){ r->code, r->enhanced,
	    span_of(r->text), command, &rcpt, 1 }, true);
}
