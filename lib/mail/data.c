/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both directions look for line ends with memchr() and move what lies between
 * as one run. The place of the next LF is kept while it lies ahead, so that
 * input full of CRs is not searched again for each of them.
 */
#include "lib/mail/data.h"

#include <string.h>

#include "lib/base/text.h"

enum {
	AT_START,  /* at the start of a line */
	AT_DOT,    /* behind a dot that starts a line; it is dropped */
	AT_DOT_CR, /* behind such a dot and a CR, which is not kept yet */
	AT_TEXT,   /* within a line */
	AT_CR,     /* behind a CR that is kept already */
	AT_END,    /* behind CRLF.CRLF */
};

static const struct refusal too_big = { 552, "5.3.4",
	"Message is too big" };
static const struct refusal has_nul = { 550, "5.5.2",
	"Message holds a NUL" };
static const struct refusal has_bare = { 550, "5.5.2",
	"Message lines must end in CRLF" };
static const struct refusal line_long = { 500, "5.5.2",
	"Message holds a line that is too long" };

/* A pass over one piece of input. */
struct pass {
	struct data_in *d;
	struct buf *out;
	const char *p;   /* next byte */
	const char *run; /* first byte not yet kept */
	const char *end;
	const char *lf; /* next LF, or end; NULL: not looked for */
};

void
data_in_init(struct data_in *d, enum line_endings mode, size_t line_max,
    uint64_t size_max)
{
	memset(d, 0, sizeof(*d));
	d->mode = mode;
	d->line_max = line_max;
	d->size_max = size_max;
	d->state = AT_START;
}

static void
keep(struct data_in *d, struct buf *out, const char *p, size_t len)
{
	size_t fit = len;

	if (d->size_max != 0 && len > d->size_max -
	    (d->size < d->size_max ? d->size : d->size_max)) {
		d->too_big = true;
		fit = d->size < d->size_max ? (size_t)(d->size_max - d->size) :
		    0;
	}
	d->size += len;
	buf_add(out, p, fit);
}

static void
keep_run(struct pass *s, const char *to)
{
	if (to != s->run)
		keep(s->d, s->out, s->run, (size_t)(to - s->run));
	s->run = to;
}

static void
line_count(struct data_in *d, size_t len)
{
	d->line_len += len;
	if (d->line_max != 0 && d->line_len > d->line_max)
		d->line_long = true;
}

/* A CR or LF alone at [at, at + 1): it ends a line, but not for the dots. */
static void
bare_end(struct pass *s, const char *at)
{
	s->d->has_bare = true;
	s->d->line_len = 0;
	if (s->d->mode == LINE_ENDINGS_FIX) {
		keep_run(s, at);
		keep(s->d, s->out, "\r\n", 2);
		s->run = at + 1;
	}
	s->p = at + 1;
}

/* Within a line: up to and with its end, or all there is. */
static void
text_step(struct pass *s)
{
	const char *cr, *lf;

	if (s->lf == NULL || s->lf < s->p) {
		s->lf = memchr(s->p, '\n', (size_t)(s->end - s->p));
		if (s->lf == NULL)
			s->lf = s->end;
	}
	lf = s->lf;
	cr = memchr(s->p, '\r', (size_t)(lf - s->p));
	line_count(s->d, (size_t)((cr != NULL ? cr : lf) - s->p));
	if (cr == NULL) {
		if (lf == s->end)
			s->p = lf;
		else
			bare_end(s, lf);
		return;
	}
	if (cr + 1 == s->end) {
		s->d->state = AT_CR;
		s->p = s->end;
	} else if (cr + 1 == lf) {
		s->d->state = AT_START;
		s->d->line_len = 0;
		s->p = lf + 1;
	} else
		bare_end(s, cr);
}

/* Behind a CR that ended the last piece. */
static void
cr_step(struct pass *s)
{
	s->d->line_len = 0;
	if (*s->p == '\n') {
		s->p++;
		s->d->state = AT_START;
		return;
	}
	s->d->has_bare = true;
	s->d->state = AT_TEXT;
	if (s->d->mode == LINE_ENDINGS_FIX)
		keep(s->d, s->out, "\n", 1);
}

static void
dot_step(struct pass *s)
{
	s->d->state = AT_TEXT;
	if (*s->p == '\r') {
		s->run = ++s->p;
		s->d->state = AT_DOT_CR;
	}
}

static void
dot_cr_step(struct pass *s)
{
	if (*s->p == '\n') {
		s->run = ++s->p;
		s->d->state = AT_END;
		return;
	}
	s->d->has_bare = true;
	s->d->state = AT_TEXT;
	s->d->line_len = 0;
	keep(s->d, s->out, "\r\n", s->d->mode == LINE_ENDINGS_FIX ? 2 : 1);
}

/* Any input, any cuts: only AT_DOT_CR leads to AT_END, and only by LF. */
static void
pass_run(struct pass *s, bool dots)
{
	while (s->p < s->end && s->d->state != AT_END) {
		switch (s->d->state) {
		case AT_START:
			s->d->state = AT_TEXT;
			if (dots && *s->p == '.') {
				keep_run(s, s->p);
				s->run = ++s->p;
				s->d->state = AT_DOT;
				break;
			}
			/* FALLTHROUGH */
		case AT_TEXT:
			text_step(s);
			break;
		case AT_CR:
			cr_step(s);
			break;
		case AT_DOT:
			dot_step(s);
			break;
		case AT_DOT_CR:
			dot_cr_step(s);
			break;
		}
	}
	keep_run(s, s->p);
}

static enum parse
data_in_run(struct data_in *d, struct span in, bool dots, struct buf *out,
    size_t *used_out)
{
	struct pass s = { .d = d, .out = out, .p = in.p, .run = in.p,
		.end = in.p + in.len };

	if (in.len != 0)
		pass_run(&s, dots);
	*used_out = (size_t)(s.p - in.p);
	in.len = *used_out;
	if (in.len != 0 && !d->has_nul && memchr(in.p, '\0', in.len) != NULL)
		d->has_nul = true;
	if (!d->has_8bit && text_has_8bit(in))
		d->has_8bit = true;
	if (d->too_big && d->size - d->size_max > d->size_max)
		return PARSE_BAD;
	return d->state == AT_END ? PARSE_DONE : PARSE_MORE;
}

enum parse
data_in_feed(struct data_in *d, struct span in, struct buf *out,
    size_t *used_out)
{
	return data_in_run(d, in, true, out, used_out);
}

enum parse
data_in_chunk(struct data_in *d, struct span in, struct buf *out)
{
	size_t used;

	return data_in_run(d, in, false, out, &used);
}

void
data_in_chunk_last(struct data_in *d, struct buf *out)
{
	if (d->state != AT_CR)
		return;
	d->has_bare = true;
	d->state = AT_TEXT;
	if (d->mode == LINE_ENDINGS_FIX)
		keep(d, out, "\n", 1);
}

const struct refusal *
data_in_refusal(const struct data_in *d)
{
	if (d->too_big)
		return &too_big;
	if (d->has_nul)
		return &has_nul;
	if (d->has_bare && d->mode == LINE_ENDINGS_DENY)
		return &has_bare;
	if (d->line_long)
		return &line_long;
	return NULL;
}

void
data_out_to_buf(struct data_out *o, struct buf *out)
{
	memset(o, 0, sizeof(*o));
	o->buf = out;
	o->state = AT_START;
}

void
data_out_to_iov(struct data_out *o, struct iovec *v, size_t max)
{
	memset(o, 0, sizeof(*o));
	o->iov = v;
	o->max = max;
	o->state = AT_START;
}

static void
put(struct data_out *o, const char *p, size_t len)
{
	if (len == 0)
		return;
	o->bytes += len;
	if (o->buf != NULL) {
		buf_add(o->buf, p, len);
		return;
	}
	if (o->n == o->max) {
		o->full = true;
		return;
	}
	o->iov[o->n].iov_base = (void *)(uintptr_t)p;
	o->iov[o->n++].iov_len = len;
}

/*
 * Repairs reuse the content's own bytes: the dot that starts a line ends one
 * piece and begins the next, a bare LF begins the piece behind an added CR.
 */
void
data_out_add(struct data_out *o, struct span content)
{
	const char *p = content.p, *run = p, *end = p + content.len;
	const char *lf = NULL, *cr;

	while (p < end && !o->full) {
		if (o->state == AT_CR) {
			o->state = AT_START;
			if (*p == '\n') {
				p++;
				continue;
			}
			put(o, "\n", 1);
		}
		if (o->state == AT_START && *p == '.') {
			put(o, run, (size_t)(p + 1 - run));
			run = p;
		}
		o->state = AT_TEXT;
		if (lf == NULL || lf < p) {
			lf = memchr(p, '\n', (size_t)(end - p));
			if (lf == NULL)
				lf = end;
		}
		cr = memchr(p, '\r', (size_t)(lf - p));
		if (cr != NULL) {
			p = cr + 1;
			o->state = AT_CR;
			if (p != end && p != lf) {
				put(o, run, (size_t)(p - run));
				run = p;
			}
		} else if (lf != end) {
			put(o, run, (size_t)(lf - run));
			put(o, "\r", 1);
			run = lf;
			p = lf + 1;
			o->state = AT_START;
		} else
			p = end;
	}
	put(o, run, (size_t)(end - run));
}

int
data_out_end(struct data_out *o)
{
	static const char end[] = "\r\n.\r\n";
	size_t from = o->state == AT_START ? 2 : o->state == AT_CR ? 1 : 0;

	put(o, end + from, sizeof(end) - 1 - from);
	o->state = AT_END;
	return o->full ? -1 : 0;
}
