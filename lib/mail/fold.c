/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/fold.h"

#include <stdbool.h>

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The first bytes of word that fill a line: up to max, whole characters. */
static size_t
piece_len(struct span word, size_t max)
{
	size_t n = max;

	if (word.len <= max)
		return word.len;
	while (n > 0 && (word.p[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? n : max;
}

static void
line_new(struct buf *out, size_t *line, bool *any)
{
	if (*any)
		buf_add_str(out, "\r\n\t");
	*any = true;
	*line = 0;
}

void
fold_text(struct span text, size_t soft, size_t hard, struct buf *out)
{
	size_t line = 0, i = 0, end, n;
	struct span word;
	bool any = false;

	if (soft > hard)
		soft = hard;
	while (i < text.len) {
		if (blank(text.p[i])) {
			i++;
			continue;
		}
		for (end = i; end < text.len && !blank(text.p[end]); end++)
			;
		word = span_make(text.p + i, end - i);
		i = end;
		if (any && line > 0 && line < soft && word.len < soft - line) {
			buf_add_byte(out, ' ');
			line++;
		} else {
			line_new(out, &line, &any);
		}
		for (; word.len > 0; word = span_from(word, n)) {
			n = piece_len(word, hard);
			if (line > 0 && line + n > hard)
				line_new(out, &line, &any);
			buf_add(out, word.p, n);
			line += n;
		}
	}
}
