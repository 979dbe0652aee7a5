/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/header.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"

static const struct refusal mail_loop = { 554, "5.4.6",
	"Too many hops: this looks like a mail loop" };
static const struct refusal too_large = { 552, "5.3.4",
	"Header section is too large" };

void
header_scan_init(struct header_scan *s, struct span message)
{
	memset(s, 0, sizeof(*s));
	s->message = message;
	s->limit = message.len < HEADER_BYTES_MAX ? message.len :
	    HEADER_BYTES_MAX;
}

/*
 * The line at `at`: where its text stops, and where the next one begins. False
 * when the limit comes before its end.
 */
static bool
line_end(struct header_scan *s, size_t at, size_t *stop_out, size_t *next_out)
{
	const char *p = s->message.p, *found;

	if (s->next_lf < at || s->next_lf == 0) {
		found = memchr(p + at, '\n', s->limit - at);
		s->next_lf = found != NULL ? (size_t)(found - p) : s->limit;
	}
	found = memchr(p + at, '\r', s->next_lf - at);
	*stop_out = found != NULL ? (size_t)(found - p) : s->next_lf;
	*next_out = *stop_out;
	if (*next_out < s->limit && p[*next_out] == '\r')
		++*next_out;
	if (*next_out < s->limit && p[*next_out] == '\n')
		++*next_out;
	return *next_out < s->limit || s->limit == s->message.len;
}

static bool
scan_end(struct header_scan *s, size_t at, enum header_end end)
{
	s->at = at;
	s->end = end;
	return false;
}

/* Length of the name when a colon follows it, blanks between borne; or 0. */
static size_t
name_len(struct span line, size_t *colon_out)
{
	size_t n = 0, at;

	while (n < line.len && char_is(line.p[n], CHAR_FTEXT))
		n++;
	for (at = n; at < line.len; at++) {
		if (line.p[at] != ' ' && line.p[at] != '\t')
			break;
	}
	*colon_out = at;
	return at < line.len && line.p[at] == ':' ? n : 0;
}

bool
header_next(struct header_scan *s, struct header_field *out)
{
	const char *p = s->message.p;
	size_t at = s->at, stop, next, colon, n;

	if (s->end != HEADER_OPEN)
		return false;
	if (at == s->message.len)
		return scan_end(s, at, HEADER_EOF);
	if (at == s->limit || !line_end(s, at, &stop, &next))
		return scan_end(s, at, HEADER_LIMIT);
	if (stop == at)
		return scan_end(s, next, HEADER_BLANK);
	n = name_len(span_make(p + at, stop - at), &colon);
	if (n == 0)
		return scan_end(s, at, HEADER_MALFORMED);
	if (s->fields == HEADER_FIELDS_MAX)
		return scan_end(s, at, HEADER_LIMIT);
	while (next < s->limit && (p[next] == ' ' || p[next] == '\t')) {
		if (!line_end(s, next, &stop, &next))
			return scan_end(s, at, HEADER_LIMIT);
	}
	out->name = span_make(p + at, n);
	out->value = span_make(p + at + colon + 1, stop - at - colon - 1);
	out->whole = span_make(p + at, next - at);
	s->at = next;
	s->fields++;
	return true;
}

bool
header_next_named(struct header_scan *s, struct span name,
    struct header_field *out)
{
	while (header_next(s, out)) {
		if (span_ieq(out->name, name))
			return true;
	}
	return false;
}

const struct refusal *
header_check(struct span message, struct header_section *out)
{
	static const struct span received = { "Received", 8 };
	struct header_field field;
	struct header_scan s;

	memset(out, 0, sizeof(*out));
	header_scan_init(&s, message);
	while (header_next(&s, &field)) {
		out->fields_len += field.whole.len;
		if (span_ieq(field.name, received))
			out->received++;
	}
	out->body_at = s.at;
	out->fields = s.fields;
	out->end = s.end;
	out->has_8bit = text_has_8bit(span_make(message.p, out->fields_len));
	if (s.end == HEADER_LIMIT)
		return &too_large;
	return out->received > HEADER_RECEIVED_MAX ? &mail_loop : NULL;
}

bool
header_find(struct span message, struct span name, struct header_field *out)
{
	struct header_scan s;

	header_scan_init(&s, message);
	return header_next_named(&s, name, out);
}

bool
header_has_8bit(struct span message)
{
	struct header_section section;

	header_check(message, &section);
	return section.has_8bit;
}

bool
header_match(struct span pattern, struct span name)
{
	if (pattern.len == 0 || pattern.p[pattern.len - 1] != '*')
		return span_ieq(pattern, name);
	pattern.len--;
	return name.len >= pattern.len &&
	    span_ieq(pattern, span_make(name.p, pattern.len));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
header_unfold(struct span value, struct buf *out)
{
	size_t i, start = 0;

	while (value.len > 0 && is_blank(value.p[0]))
		value = span_from(value, 1);
	while (value.len > 0 && is_blank(value.p[value.len - 1]))
		value.len--;
	for (i = 0; i < value.len; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n')
			continue;
		buf_add(out, value.p + start, i - start);
		start = i + 1;
	}
	buf_add_span(out, span_from(value, start));
}
