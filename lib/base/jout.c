/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/jout.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

void
jout_init(struct jout *j, struct buf *out)
{
	j->out = out;
	j->comma = false;
}

static void
jout_open(struct jout *j)
{
	if (j->comma)
		buf_add_byte(j->out, ',');
	j->comma = true;
}

void
jout_object(struct jout *j)
{
	jout_open(j);
	buf_add_byte(j->out, '{');
	j->comma = false;
}

void
jout_object_end(struct jout *j)
{
	buf_add_byte(j->out, '}');
	j->comma = true;
}

void
jout_array(struct jout *j)
{
	jout_open(j);
	buf_add_byte(j->out, '[');
	j->comma = false;
}

void
jout_array_end(struct jout *j)
{
	buf_add_byte(j->out, ']');
	j->comma = true;
}

static void
jout_escape_ascii(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = { '\\', 'u', '0', '0', 0, 0 };

	switch (c) {
	case '"':
		buf_add(out, "\\\"", 2);
		return;
	case '\\':
		buf_add(out, "\\\\", 2);
		return;
	case '\n':
		buf_add(out, "\\n", 2);
		return;
	case '\r':
		buf_add(out, "\\r", 2);
		return;
	case '\t':
		buf_add(out, "\\t", 2);
		return;
	default:
		u[4] = hex[c >> 4];
		u[5] = hex[c & 15];
		buf_add(out, u, sizeof(u));
	}
}

static bool
jout_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
jout_quote(struct buf *out, struct span s)
{
	bool utf8 = text_is_utf8(s);
	size_t i = 0, run;
	unsigned char c;

	buf_add_byte(out, '"');
	while (i < s.len) {
		for (run = i; run < s.len; run++) {
			c = (unsigned char)s.p[run];
			if (!jout_plain(c) && !(utf8 && c >= 0x80))
				break;
		}
		buf_add(out, s.p + i, run - i);
		i = run;
		if (i == s.len)
			break;
		c = (unsigned char)s.p[i];
		if (c < 0x80) {
			jout_escape_ascii(out, c);
			i++;
			continue;
		}
		/* Not UTF-8 as a whole: keep its good characters. */
		for (run = 2; run <= 4 && i + run <= s.len; run++) {
			if (text_is_utf8(span_make(s.p + i, run)))
				break;
		}
		if (run <= 4 && i + run <= s.len) {
			buf_add(out, s.p + i, run);
			i += run;
		} else {
			buf_add(out, "\xef\xbf\xbd", 3);
			i++;
		}
	}
	buf_add_byte(out, '"');
}

void
jout_key(struct jout *j, struct span key)
{
	jout_open(j);
	jout_quote(j->out, key);
	buf_add_byte(j->out, ':');
	j->comma = false;
}

void
jout_text(struct jout *j, struct span s)
{
	jout_open(j);
	jout_quote(j->out, s);
}

void
jout_int(struct jout *j, int64_t v)
{
	char text[24];

	jout_open(j);
	buf_add(j->out, text,
	    (size_t)snprintf(text, sizeof(text), "%lld", (long long)v));
}

void
jout_uint(struct jout *j, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	jout_open(j);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	buf_add(j->out, text + at, sizeof(text) - at);
}

void
jout_bool(struct jout *j, bool v)
{
	jout_open(j);
	buf_add_str(j->out, v ? "true" : "false");
}

void
jout_null(struct jout *j)
{
	jout_open(j);
	buf_add(j->out, "null", 4);
}

void
jout_raw(struct jout *j, struct span s)
{
	jout_open(j);
	buf_add_span(j->out, s);
}

void
jout_key_text(struct jout *j, const char *key, struct span s)
{
	jout_key(j, span_of(key));
	jout_text(j, s);
}

void
jout_key_uint(struct jout *j, const char *key, uint64_t v)
{
	jout_key(j, span_of(key));
	jout_uint(j, v);
}

void
jout_key_null(struct jout *j, const char *key)
{
	jout_key(j, span_of(key));
	jout_null(j);
}
