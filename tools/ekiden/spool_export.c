/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ekiden/spool_export.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/mail/envelope.h"
#include "lib/store/message.h"
#include "lib/store/spool.h"

enum { SLICE = 1024, TEXT_MAX = 600 };

/* A writer of mbox lines: LF at line ends, ">" before From_ lines. */
struct mbox {
	FILE *out;
	char line[64]; /* the first bytes of a line, until it is decided */
	size_t n;
	bool inside;  /* past the first bytes of a line */
	bool cr;      /* a CR that may belong to a CRLF */
};

/* ">>>From ", or the beginning of it? */
static bool
mbox_may_be_from(const struct mbox *m)
{
	size_t quoted = 0, rest;

	while (quoted < m->n && m->line[quoted] == '>')
		quoted++;
	rest = m->n - quoted;
	return m->n < sizeof(m->line) && rest < 5 &&
	    memcmp(m->line + quoted, "From ", rest) == 0;
}

static void
mbox_head(struct mbox *m)
{
	size_t quoted = 0;

	while (quoted < m->n && m->line[quoted] == '>')
		quoted++;
	if (m->n - quoted >= 5 && memcmp(m->line + quoted, "From ", 5) == 0)
		fputc('>', m->out);
	fwrite(m->line, 1, m->n, m->out);
	m->n = 0;
	m->inside = true;
}

static void
mbox_byte(struct mbox *m, char c)
{
	if (m->cr && c != '\n')
		fputc('\r', m->out);
	m->cr = c == '\r';
	if (m->cr) {
		if (!m->inside)
			mbox_head(m);
		return;
	}
	if (c == '\n') {
		if (!m->inside)
			mbox_head(m);
		fputc('\n', m->out);
		m->inside = false;
		return;
	}
	if (m->inside) {
		fputc(c, m->out);
		return;
	}
	m->line[m->n++] = c;
	if (!mbox_may_be_from(m))
		mbox_head(m);
}

static void
mbox_span(struct mbox *m, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		mbox_byte(m, s.p[i]);
}

static void
mbox_end(struct mbox *m)
{
	if (m->cr)
		fputc('\r', m->out);
	m->cr = false;
	if (m->n > 0)
		mbox_head(m);
	fputs(m->inside ? "\n\n" : "\n", m->out);
	m->inside = false;
}

static void
print_mbox(const struct envelope *env, const struct message_view *view,
    FILE *out)
{
	char text[TEXT_MAX], date[64], hex[UUID_HEX_MAX];
	time_t when = (time_t)(env->created_us / 1000000);
	struct mbox m = { .out = out };
	struct tm tm;
	uint32_t i;

	gmtime_r(&when, &tm);
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	fprintf(out, "From %s %s\n", env->sender.len == 0 ? "MAILER-DAEMON" :
	    text_printable(env->sender, text, sizeof(text)), date);
	fprintf(out, "X-Ekiden-Id: %s\n", uuid_hex(&env->id, hex));
	fprintf(out, "X-Ekiden-Queue: %s\n", text_printable(env->queue, text,
	    sizeof(text)));
	fprintf(out, "X-Ekiden-Sender: <%s>\n", text_printable(env->sender,
	    text, sizeof(text)));
	for (i = 0; i < env->n_rcpts; i++)
		fprintf(out, "X-Ekiden-Recipient: <%s>\n",
		    text_printable(env->rcpts[i], text, sizeof(text)));
	mbox_span(&m, env->prefix);
	for (i = 0; i < view->n_pieces; i++)
		mbox_span(&m, view->pieces[i]);
	mbox_end(&m);
}

static void
print_raw(const struct envelope *env, const struct message_view *view,
    FILE *out)
{
	uint32_t i;

	fwrite(env->prefix.p, 1, env->prefix.len, out);
	for (i = 0; i < view->n_pieces; i++)
		fwrite(view->pieces[i].p, 1, view->pieces[i].len, out);
}

static void
print_line(const struct sched_entry *e, const struct envelope *env)
{
	char queue[TEXT_MAX], sender[TEXT_MAX], rcpt[TEXT_MAX];
	char due[CLOCK_RFC3339_MAX], hex[UUID_HEX_MAX];

	printf("%s due=%s attempts=%u size=%llu queue=%s sender=<%s> "
	    "recipient=<%s> recipients=%u\n", uuid_hex(&e->id, hex),
	    clock_rfc3339_us(e->due_ms * 1000, due), e->attempts,
	    (unsigned long long)e->size,
	    text_printable(e->queue, queue, sizeof(queue)),
	    text_printable(env->sender, sender, sizeof(sender)),
	    env->n_rcpts == 0 ? "" :
	    text_printable(env->rcpts[0], rcpt, sizeof(rcpt)), env->n_rcpts);
}

/* NULL e: only raw. 0 or 1 as the exit status. */
static int
export_one(struct spool *sp, const struct uuid *id,
    const struct sched_entry *e, FILE *mbox)
{
	struct arena a = { 0 };
	struct message_view view;
	struct envelope env;
	char hex[UUID_HEX_MAX];
	struct reader r;
	int rc = 1;

	switch (message_look(sp, id, &a, &view)) {
	case MESSAGE_MISSING:
		fprintf(stderr, "ekiden: there is no message %s\n",
		    uuid_hex(id, hex));
		break;
	case MESSAGE_DAMAGED:
		fprintf(stderr, "ekiden: message %s is damaged\n",
		    uuid_hex(id, hex));
		break;
	case MESSAGE_UNREAD:
		fprintf(stderr, "ekiden: message %s: %s\n", uuid_hex(id, hex),
		    spool_strerror(sp));
		break;
	case MESSAGE_WHOLE:
		reader_init(&r, view.envelope);
		envelope_get(&r, &env, &a);
		if (mbox != NULL)
			print_mbox(&env, &view, mbox);
		else if (e != NULL)
			print_line(e, &env);
		else
			print_raw(&env, &view, stdout);
		rc = 0;
		break;
	}
	arena_free(&a);
	return rc;
}

static int
export_slice(struct spool *sp, struct sched_scan *scan, FILE *mbox,
    bool *more_out)
{
	struct sched_slice slice;
	struct arena a = { 0 };
	uint32_t i;
	int rc = 0;

	*more_out = false;
	if (spool_read_begin(sp) != 0 ||
	    message_scan(sp, scan, &a, &slice) != 0) {
		fprintf(stderr, "ekiden: %s\n", spool_strerror(sp));
		spool_read_end(sp);
		return 1;
	}
	for (i = 0; i < slice.n; i++)
		rc |= export_one(sp, &slice.entries[i].id, &slice.entries[i],
		    mbox);
	scan->after = slice.upto;
	*more_out = slice.more;
	spool_read_end(sp);
	arena_free(&a);
	return rc;
}

static int
export_all(struct spool *sp, FILE *mbox)
{
	struct sched_scan scan = { .limit = SLICE };
	bool more = true;
	int rc = 0;

	while (more)
		rc |= export_slice(sp, &scan, mbox, &more);
	return rc;
}

static int
export_id(struct spool *sp, const char *text)
{
	struct uuid id;
	int rc;

	if (uuid_parse(span_of(text), &id) != 0) {
		fprintf(stderr, "ekiden: '%s' is not a message id\n", text);
		return 2;
	}
	if (spool_read_begin(sp) != 0) {
		fprintf(stderr, "ekiden: %s\n", spool_strerror(sp));
		return 1;
	}
	rc = export_one(sp, &id, NULL, NULL);
	spool_read_end(sp);
	return rc;
}

int
spool_export(struct spool *sp, const struct spool_args *args)
{
	FILE *out = stdout;
	int rc;

	if (args->id != NULL)
		rc = export_id(sp, args->id);
	else if (args->mbox != NULL) {
		if (strcmp(args->mbox, "-") != 0)
			out = fopen(args->mbox, "wxe");
		if (out == NULL) {
			perror(args->mbox);
			return 1;
		}
		rc = export_all(sp, out);
	} else
		rc = export_all(sp, NULL);
	if (fflush(out) != 0 || ferror(out)) {
		perror("ekiden: writing");
		rc = 1;
	}
	if (out != stdout && fclose(out) != 0)
		rc = 1;
	return rc;
}
