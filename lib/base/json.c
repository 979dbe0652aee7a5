/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <stdio.h>

#include "lib/base/text.h"

void
json_init(struct json *j, struct buf *out)
{
	j->out = out;
	j->comma = false;
}

static void
json_open(struct json *j)
{
	if (j->comma)
		buf_add_byte(j->out, ',');
	j->comma = true;
}

void
json_object(struct json *j)
{
	json_open(j);
	buf_add_byte(j->out, '{');
	j->comma = false;
}

void
json_object_end(struct json *j)
{
	buf_add_byte(j->out, '}');
	j->comma = true;
}

void
json_array(struct json *j)
{
	json_open(j);
	buf_add_byte(j->out, '[');
	j->comma = false;
}

void
json_array_end(struct json *j)
{
	buf_add_byte(j->out, ']');
	j->comma = true;
}

static void
json_escape_ascii(struct buf *out, unsigned char c)
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
json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
json_quote(struct buf *out, struct span s)
{
	bool utf8 = text_is_utf8(s);
	size_t i = 0, run;
	unsigned char c;

	buf_add_byte(out, '"');
	while (i < s.len) {
		for (run = i; run < s.len; run++) {
			c = (unsigned char)s.p[run];
			if (!json_plain(c) && !(utf8 && c >= 0x80))
				break;
		}
		buf_add(out, s.p + i, run - i);
		i = run;
		if (i == s.len)
			break;
		c = (unsigned char)s.p[i];
		if (c < 0x80) {
			json_escape_ascii(out, c);
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
json_key(struct json *j, struct span key)
{
	json_open(j);
	json_quote(j->out, key);
	buf_add_byte(j->out, ':');
	j->comma = false;
}

void
json_text(struct json *j, struct span s)
{
	json_open(j);
	json_quote(j->out, s);
}

void
json_int(struct json *j, int64_t v)
{
	char text[24];

	json_open(j);
	buf_add(j->out, text,
	    (size_t)snprintf(text, sizeof(text), "%lld", (long long)v));
}

void
json_uint(struct json *j, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	json_open(j);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	buf_add(j->out, text + at, sizeof(text) - at);
}

void
json_bool(struct json *j, bool v)
{
	json_open(j);
	buf_add_str(j->out, v ? "true" : "false");
}

void
json_null(struct json *j)
{
	json_open(j);
	buf_add(j->out, "null", 4);
}

void
json_raw(struct json *j, struct span s)
{
	json_open(j);
	buf_add_span(j->out, s);
}

void
json_key_text(struct json *j, const char *key, struct span s)
{
	json_key(j, span_of(key));
	json_text(j, s);
}

void
json_key_uint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, span_of(key));
	json_uint(j, v);
}

void
json_key_null(struct json *j, const char *key)
{
	json_key(j, span_of(key));
	json_null(j);
}
