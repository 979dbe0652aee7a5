/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/message.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wire.h"
#include "lib/ipc/message.h"
#include "lib/mail/address.h"
#include "lib/mail/domain.h"
#include "lib/mail/envelope.h"
#include "lib/mail/header.h"
#include "lib/mail/queue_name.h"
#include "lib/mail/record.h"
#include "lib/mail/trace.h"
#include "lib/policy/smtp_events.h"
#include "lib/settings/listener.h"
#include "smtpd/conf.h"
#include "smtpd/events.h"
#include "smtpd/facts.h"
#include "smtpd/reject.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"
#include "smtpd/transaction.h"

enum {
	ENCODED_KEEP = 256 * 1024,
	/* Of a frame, for each message: schedule entry and lengths. */
	ENTRY_BYTES = 64 + QUEUE_NAME_MAX,
};

enum draft_fate {
	DRAFT_KEPT,
	DRAFT_DROPPED, /* its queue is "null": taken, and gone */
	DRAFT_REFUSED,
};

/* A message on its way to be one. */
struct draft {
	struct batch batch;
	struct uuid id;
	enum draft_fate fate;
	struct span sender, queue, meta;
	struct span prefix;   /* fields in front, from a policy; or NULL */
	struct span body;     /* its own, from a policy; or NULL: shared */
	struct uuid body_id;
	uint64_t size;        /* of the whole content */
	uint32_t flags;       /* of the envelope */
	struct policy_message *shown; /* to a policy */
	/* Of the encoded envelope and record: offsets in smtpd->encoded. */
	size_t envelope_at, record_at, record_end;
};

/* All of it lies in the transaction's arena. */
struct processing {
	struct draft *v;
	uint32_t n;
	uint32_t nrefused;
	uint32_t at;        /* the draft that a policy looks at */
	bool calling;       /* it may answer before the call returns */
	bool over;          /* it ended the session */
	uint16_t code;      /* its last refusal */
	struct span text;
	struct uuid body_id;
	struct span body;
	int64_t now_us;
	struct pairs_writer captured; /* fields of the body, for the logs */
	enum stored_result worst;
};

static const struct refusal bad_queue = { 451, "4.3.0",
	"Metadata does not name a queue" };
static const struct refusal bad_recipients = { 451, "4.3.0",
	"A recipient that the policy set is no address" };
static const struct refusal envelope_long = { 452, "4.5.3",
	"Too many recipients for one message" };
static const struct refusal store_no_space = { 452, "4.3.1",
	"Storage is low" };
static const struct refusal store_failed = { 451, "4.3.0",
	"Message could not be stored" };
static const struct refusal store_overdue = { 451, "4.4.5",
	"Message could not be stored in time" };

#define END_OF_CONTENT SPAN_LIT(".")

void
processing_done(struct processing *p)
{
	uint32_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		if (p->v[i].shown != NULL)
			policy_meta_free(&p->v[i].shown->meta);
	}
	pairs_free(&p->captured);
}

/* ---- the end of a transaction ------------------------------------------- */

static void
messages_done(struct session *s)
{
	transaction_reset(s);
	session_ready(s);
}

static void
messages_refuse(struct session *s, const struct refusal *why)
{
	reject_refusal(s, why, END_OF_CONTENT);
	messages_done(s);
}

/* "OK ids=ID,ID" names what was taken; PARTIAL, that not all was. */
static void
messages_accept(struct session *s)
{
	struct processing *p = s->tx->processing;
	struct buf *b = &s->smtpd->scratch;
	char hex[UUID_HEX_MAX], comma = '=';
	uint32_t i;

	buf_clear(b, 4096);
	buf_add_str(b, "OK ids");
	for (i = 0; i < p->n; i++) {
		if (p->v[i].fate == DRAFT_REFUSED)
			continue;
		buf_add_byte(b, (uint8_t)comma);
		buf_add(b, uuid_hex(&p->v[i].id, hex), UUID_HEX_MAX - 1);
		comma = ',';
	}
	if (p->nrefused > 0)
		buf_addf(b, " PARTIAL: %u of %u refused", p->nrefused, p->n);
	session_say(s, 250, NULL, buf_span(b));
	if (log_is_on(LOG_LEVEL_DEBUG))
		log_debug("session=%s event=message recipients=%u size=%zu",
		    s->name, s->tx->nrcpts, p->body.len);
	s->messages++;
	s->offences = s->idle = 0;
	messages_done(s);
}

/* ---- header fields ------------------------------------------------------ */

static void
put_received(const struct session *s, const struct processing *p,
    const struct draft *m, struct buf *out)
{
	char hex[UUID_HEX_MAX];
	struct trace_received t = {
		.helo = s->helo, .peer = s->peer,
		.hostname = session_hostname(s),
		.id = span_make(uuid_hex(&m->id, hex), UUID_HEX_MAX - 1),
		.esmtp = s->esmtp, .tls = s->tls != NULL,
		.wall_us = p->now_us,
	};

	if (m->batch.n == 1)
		t.recipient = m->batch.rcpts[0];
	if (s->tls != NULL) {
		t.tls_version = s->tls->version;
		t.tls_cipher = s->tls->cipher;
	}
	trace_received_put(out, &t);
}

static void
put_supplemental(const struct session *s, const struct draft *m,
    struct buf *out)
{
	const struct trace_headers *th = &s->params->trace_headers;
	const struct texts *names = &th->include_meta_names;
	struct trace_meta *meta = arena_alloc(&s->tx->arena,
	    names->n * sizeof(*meta));
	size_t i, n = 0;

	for (i = 0; i < names->n; i++) {
		meta[n].key = span_of(names->v[i]);
		if (pairs_find(m->meta, meta[n].key, &meta[n].json))
			n++;
	}
	trace_supplemental_put(out, span_of(th->header_name), m->batch.rcpts,
	    m->batch.n, meta, n);
}

/* Adds the fields of `text` that any log wants. */
static void
capture(const struct session *s, struct span text, struct pairs_writer *out)
{
	const struct conf *c = s->conf;
	struct buf value = { 0 };
	struct header_scan scan;
	struct header_field f;
	size_t i;

	if (c->ncaptures == 0)
		return;
	header_scan_init(&scan, text);
	while (header_next(&scan, &f)) {
		for (i = 0; i < c->ncaptures; i++) {
			if (header_match(c->captures[i], f.name))
				break;
		}
		if (i == c->ncaptures)
			continue;
		buf_clear(&value, 4096);
		header_decode(f.value, s->smtpd->charsets, &value);
		pairs_add(out, f.name, buf_span(&value));
	}
	buf_free(&value);
}

/* ---- one message -------------------------------------------------------- */

static uint32_t
envelope_flags(const struct transaction *tx, bool body_8bit, bool header_8bit)
{
	return (tx->body_8bitmime ? ENVELOPE_8BITMIME : 0) |
	    (tx->smtputf8 ? ENVELOPE_SMTPUTF8 : 0) |
	    (body_8bit ? ENVELOPE_BODY_8BIT : 0) |
	    (header_8bit ? ENVELOPE_HEADER_8BIT : 0);
}

static void
put_record(const struct session *s, const struct processing *p,
    struct buf *out)
{
	char ip[IP_TEXT_MAX];
	struct record r = { .type = RECORD_RECEPTION, .time_us = p->now_us,
		.code = 250, .peer_name = s->helo,
		.peer_addr = span_of(ip_format(&s->peer, ip)),
		.session = s->id };

	if (s->tls != NULL) {
		r.tls_cipher = s->tls->cipher;
		r.tls_version = s->tls->version;
		r.tls_subject = s->tls->subject;
		r.n_tls_subject = (uint32_t)s->tls->nsubject;
	}
	record_put(out, &r);
}

/* Envelope and record of one message, encoded behind those before it. */
static void
message_encode(const struct session *s, struct processing *p,
    struct draft *m)
{
	struct pairs_writer captured = { 0 };
	struct buf *prefix = &s->smtpd->scratch;
	struct buf *out = &s->smtpd->encoded;
	struct envelope e = { .id = m->id, .created_us = p->now_us,
		.flags = m->flags, .sender = m->sender,
		.rcpts = m->batch.rcpts, .n_rcpts = m->batch.n,
		.queue = m->queue, .meta = m->meta,
		.body_id = m->body_id, .body_size = m->body.p != NULL ?
		    m->body.len : p->body.len };

	buf_clear(prefix, 4096);
	if (s->params->trace_headers.supplemental_header)
		put_supplemental(s, m, prefix);
	if (m->prefix.p != NULL)
		buf_add_span(prefix, m->prefix);
	else if (s->params->trace_headers.received_header)
		put_received(s, p, m, prefix);
	e.prefix = buf_span(prefix);
	if (s->conf->ncaptures > 0) {
		capture(s, e.prefix, &captured);
		if (m->body.p != NULL)
			capture(s, m->body, &captured);
		else
			buf_add_span(&captured.out, pairs_span(&p->captured));
		e.headers = pairs_span(&captured);
	}
	m->size = envelope_size(&e);
	m->envelope_at = buf_len(out);
	envelope_put(out, &e);
	m->record_at = buf_len(out);
	put_record(s, p, out);
	m->record_end = buf_len(out);
	pairs_free(&captured);
}

/* NULL, or why the transaction as a whole cannot be taken. */
static const struct refusal *
message_build(struct session *s, struct processing *p, struct draft *m)
{
	size_t so_far;

	if (facts_queue(m->meta, m->batch.domain, &s->tx->arena,
	    &m->queue) != 0)
		return &bad_queue;
	if (span_eq_str(m->queue, "null")) {
		m->fate = DRAFT_DROPPED;
		return NULL;
	}
	message_encode(s, p, m);
	so_far = buf_len(&s->smtpd->encoded) + (size_t)p->n * ENTRY_BYTES;
	if (m->record_at - m->envelope_at > ENVELOPE_MAX ||
	    so_far + STORE_INLINE_MAX > message_row(MSG_STORE)->max_body)
		return &envelope_long;
	return NULL;
}

/* ---- storing ------------------------------------------------------------ */

static void
store_message_of(const struct session *s, const struct draft *m,
    struct store_message *out)
{
	struct span all = buf_span(&s->smtpd->encoded);

	*out = (struct store_message){
		.sched = { .id = m->id, .n_rcpts = m->batch.n,
		    .due_ms = s->tx->processing->now_us / 1000,
		    .size = m->size, .queue = m->queue },
		.envelope = span_make(all.p + m->envelope_at,
		    m->record_at - m->envelope_at),
		.record = span_make(all.p + m->record_at,
		    m->record_end - m->record_at),
	};
}

static int64_t
store_wait(const struct session *s)
{
	int64_t wait = s->conf->store_deadline;

	return wait < s->params->data_processing_timeout ? wait :
	    s->params->data_processing_timeout;
}

/* One request: the drafts that share a body. The content is the outbox's. */
static void
store_request(struct session *s, const struct uuid *body_id, struct content *c,
    uint64_t body_size)
{
	struct processing *p = s->tx->processing;
	struct outbox *o = &s->smtpd->outbox;
	struct store store = { .deferred = s->params->deferred_spool,
		.body_id = *body_id, .body_size = body_size };
	struct buf head = outbox_buf(o);
	uint64_t bytes = c->counted;
	uint32_t i;
	int fd = c->fd;

	store.messages = arena_alloc(&s->tx->arena,
	    p->n * sizeof(*store.messages));
	for (i = 0; i < p->n; i++) {
		if (p->v[i].fate == DRAFT_KEPT &&
		    uuid_eq(&p->v[i].body_id, body_id))
			store_message_of(s, &p->v[i],
			    &store.messages[store.n_messages++]);
	}
	store_head_put(&head, &store);
	c->fd = -1;
	*c->held -= c->counted;
	c->counted = 0;
	outbox_add(o, s, &head, &c->bytes, fd, bytes);
}

/* A body of its own that a policy made for one draft. */
static void
store_own_body(struct session *s, const struct draft *m)
{
	struct content own = { .fd = -1 };

	if (content_put(&own, m->body, &s->smtpd->outbox.held) != NULL)
		s->tx->processing->worst = STORED_NO_SPACE;
	else
		store_request(s, &m->body_id, &own, m->body.len);
	content_drop(&own);
}

static void
messages_store(struct session *s)
{
	struct processing *p = s->tx->processing;
	bool shared = false, own = false;
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		if (p->v[i].fate != DRAFT_KEPT)
			continue;
		shared |= p->v[i].body.p == NULL;
		own |= p->v[i].body.p != NULL;
	}
	if (!shared && !own) {
		messages_accept(s);
		return;
	}
	session_set(s, SESSION_STORING);
	timer_set(&s->timer, store_wait(s));
	/* Own bodies first: they may lie in what is given away then. */
	for (i = 0; own && i < p->n; i++) {
		if (p->v[i].fate == DRAFT_KEPT && p->v[i].body.p != NULL)
			store_own_body(s, &p->v[i]);
	}
	if (shared)
		store_request(s, &p->body_id, &s->tx->content, p->body.len);
	if (s->stores == NULL)
		messages_refuse(s, &store_no_space);
}

void
messages_stored(struct session *s, enum stored_result result)
{
	struct processing *p = s->tx->processing;

	if (result > p->worst)
		p->worst = result;
	if (s->stores != NULL)
		return;
	switch (p->worst) {
	case STORED_OK:
		messages_accept(s);
		break;
	case STORED_NO_SPACE:
		messages_refuse(s, &store_no_space);
		break;
	case STORED_FAILED:
	case STORED_RESULTS:
		messages_refuse(s, &store_failed);
		break;
	}
	session_input(s);
}

void
messages_overdue(struct session *s)
{
	outbox_forget(&s->smtpd->outbox, s);
	reject_refusal(s, &store_overdue, END_OF_CONTENT);
	messages_done(s);
	session_input(s);
}

/* ---- from content to messages ------------------------------------------- */

/* Nothing has an outcome of its own any more. */
static void
messages_all_refused(struct session *s)
{
	struct processing *p = s->tx->processing;

	reject(s, p->code, NULL, p->text, END_OF_CONTENT);
	messages_done(s);
}

/* All drafts are what they will be: encode and store them. */
static void
messages_finish(struct session *s)
{
	struct processing *p = s->tx->processing;
	const struct refusal *why = NULL;
	uint32_t i;

	if (p->nrefused == p->n) {
		messages_all_refused(s);
		return;
	}
	buf_clear(&s->smtpd->encoded, ENCODED_KEEP);
	for (i = 0; i < p->n && why == NULL; i++) {
		if (p->v[i].fate == DRAFT_REFUSED)
			reject_quietly(s, p->code, p->text, END_OF_CONTENT,
			    p->v[i].batch.rcpts, p->v[i].batch.n);
		else
			why = message_build(s, p, &p->v[i]);
	}
	if (why != NULL)
		messages_refuse(s, why);
	else
		messages_store(s);
}

/* What the script left behind becomes the draft. */
static void
draft_take(struct session *s, struct draft *m)
{
	struct policy_message *pm = m->shown;
	struct header_section section;
	struct address first;
	const char *why;
	char *domain;

	m->meta = pm->meta.pairs;
	m->sender = pm->sender;
	m->prefix = pm->prefix.len > 0 ? pm->prefix : SPAN_LIT("");
	if (pm->edits & POLICY_EDIT_RCPTS) {
		m->batch.rcpts = pm->rcpts;
		m->batch.n = pm->n_rcpts;
		if (pm->n_rcpts > 0 && address_parse(pm->rcpts[0], &first,
		    &why) == 0 && domain_normalise(first.domain,
		    &domain) == 0) {
			m->batch.domain = arena_span(&s->tx->arena,
			    span_of(domain));
			free(domain);
		}
	}
	if (pm->edits & POLICY_EDIT_BODY) {
		(void)header_check(pm->body, &section);
		m->body = pm->body;
		m->body_id = uuid_next(&s->smtpd->ids);
		m->flags = envelope_flags(s->tx, text_has_8bit(pm->body),
		    section.has_8bit);
	}
	if (m->batch.n == 0)
		m->fate = DRAFT_DROPPED;
}

static void messages_go_on(struct session *s);

static void
draft_told(void *arg, const struct policy_verdict *v)
{
	struct session *s = arg;
	struct processing *p = s->tx->processing;
	struct draft *m = &p->v[p->at];
	bool calling = p->calling;

	events_answered(s);
	if (v->result == POLICY_OK)
		draft_take(s, m);
	else if (v->result == POLICY_REJECT) {
		m->fate = DRAFT_REFUSED;
		p->nrefused++;
		p->code = v->code;
		p->text = arena_span(&s->tx->arena, v->text);
	} else {
		p->over = true;
		(void)events_refuse(s, v, END_OF_CONTENT);
	}
	p->at++;
	if (calling)
		return;
	messages_go_on(s);
	session_input(s);
}

/* False when the answer is to come. */
static bool
draft_ask(struct session *s, struct draft *m)
{
	struct processing *p = s->tx->processing;
	struct policy_message *pm = arena_alloc(&s->tx->arena, sizeof(*pm));
	struct buf *received = &s->smtpd->scratch;
	uint64_t call;

	buf_clear(received, 4096);
	if (s->params->trace_headers.received_header)
		put_received(s, p, m, received);
	*pm = (struct policy_message){ .id = m->id, .sender = m->sender,
		.rcpts = m->batch.rcpts, .n_rcpts = m->batch.n,
		.meta = { .pairs = m->meta },
		.prefix = arena_span(&s->tx->arena, buf_span(received)),
		.body = p->body, .arena = &s->tx->arena };
	m->shown = pm;
	p->calling = true;
	call = policy_message_received(s->conf->policy, pm, events_conn(s),
	    draft_told, s);
	p->calling = false;
	if (call != 0)
		events_wait(s, call);
	return call == 0;
}

/* Show what is left to the policy, if it wants to see messages. */
static void
messages_go_on(struct session *s)
{
	struct processing *p = s->tx->processing;

	while (s->conf->on.message_received && !p->over && p->at < p->n) {
		if (!draft_ask(s, &p->v[p->at]))
			return;
	}
	if (!p->over)
		messages_finish(s);
}

/* ---- the transaction as a whole ----------------------------------------- */

/* The batches that a policy made, as drafts know them. */
static struct batch *
batches_of(struct session *s, const struct policy_group *groups, uint32_t n)
{
	const struct transaction *tx = s->tx;
	struct batch *v = arena_alloc(&s->tx->arena, n * sizeof(*v));
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		v[i] = (struct batch){ .rcpts = groups[i].rcpts,
			.n = groups[i].n };
		for (k = 0; k < tx->nrcpts; k++) {
			if (span_eq(tx->rcpts[k].text, v[i].rcpts[0]))
				v[i].domain = tx->rcpts[k].domain;
		}
	}
	return v;
}

static struct processing *
processing_new(struct session *s, struct batch *batches, uint32_t n)
{
	const struct transaction *tx = s->tx;
	struct arena *a = &s->tx->arena;
	struct processing *p = arena_alloc(a, sizeof(*p));
	struct span meta = tx->shown != NULL ? tx->shown->meta.pairs :
	    buf_span(&s->meta);
	uint32_t i;

	p->body = content_span(&s->tx->content);
	p->now_us = clock_wall_us();
	p->body_id = uuid_next(&s->smtpd->ids);
	p->n = n;
	/* A script may change the connection's: these messages have theirs. */
	if (s->conf->on.message_received)
		meta = arena_span(a, meta);
	p->v = arena_alloc(a, p->n * sizeof(*p->v));
	for (i = 0; i < p->n; i++) {
		p->v[i].batch = batches[i];
		p->v[i].id = uuid_next(&s->smtpd->ids);
		p->v[i].sender = tx->sender;
		p->v[i].meta = meta;
		p->v[i].body_id = p->body_id;
		p->v[i].flags = envelope_flags(tx, tx->content.in.has_8bit,
		    tx->header_8bit);
	}
	capture(s, p->body, &p->captured);
	return p;
}

static void
messages_each(struct session *s, const struct policy_group *groups,
    uint32_t n)
{
	struct transaction *tx = s->tx;
	struct batch *batches;

	if (groups != NULL)
		batches = batches_of(s, groups, n);
	else
		batches = batches_make(tx->rcpts, tx->nrcpts,
		    s->params->batch_handling == BATCH_BY_DOMAIN, &tx->arena,
		    &n);
	tx->processing = processing_new(s, batches, n);
	messages_go_on(s);
}

/* What a policy is shown before there are messages: all recipients. */
static struct policy_message *
whole_message(struct session *s)
{
	struct transaction *tx = s->tx;
	struct policy_message *pm = tx->shown;
	uint32_t i;

	if (pm == NULL) {
		pm = tx->shown = arena_alloc(&tx->arena, sizeof(*pm));
		*pm = (struct policy_message){ .id = uuid_next(
		    &s->smtpd->ids), .arena = &tx->arena,
		    .meta = { .pairs = arena_span(&tx->arena,
			buf_span(&s->meta)) } };
	}
	pm->sender = tx->sender;
	pm->n_rcpts = tx->nrcpts;
	pm->rcpts = arena_alloc(&tx->arena,
	    tx->nrcpts * sizeof(*pm->rcpts));
	for (i = 0; i < tx->nrcpts; i++)
		pm->rcpts[i] = tx->rcpts[i].text;
	pm->prefix = SPAN_LIT("");
	pm->body = content_span(&tx->content);
	pm->edits = 0;
	return pm;
}

static void
split_told(void *arg, const struct policy_verdict *v,
    const struct policy_group *groups, uint32_t n)
{
	struct session *s = arg;

	events_answered(s);
	if (v->result == POLICY_OK)
		messages_each(s, groups, n);
	else if (events_refuse(s, v, END_OF_CONTENT))
		messages_done(s);
	events_resume(s);
}

static void
messages_split(struct session *s)
{
	if (!s->conf->on.split_transaction || s->tx->nrcpts == 0) {
		messages_each(s, NULL, 0);
		return;
	}
	events_begin(s);
	events_asked(s, policy_smtp_split(s->conf->policy, whole_message(s),
	    events_conn(s), split_told, s));
}

/* Recipients that a script set; false: one of them is no address. */
static bool
rcpts_take(struct transaction *tx, const struct policy_message *pm)
{
	struct recipient r;
	struct address a;
	const char *why;
	char *domain;
	uint32_t i;

	tx->nrcpts = 0;
	for (i = 0; i < pm->n_rcpts; i++) {
		if (address_parse(pm->rcpts[i], &a, &why) != 0 ||
		    domain_normalise(a.domain, &domain) != 0)
			return false;
		r.text = pm->rcpts[i];
		r.domain = arena_span(&tx->arena, span_of(domain));
		free(domain);
		transaction_add(tx, &r);
	}
	return true;
}

/* Content of its own takes the place of what the client sent. */
static const struct refusal *
content_take(struct session *s, const struct policy_message *pm)
{
	struct content fresh = { .fd = -1 };
	struct transaction *tx = s->tx;
	struct header_section section;
	struct buf whole = { .base = NULL };
	const struct refusal *why;

	buf_add_span(&whole, pm->prefix);
	buf_add_span(&whole, pm->body);
	why = header_check(buf_span(&whole), &section);
	if (why == NULL)
		why = content_put(&fresh, buf_span(&whole),
		    &s->smtpd->outbox.held);
	if (why != NULL)
		content_drop(&fresh);
	else {
		fresh.in.has_8bit = text_has_8bit(buf_span(&whole));
		tx->header_8bit = section.has_8bit;
		content_drop(&tx->content);
		tx->content = fresh;
	}
	buf_free(&whole);
	return why;
}

/* What smtp_server_data left behind is the transaction now. */
static const struct refusal *
whole_take(struct session *s, const struct policy_message *pm)
{
	struct transaction *tx = s->tx;

	tx->sender = pm->sender;
	if ((pm->edits & POLICY_EDIT_RCPTS) && !rcpts_take(tx, pm))
		return &bad_recipients;
	if (pm->edits & (POLICY_EDIT_PREFIX | POLICY_EDIT_BODY))
		return content_take(s, pm);
	return NULL;
}

static void
data_told(void *arg, const struct policy_verdict *v)
{
	struct session *s = arg;
	const struct refusal *why;

	events_answered(s);
	if (v->result != POLICY_OK) {
		if (events_refuse(s, v, END_OF_CONTENT))
			messages_done(s);
	} else if ((why = whole_take(s, s->tx->shown)) != NULL)
		messages_refuse(s, why);
	else
		messages_split(s);
	events_resume(s);
}

void
messages_make(struct session *s, bool chunked)
{
	struct header_section section;
	const struct refusal *why;

	why = content_end(&s->tx->content, chunked);
	if (why == NULL)
		why = header_check(content_span(&s->tx->content), &section);
	if (why != NULL) {
		messages_refuse(s, why);
		return;
	}
	s->tx->header_8bit = section.has_8bit;
	s->tx->whole = true;
	if (s->conf->policy != NULL) {
		buf_clear(&s->command, 4096);
		buf_add_str(&s->command, ".");
	}
	if (!s->conf->on.data) {
		messages_split(s);
		return;
	}
	events_begin(s);
	events_asked(s, policy_smtp_data(s->conf->policy, whole_message(s),
	    events_conn(s), data_told, s));
}
