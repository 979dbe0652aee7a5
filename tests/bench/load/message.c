/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"

enum { LINE_WIDTH = 76, HEADER_ALLOWANCE = 64 };

static const char *const words[] = {
	"road", "post", "horse", "letter", "station", "river", "bridge",
	"runner", "bell", "morning", "carries", "waits", "between", "under",
	"paper", "and", "the", "a", "of", "to", "seventeen", "harbour", "lamp",
	"winter", "slowly", "north", "mountain", "village", "counted", "rain",
	"with", "from", "their", "answer", "stamp", "evening,", "journey",
	"bundle;", "who", "no", "inkstone", "gate", "crossing", "again",
};

/* xorshift64: the same bodies in every run. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Lines of words up to `size` bytes, ended by CRLF . CRLF. */
static char *
body_make(size_t size, uint64_t seed)
{
	struct buf b = { 0 };
	size_t line = 0;

	while (buf_len(&b) + 2 < size) {
		const char *w = words[next_random(&seed) %
		    (sizeof(words) / sizeof(words[0]))];

		if (line + strlen(w) + 1 > LINE_WIDTH) {
			buf_add_str(&b, "\r\n");
			line = 0;
		} else if (line > 0) {
			buf_add_byte(&b, ' ');
			line++;
		}
		buf_add_str(&b, w);
		line += strlen(w);
	}
	/* Cut to size; a cut in the middle of CRLF must leave neither. */
	b.end = b.start + size - 2;
	for (size_t i = b.end; i > b.start && b.base[i - 1] <= ' '; i--)
		b.base[i - 1] = '=';
	buf_add_str(&b, "\r\n.\r\n");
	return (char *)b.base;
}

void
messages_init(struct messages *m, const struct load_options *opt)
{
	size_t header;

	memset(m, 0, sizeof(*m));
	m->opt = opt;
	snprintf(m->run, sizeof(m->run), "%llx%x",
	    (unsigned long long)clock_wall_us(), (unsigned)getpid());
	header = message_header(m, 0, 1).len;
	m->size = opt->size > header + 2 ? opt->size - header : 2;
	for (unsigned i = 0; i < MESSAGE_BODIES; i++)
		m->bodies[i] = body_make(m->size, 88172645463325252U + i);
}

void
messages_free(struct messages *m)
{
	for (unsigned i = 0; i < MESSAGE_BODIES; i++)
		free(m->bodies[i]);
	buf_free(&m->header);
}

static void
add_number(struct buf *out, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_add(out, text + at, sizeof(text) - at);
}

void
message_mail(const struct messages *m, struct buf *out, bool with_size)
{
	buf_add_str(out, "MAIL FROM:<");
	buf_add_str(out, m->opt->sender);
	buf_add_byte(out, '>');
	if (with_size) {
		buf_add_str(out, " SIZE=");
		add_number(out, m->opt->size + HEADER_ALLOWANCE);
	}
	buf_add_str(out, "\r\n");
}

static void
add_recipient(const struct messages *m, struct buf *out, uint64_t seq,
    uint64_t at)
{
	const struct load_options *o = m->opt;
	const char *domain;

	if (o->recipient == NULL) {
		buf_add_str(out, "user");
		add_number(out, at);
		buf_add_str(out, "@d");
		add_number(out, (seq * o->recipients + at) % o->domains);
		buf_add_byte(out, '.');
		buf_add_str(out, o->suffix);
		return;
	}
	domain = strrchr(o->recipient, '@');
	if (at == 0 || domain == NULL) {
		buf_add_str(out, o->recipient);
		return;
	}
	buf_add(out, o->recipient, (size_t)(domain - o->recipient));
	buf_add_byte(out, '+');
	add_number(out, at);
	buf_add_str(out, domain);
}

void
message_rcpt(const struct messages *m, struct buf *out, uint64_t seq,
    uint64_t at)
{
	buf_add_str(out, "RCPT TO:<");
	add_recipient(m, out, seq, at);
	buf_add_str(out, ">\r\n");
}

/* The Date field is made once a second. */
static void
date_refresh(struct messages *m)
{
	int64_t now = clock_mono_ms();

	if (m->date[0] != '\0' && now - m->date_ms < 1000)
		return;
	m->date_ms = now;
	clock_rfc5322(clock_wall_us(), m->date);
}

struct span
message_header(struct messages *m, uint64_t seq, unsigned attempt)
{
	struct buf *h = &m->header;

	date_refresh(m);
	buf_clear(h, SIZE_MAX);
	buf_add_str(h, "Message-ID: <");
	add_number(h, seq);
	buf_add_byte(h, '.');
	buf_add_str(h, m->run);
	buf_add_str(h, "@load.test>\r\nDate: ");
	buf_add_str(h, m->date);
	buf_add_str(h, "\r\nFrom: Load <load@load.test>\r\nTo: ");
	add_recipient(m, h, seq, 0);
	buf_add_str(h, "\r\nSubject: Message number ");
	add_number(h, seq);
	buf_add_str(h, "\r\nX-Seq: ");
	add_number(h, seq);
	buf_add_str(h, "\r\nX-Transmission: ");
	add_number(h, seq);
	buf_add_byte(h, '.');
	add_number(h, attempt);
	buf_add_str(h, "\r\nMIME-Version: 1.0\r\n"
		       "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	return buf_span(h);
}

struct span
message_body(const struct messages *m, uint64_t seq)
{
	return span_make(m->bodies[seq % MESSAGE_BODIES], m->size + 3);
}
