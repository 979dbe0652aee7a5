/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/json_write.h"

static void
new_line(struct buf *out, unsigned depth, unsigned indent)
{
	size_t n = (size_t)depth * indent;

	buf_add_byte(out, '\n');
	memset(buf_reserve(out, n), ' ', n);
	buf_commit(out, n);
}

/* Length of the text in quotes at the front. */
static size_t
quoted(struct span s)
{
	size_t i;

	for (i = 1; i < s.len && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\')
			i++;
	}
	return i < s.len ? i + 1 : s.len;
}

void
json_write_pretty(struct buf *out, struct span compact, unsigned indent)
{
	unsigned depth = 0;
	size_t i, len;
	char c, next;

	for (i = 0; i < compact.len; i++) {
		c = compact.p[i];
		next = i + 1 < compact.len ? compact.p[i + 1] : '\0';
		if (c == '"') {
			len = quoted(span_from(compact, i));
			buf_add(out, compact.p + i, len);
			i += len - 1;
			continue;
		}
		if ((c == '}' || c == ']') && depth > 0)
			new_line(out, --depth, indent);
		buf_add_byte(out, (uint8_t)c);
		if (c == ':') {
			buf_add_byte(out, ' ');
		} else if (c == ',') {
			new_line(out, depth, indent);
		} else if ((c == '{' && next == '}') ||
		    (c == '[' && next == ']')) {
			buf_add_byte(out, (uint8_t)next);
			i++;
		} else if (c == '{' || c == '[') {
			new_line(out, ++depth, indent);
		}
	}
}
