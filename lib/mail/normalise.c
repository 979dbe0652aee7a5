/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/normalise.h"

#include <string.h>

#include "lib/base/date.h"
#include "lib/base/ip.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/mail/address.h"

enum {
	HASH_MIN = 8,   /* bytes */
	HASH_KIND_MIN = 3, /* letters, and digits */
	BASE64_MIN = 8,
	NESTED_MAX = 8, /* a=b=c */
};

static bool
upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
in_set(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_timestamp(struct span s)
{
	struct moment when;
	const char *why;

	return date_parse_rfc3339(s, &when, &why) == 0;
}

static bool
is_uuid(struct span s)
{
	struct uuid id;

	return uuid_parse_any(s, &id) == 0;
}

/* Letters and digits mixed, as names of queues and sessions are. */
static bool
is_hash(struct span s)
{
	size_t letters = 0, digits = 0, i;

	for (i = 0; i < s.len; i++) {
		if (upper(s.p[i]) || lower(s.p[i]))
			letters++;
		else if (ascii_digit(s.p[i]))
			digits++;
		else if (!in_set(s.p[i], "-._"))
			return false;
	}
	return s.len >= HASH_MIN && letters >= HASH_KIND_MIN &&
	    digits >= HASH_KIND_MIN;
}

static bool
is_ip(struct span s)
{
	struct ip ip;

	return ip_parse(s, &ip) == 0 || ip_port_parse(s, &ip) == 0;
}

/* word, Word or WORD, and such with marks of base64 between them. */
static bool
is_plain(struct span s)
{
	size_t i, start = 0, uppers;

	for (i = 0; i < s.len; i = start) {
		uppers = 0;
		for (; i < s.len && (upper(s.p[i]) || lower(s.p[i])); i++)
			uppers += upper(s.p[i]);
		if (uppers > 1 && uppers != i - start)
			return false;
		if (uppers == 1 && !upper(s.p[start]))
			return false;
		if (i < s.len && !in_set(s.p[i], "-_+/"))
			return false;
		start = i + 1;
	}
	return true;
}

/* Both alphabets, padded where that is needed to fill groups of four. */
static bool
is_base64(struct span s)
{
	size_t len = s.len, i;

	if (len < BASE64_MIN || len % 4 != 0)
		return false;
	for (i = 0; i < 2 && s.p[len - 1] == '='; i++)
		len--;
	for (i = 0; i < len; i++) {
		if (!upper(s.p[i]) && !lower(s.p[i]) &&
		    !ascii_digit(s.p[i]) && !in_set(s.p[i], "+/-_"))
			return false;
	}
	return len < s.len || !is_plain(s);
}

static bool
is_email(struct span s)
{
	struct address a;
	const char *why;

	return address_parse(s, &a, &why) == 0 && a.local.len > 0 &&
	    a.domain.len > 0;
}

/* NULL: it is nothing that differs. */
static const char *
token_of(struct span s)
{
	if (is_timestamp(s))
		return "{timestamp}";
	if (is_uuid(s))
		return "{uuid}";
	if (is_hash(s))
		return "{hash}";
	if (is_ip(s))
		return "{ipaddr}";
	if (is_base64(s))
		return "{base64}";
	if (is_email(s))
		return "{email}";
	return NULL;
}

/* What is left of a word between brackets, quotes and marks. */
static struct span
inner_of(struct span word)
{
	/* Braces can be a part of it. */
	if (is_uuid(word))
		return word;
	while (word.len > 0 && in_set(word.p[0], "([{<\"'"))
		word = span_from(word, 1);
	while (word.len > 0 && in_set(word.p[word.len - 1], ")]}>\"'.,:;!?"))
		word.len--;
	return word;
}

static void
word_add(struct span word, unsigned depth, struct buf *out)
{
	struct span inner = inner_of(word);
	const char *token = inner.len == 0 ? NULL : token_of(inner);
	ptrdiff_t equals;

	if (token == NULL && inner.len > 0 && inner.len < word.len) {
		token = token_of(word);
		inner = word;
	}
	if (token != NULL) {
		buf_add(out, word.p, (size_t)(inner.p - word.p));
		buf_add_str(out, token);
		buf_add_span(out, span_from(word,
		    (size_t)(inner.p - word.p) + inner.len));
		return;
	}
	equals = span_find(word, '=');
	if (equals < 0 || depth == NESTED_MAX) {
		buf_add_span(out, word);
		return;
	}
	buf_add(out, word.p, (size_t)equals + 1);
	word_add(span_from(word, (size_t)equals + 1), depth + 1, out);
}

void
normalise_response(struct span text, struct buf *out)
{
	size_t start = 0, i;
	bool any = false;

	for (i = 0; i <= text.len; i++) {
		if (i < text.len && !in_set(text.p[i], " \t\r\n\f"))
			continue;
		if (i > start) {
			if (any)
				buf_add_byte(out, ' ');
			word_add(span_make(text.p + start, i - start), 0, out);
			any = true;
		}
		start = i + 1;
	}
}
