/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toml++ bounds how deep brackets nest, but not how many parts a dotted key
 * has, each of which is a table in a table; freed, they recurse.
 */
#include "lib/data/toml.h"

/* The bytes of the text in quotes at the front; all if it does not end. */
static size_t
quoted(struct span s)
{
	char quote = s.p[0], three[4] = { quote, quote, quote, '\0' };
	bool many = span_starts(s, three), is_basic = quote == '"';
	size_t i;

	for (i = many ? 3 : 1; i < s.len; i++) {
		if (is_basic && s.p[i] == '\\')
			i++;
		else if (many ? span_starts(span_from(s, i), three) :
		    s.p[i] == quote || s.p[i] == '\n')
			return i + (many ? 3 : 1);
	}
	return s.len;
}

int
toml_dots_check(struct span text, struct data_error *error)
{
	unsigned dots = 0;
	const char *end;
	size_t i;

	for (i = 0; i < text.len; i++) {
		switch (text.p[i]) {
		case '"':
		case '\'':
			i += quoted(span_from(text, i)) - 1;
			break;
		case '#':
			end = memchr(text.p + i, '\n', text.len - i);
			i = end == NULL ? text.len : (size_t)(end - text.p);
			dots = 0;
			break;
		case '\n':
		case '=':
		case ',':
		case '[':
		case ']':
		case '{':
		case '}':
			dots = 0;
			break;
		case '.':
			if (++dots <= TOML_DOTS_MAX)
				break;
			if (error != NULL)
				data_error_at(error, text, i,
				    "a key has too many parts");
			return -1;
		}
	}
	return 0;
}
