/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/mail.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/ipc/delivery.h"

enum {
	MAIL_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	RECORDS_MANY = 256 * 1024, /* bytes: replies are cut short from here */
	RECORD_RCPTS_MAX = 256 * 1024, /* bytes of addresses in one record */
};

static struct span
mail_copy(struct mail *m, size_t *at, struct span s)
{
	uint8_t *to = m->bytes + *at;

	if (s.len != 0)
		memcpy(to, s.p, s.len);
	*at += s.len;
	return span_make(to, s.len);
}

/* A body that is not sealed could change under us, or end in SIGBUS. */
static const char *
mail_map(struct mail *m, int fd, uint64_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals == -1 || (seals & MAIL_SEALS) != MAIL_SEALS)
		return "its body is not sealed";
	/* By the end of the file: fstat is a call on paths to the filter. */
	if (lseek(fd, 0, SEEK_END) != (off_t)size)
		return "its body is not of the size told";
	if (size == 0)
		return NULL;
	m->map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	if (m->map == MAP_FAILED) {
		m->map = NULL;
		return "its body cannot be mapped";
	}
	m->map_len = (size_t)size;
	madvise(m->map, m->map_len, MADV_SEQUENTIAL);
	m->body = span_make(m->map, m->map_len);
	return NULL;
}

static const char *
mail_read(struct mail *m, const struct delivery_message *in, int fd)
{
	struct reader r;
	size_t at = 0;
	const char *why;

	m->pool = mail_copy(m, &at, in->pool);
	reader_init(&r, mail_copy(m, &at, in->envelope));
	m->body = mail_copy(m, &at, in->body);
	envelope_get(&r, &m->env, &m->arena);
	if (!reader_end(&r) || m->env.n_rcpts == 0)
		return "its envelope is damaged";
	if (fd != -1 && (why = mail_map(m, fd, in->body_size)) != NULL)
		return why;
	if (m->body.len != in->body_size || m->env.body_size != m->body.len)
		return "its body is not of the size told";
	m->rcpts = arena_alloc(&m->arena, m->env.n_rcpts * sizeof(*m->rcpts));
	return NULL;
}

struct mail *
mail_new(const struct delivery_message *in, int fd, const char **why_out)
{
	struct mail *m = xmalloc(sizeof(*m) + in->pool.len + in->envelope.len +
	    in->body.len);

	memset(m, 0, sizeof(*m));
	m->session = in->session;
	m->attempts = in->attempts;
	*why_out = mail_read(m, in, fd);
	if (fd != -1)
		close(fd);
	if (*why_out != NULL)
		mail_free(&m);
	return m;
}

void
mail_free(struct mail **mp)
{
	struct mail *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	if (m->map != NULL)
		munmap(m->map, m->map_len);
	arena_free(&m->arena);
	buf_free(&m->records);
	free(m);
}

/* ---- answers ------------------------------------------------------------ */

struct span
answer_text(struct arena *a, struct span s, size_t max)
{
	bool utf8 = text_is_utf8(s);
	size_t len = s.len, i;
	char *copy;

	if (len > max) {
		for (len = max; utf8 && len > 0 && (s.p[len] & 0xc0) == 0x80;
		     len--)
			;
	}
	copy = arena_str(a, span_make(s.p, len));
	for (i = 0; i < len; i++) {
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
		else if (!utf8 && (unsigned char)copy[i] > 0x7f)
			copy[i] = '?';
	}
	return span_make(copy, len);
}

const struct answer *
mail_answer(struct mail *m, const struct answer *from)
{
	struct answer *a = arena_alloc(&m->arena, sizeof(*a));
	size_t max = buf_len(&m->records) < RECORDS_MANY ? MAIL_REPLY_MAX :
	    MAIL_REPLY_SHORT;

	*a = *from;
	a->content = answer_text(&m->arena, from->content, max);
	a->command = answer_text(&m->arena, from->command, MAIL_REPLY_MAX);
	return a;
}

void
mail_settle(struct mail *m, uint32_t rcpt, enum fate fate,
    const struct answer *answer)
{
	struct mail_rcpt *r = &m->rcpts[rcpt];

	if (r->fate != FATE_PENDING || fate == FATE_PENDING)
		return;
	r->fate = fate;
	r->answer = answer;
	r->cut = r->in_batch = false;
	m->settled++;
}

void
mail_settle_rest(struct mail *m, enum fate fate, const struct answer *answer)
{
	uint32_t i;

	for (i = 0; i < m->env.n_rcpts; i++)
		mail_settle(m, i, fate, answer);
}

/* ---- records ------------------------------------------------------------ */

static enum record_type
record_type_of(enum fate fate)
{
	switch (fate) {
	case FATE_DELIVERED:
		return RECORD_DELIVERY;
	case FATE_BOUNCED:
		return RECORD_BOUNCE;
	case FATE_DEFERRED:
	case FATE_PENDING:
		break;
	}
	return RECORD_TRANSIENT_FAILURE;
}

/* All recipients from `from` on that share its fate and answer. */
static uint32_t
record_group(struct mail *m, uint32_t from, struct span *rcpts)
{
	const struct answer *answer = m->rcpts[from].answer;
	enum fate fate = m->rcpts[from].fate;
	size_t bytes = 0;
	uint32_t i, n = 0;

	for (i = from; i < m->env.n_rcpts; i++) {
		if (m->rcpts[i].answer != answer || m->rcpts[i].fate != fate)
			continue;
		m->rcpts[i].answer = NULL;
		bytes += m->env.rcpts[i].len;
		if (bytes <= RECORD_RCPTS_MAX)
			rcpts[n++] = m->env.rcpts[i];
	}
	return n;
}

static void
record_write(struct mail *m, const struct record *rec)
{
	size_t at = buf_len(&m->records);

	put_u32(&m->records, 0);
	record_put(&m->records, rec);
	put_u32_at(&m->records, at,
	    (uint32_t)(buf_len(&m->records) - at - 4));
	m->n_records++;
}

void
mail_record(struct mail *m, const struct record *base)
{
	struct record rec = *base;
	struct span *rcpts = NULL;
	const struct answer *a;
	uint32_t i;

	for (i = 0; i < m->env.n_rcpts; i++) {
		a = m->rcpts[i].answer;
		if (a == NULL)
			continue;
		if (rcpts == NULL)
			rcpts = arena_alloc(&m->arena, m->env.n_rcpts *
			    sizeof(*rcpts));
		rec.type = record_type_of(m->rcpts[i].fate);
		rec.code = a->code;
		rec.has_enhanced = a->has_enhanced;
		rec.enh_class = a->class;
		rec.enh_subject = a->subject;
		rec.enh_detail = a->detail;
		rec.content = a->content;
		rec.command = a->command;
		rec.n_rcpts = record_group(m, i, rcpts);
		rec.rcpts = rcpts;
		if (rec.n_rcpts == m->env.n_rcpts)
			rec.n_rcpts = 0; /* the envelope lists them */
		record_write(m, &rec);
		m->attempted = true;
	}
}

void
mail_reopen(struct mail *m)
{
	uint32_t i;

	for (i = 0; i < m->env.n_rcpts; i++) {
		if (m->rcpts[i].fate != FATE_DEFERRED)
			continue;
		m->rcpts[i].fate = FATE_PENDING;
		m->settled--;
	}
}

void
mail_outcome(struct mail *m, struct outcome *out)
{
	struct reader r;
	uint32_t i;

	*out = (struct outcome){ .session = m->session, .id = m->env.id,
		.of_rcpts = m->env.n_rcpts };
	out->done = arena_alloc(&m->arena,
	    m->env.n_rcpts * sizeof(*out->done));
	for (i = 0; i < m->env.n_rcpts; i++) {
		if (m->rcpts[i].fate == FATE_DELIVERED ||
		    m->rcpts[i].fate == FATE_BOUNCED)
			out->done[out->n_done++] = i;
	}
	out->records = arena_alloc(&m->arena,
	    m->n_records * sizeof(*out->records));
	reader_init(&r, buf_span(&m->records));
	for (i = 0; i < m->n_records; i++)
		out->records[out->n_records++] = reader_span(&r, UINT32_MAX);
	if (out->n_done == m->env.n_rcpts)
		out->result = OUTCOME_FINISHED;
	else if (!m->attempted)
		out->result = OUTCOME_RETURNED;
	else
		out->result = m->unreached ? OUTCOME_UNREACHED :
		    OUTCOME_TRANSIENT;
}
