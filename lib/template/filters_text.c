/* SPDX-License-Identifier: Apache-2.0 */
/* Filters for texts. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/template/chars.h"
#include "lib/template/eval.h"
#include "lib/template/tables.h"
#include "lib/template/text_ops.h"

static int
input(struct render *r, struct call *c, struct span *out)
{
	return tval_to_text(r, &c->in, out);
}

static int
taken(struct render *r, struct buf *b, struct tval *out)
{
	struct span s;

	if (render_take(r, b, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

/* ---- escaping ------------------------------------------------------------ */

static int
do_safe(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	if (input(r, c, &s) == -1)
		return -1;
	*out = tval_safe(s);
	return 0;
}

static int
do_escape(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	enum escape how = r->escape;
	struct span s;

	*out = c->in;
	if (c->in.kind == TV_TEXT && (c->in.flags & TV_SAFE) != 0)
		return 0;
	if (how == ESCAPE_NONE)
		how = escape_of(r->template);
	if (how == ESCAPE_NONE)
		how = ESCAPE_HTML;
	render_escaped(r, &b, &c->in, how);
	if (render_take(r, &b, &s) == -1)
		return -1;
	*out = tval_safe(s);
	return 0;
}

/* ---- letters ------------------------------------------------------------- */

static int
do_lower(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	return input(r, c, &s) == -1 ? -1 : text_case(r, s, CASE_LOWER, out);
}

static int
do_upper(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	return input(r, c, &s) == -1 ? -1 : text_case(r, s, CASE_UPPER, out);
}

static int
do_title(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	return input(r, c, &s) == -1 ? -1 : text_case(r, s, CASE_TITLE, out);
}

static int
do_capitalize(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	return input(r, c, &s) == -1 ? -1 :
	    text_case(r, s, CASE_CAPITALIZE, out);
}

/* ---- parts --------------------------------------------------------------- */

static int
do_replace(struct render *r, struct call *c, struct tval *out)
{
	struct span s, from, to;
	int64_t count;

	if (input(r, c, &s) == -1 ||
	    call_text(r, c, 0, "old", SPAN_LIT(""), &from) == -1 ||
	    call_text(r, c, 1, "new", SPAN_LIT(""), &to) == -1 ||
	    call_int(r, c, 2, "count", -1, INT32_MAX, -1, &count) == -1)
		return -1;
	return text_replace(r, s, from, to, count, out);
}

static int
do_trim(struct render *r, struct call *c, struct tval *out)
{
	struct span s, chars;

	if (input(r, c, &s) == -1 ||
	    call_text(r, c, 0, "chars", SPAN_LIT(""), &chars) == -1 ||
	    render_steps(r, chars.len > 0 ? s.len / 64 * chars.len / 64 :
	    s.len / 64) == -1)
		return -1;
	*out = tval_text(text_strip(s, chars, END_BOTH));
	return 0;
}

static int
do_split(struct render *r, struct call *c, struct tval *out)
{
	struct span s, sep;
	int64_t most;

	if (input(r, c, &s) == -1 ||
	    call_text(r, c, 0, "sep", span_make(NULL, 0), &sep) == -1 ||
	    call_int(r, c, 1, "maxsplits", -1, INT32_MAX, -1, &most) == -1)
		return -1;
	return text_split(r, s, sep, most, out);
}

static int
do_lines(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	return input(r, c, &s) == -1 ? -1 : text_lines(r, s, false, out);
}

static int
do_join(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	struct tval *items;
	struct span sep;
	size_t i, n;

	if (call_text(r, c, 0, "d", SPAN_LIT(""), &sep) == -1)
		return -1;
	*out = tval_text(SPAN_LIT(""));
	if (c->in.kind == TV_NONE)
		return 0;
	if (tval_items(r, &c->in, &items, &n) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (i > 0)
			render_put(r, &b, sep);
		tval_print(r, &b, &items[i]);
	}
	return taken(r, &b, out);
}

static int
do_string(struct render *r, struct call *c, struct tval *out)
{
	struct span s;

	*out = c->in;
	if (c->in.kind == TV_TEXT)
		return 0;
	if (input(r, c, &s) == -1)
		return -1;
	*out = tval_text(s);
	return 0;
}

/* ---- layout -------------------------------------------------------------- */

static void
put_blanks(struct render *r, struct buf *b, int64_t n)
{
	static const char blanks[] = "                                ";
	size_t part;

	for (; n > 0 && !r->failed; n -= (int64_t)part) {
		part = n < (int64_t)sizeof(blanks) - 1 ? (size_t)n :
		    sizeof(blanks) - 1;
		render_put(r, b, span_make(blanks, part));
	}
}

static int
do_indent(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	bool first, blank, is_first = true;
	struct span s, line;
	ptrdiff_t end;
	int64_t width;

	if (input(r, c, &s) == -1 ||
	    call_int(r, c, 0, "width", 0, 1000, 4, &width) == -1 ||
	    call_bool(r, c, 1, "first", false, &first) == -1 ||
	    call_bool(r, c, 2, "blank", false, &blank) == -1)
		return -1;
	if (s.len > 0 && s.p[s.len - 1] == '\n')
		s.len--;
	if (s.len > 0 && s.p[s.len - 1] == '\r')
		s.len--;
	for (;;) {
		end = span_find(s, '\n');
		line = span_make(s.p, end == -1 ? s.len : (size_t)end);
		if ((!is_first || first) && (line.len > 0 || blank))
			put_blanks(r, &b, width);
		render_put(r, &b, line);
		is_first = false;
		if (end == -1 || render_steps(r, 1) == -1)
			break;
		render_put(r, &b, SPAN_LIT("\n"));
		s = span_from(s, (size_t)end + 1);
	}
	return taken(r, &b, out);
}

/* The last blank of the text, to which whole words reach. */
static size_t
whole_words(struct span s)
{
	size_t n;

	for (n = s.len; n > 0; n--) {
		if (s.p[n - 1] == ' ')
			return n - 1;
	}
	return s.len;
}

static int
do_truncate(struct render *r, struct call *c, struct tval *out)
{
	struct tval set = tval_undefined();
	struct buf b = { .base = NULL };
	int64_t length, leeway, ours = 5;
	struct span s, end;
	bool kill;

	if (eval_variable(r, SPAN_LIT("TRUNCATE_LEEWAY"), &set) == -1)
		return -1;
	tval_as_int(&set, &ours);
	if (call_int(r, c, 0, "length", 0, INT32_MAX, 255, &length) == -1 ||
	    call_bool(r, c, 1, "killwords", false, &kill) == -1 ||
	    call_text(r, c, 2, "end", SPAN_LIT("..."), &end) == -1 ||
	    call_int(r, c, 3, "leeway", 0, INT32_MAX, ours, &leeway) == -1)
		return -1;
	*out = tval_text(SPAN_LIT(""));
	if (c->in.kind == TV_NONE || c->in.kind == TV_UNDEFINED)
		return 0;
	if (input(r, c, &s) == -1 || render_steps(r, s.len / 64) == -1)
		return -1;
	if ((int64_t)chars_count(end) > length)
		return render_fail(r, "truncate: length must be at least %zu",
		    chars_count(end));
	*out = tval_text(s);
	if ((int64_t)chars_count(s) <= length + leeway)
		return 0;
	s.len = chars_skip(s, 0, (size_t)length - chars_count(end));
	if (!kill)
		s.len = whole_words(s);
	render_put(r, &b, s);
	render_put(r, &b, end);
	return taken(r, &b, out);
}

static int
do_wordcount(struct render *r, struct call *c, struct tval *out)
{
	bool in_word = false, letter;
	int64_t n = 0;
	struct span s;
	size_t at = 0;
	uint32_t ch;

	if (input(r, c, &s) == -1 || render_steps(r, s.len / 64) == -1)
		return -1;
	while (at < s.len) {
		ch = chars_next(s, &at);
		letter = chars_is_letter(ch) || ch == '_';
		n += letter && !in_word;
		in_word = letter;
	}
	*out = tval_int(n);
	return 0;
}

struct wrap {
	struct buf out;
	struct span with; /* between lines */
	size_t width, used;
	bool long_words, hyphens;
};

static void
wrap_break(struct render *r, struct wrap *w)
{
	render_put(r, &w->out, w->with);
	w->used = 0;
}

/* A word that is longer than a line, cut into lines. */
static void
wrap_cut(struct render *r, struct wrap *w, struct span word)
{
	size_t n;

	while (word.len > 0 && !r->failed) {
		if (w->used >= w->width)
			wrap_break(r, w);
		n = chars_skip(word, 0, w->width - w->used);
		render_put(r, &w->out, span_make(word.p, n));
		w->used += chars_count(span_make(word.p, n));
		word = span_from(word, n);
	}
}

/* The part of a word up to a hyphen between letters, or all of it. */
static struct span
hyphen_part(const struct wrap *w, struct span word)
{
	size_t i;

	for (i = 1; w->hyphens && i + 1 < word.len; i++) {
		if (word.p[i] == '-' &&
		    chars_is_letter((unsigned char)word.p[i - 1]) &&
		    chars_is_letter((unsigned char)word.p[i + 1]))
			return span_make(word.p, i + 1);
	}
	return word;
}

static void
wrap_word(struct render *r, struct wrap *w, struct span word)
{
	struct span part;
	size_t n, blank = w->used > 0 ? 1 : 0;

	while (word.len > 0 && render_steps(r, 1) == 0) {
		part = hyphen_part(w, word);
		n = chars_count(part);
		if (w->used > 0 && w->used + blank + n > w->width) {
			wrap_break(r, w);
			blank = 0;
		}
		if (blank > 0) {
			render_put(r, &w->out, SPAN_LIT(" "));
			w->used++;
		}
		if (n > w->width && w->long_words) {
			wrap_cut(r, w, part);
		} else {
			render_put(r, &w->out, part);
			w->used += n;
		}
		blank = 0;
		word = span_from(word, part.len);
	}
}

static int
wrap_line(struct render *r, struct wrap *w, struct span line)
{
	struct tval words, word;
	size_t i, n;

	w->used = 0;
	if (text_split(r, line, span_make(NULL, 0), -1, &words) == -1)
		return -1;
	tval_length(&words, &n);
	for (i = 0; i < n; i++) {
		word = tval_nth(&words, i);
		wrap_word(r, w, word.u.text);
	}
	return r->failed ? -1 : 0;
}

static int
do_wordwrap(struct render *r, struct call *c, struct tval *out)
{
	struct wrap w = { .used = 0 };
	struct tval lines, line;
	int64_t width;
	struct span s;
	size_t i, n;

	if (input(r, c, &s) == -1 ||
	    call_int(r, c, 0, "width", 1, INT32_MAX, 79, &width) == -1 ||
	    call_bool(r, c, 1, "break_long_words", true,
	    &w.long_words) == -1 ||
	    call_text(r, c, 2, "wrapstring", SPAN_LIT("\n"), &w.with) == -1 ||
	    call_bool(r, c, 3, "break_on_hyphens", true, &w.hyphens) == -1 ||
	    text_lines(r, s, false, &lines) == -1)
		return -1;
	w.width = (size_t)width;
	tval_length(&lines, &n);
	for (i = 0; i < n && !r->failed; i++) {
		if (i > 0)
			render_put(r, &w.out, w.with);
		line = tval_nth(&lines, i);
		wrap_line(r, &w, line.u.text);
	}
	return taken(r, &w.out, out);
}

/* ---- the web ------------------------------------------------------------- */

/* One entity at the front: its bytes, and what it means. */
static size_t
entity(struct span s, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t c;
	} named[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", 0xa0 },
	};
	char text[12], *end;
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(*named); i++) {
		if (span_starts(s, named[i].name)) {
			*out = named[i].c;
			return strlen(named[i].name);
		}
	}
	if (!span_starts(s, "&#") || s.len < 4)
		return 0;
	for (i = 0; i < sizeof(text) - 1 && i + 2 < s.len; i++)
		text[i] = s.p[i + 2];
	text[i] = '\0';
	if (!ascii_digit(text[0]) && !(ascii_lower(text[0]) == 'x' &&
	    text[1] != '-' && text[1] != '+' && text[1] != ' '))
		return 0;
	*out = (uint32_t)(ascii_lower(text[0]) == 'x' ?
	    strtoul(text + 1, &end, 16) : strtoul(text, &end, 10));
	if (*end != ';' || *out == 0 || *out > 0x10ffff ||
	    (*out >= 0xd800 && *out <= 0xdfff))
		return 0;
	return (size_t)(end - text) + 3;
}

/* Bytes of the tag or comment at the front; 0: it is none, or has no end. */
static size_t
markup(struct span s)
{
	const char *end;

	if (span_starts(s, "<!--")) {
		end = memmem(s.p + 4, s.len - 4, "-->", 3);
		return end == NULL ? s.len : (size_t)(end - s.p) + 3;
	}
	end = memchr(s.p, '>', s.len);
	return end == NULL ? 0 : (size_t)(end - s.p) + 1;
}

/* Without tags and comments; blanks become one. */
static int
do_striptags(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	bool blank = false, no_tag = false;
	struct span s;
	size_t n;
	uint32_t ch;

	if (input(r, c, &s) == -1 || render_room(r, s.len) == -1 ||
	    render_steps(r, s.len / 16) == -1)
		return -1;
	while (s.len > 0) {
		n = s.p[0] == '<' && !no_tag ? markup(s) : 0;
		if (n > 0) {
			s = span_from(s, n);
			continue;
		}
		/* No ">" follows: looked for once. */
		no_tag = no_tag || s.p[0] == '<';
		n = s.p[0] == '&' ? entity(s, &ch) : 0;
		if (n == 0)
			ch = chars_next(s, &n);
		if (chars_is_blank(ch) && ch != 0xa0) {
			blank = buf_len(&b) > 0;
		} else {
			if (blank)
				buf_add_byte(&b, ' ');
			blank = false;
			chars_put(&b, ch);
		}
		s = span_from(s, n);
	}
	return taken(r, &b, out);
}

static void
put_percent(struct render *r, struct buf *b, struct span s)
{
	static const char hex[] = "0123456789ABCDEF";
	char code[3] = { '%' };
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if ((ch < 0x80 && chars_is_letter(ch)) || ch == '/' ||
		    ch == '.' || ch == '-' || ch == '_') {
			render_put(r, b, span_make(s.p + i, 1));
			continue;
		}
		code[1] = hex[ch >> 4];
		code[2] = hex[ch & 15];
		render_put(r, b, span_make(code, 3));
	}
}

static int
do_urlencode(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	struct tpair *pairs;
	struct span s;
	size_t i, n;

	if (c->in.kind == TV_MAP) {
		if (tval_pairs(r, &c->in, &pairs, &n) == -1)
			return -1;
		for (i = 0; i < n && !r->failed; i++) {
			if (pairs[i].value.kind <= TV_NONE)
				continue;
			if (buf_len(&b) > 0)
				render_put(r, &b, SPAN_LIT("&"));
			if (tval_to_text(r, &pairs[i].key, &s) == 0)
				put_percent(r, &b, s);
			render_put(r, &b, SPAN_LIT("="));
			if (tval_to_text(r, &pairs[i].value, &s) == 0)
				put_percent(r, &b, s);
		}
	} else if (c->in.kind > TV_NONE && input(r, c, &s) == 0) {
		put_percent(r, &b, s);
	}
	return taken(r, &b, out);
}

const struct filter_row filters_text[] = {
	{ "safe", do_safe, "",
	    "The text is not escaped any more." },
	{ "escape", do_escape, "",
	    "The text escaped for HTML now." },
	{ "e", do_escape, "",
	    "The same as\n.Ic escape ." },
	{ "lower", do_lower, "",
	    "Lower case." },
	{ "upper", do_upper, "",
	    "Upper case." },
	{ "title", do_title, "",
	    "Each word begins with an upper-case letter." },
	{ "capitalize", do_capitalize, "",
	    "The first letter upper, the others lower case." },
	{ "replace", do_replace, "old, new, count?",
	    "Each\n.Fa old\nbecomes\n.Fa new ,\nthe first\n.Fa count\nof them "
	    "if that is given." },
	{ "trim", do_trim, "chars?",
	    "Without blanks, or those characters, at both ends." },
	{ "split", do_split, "sep?, maxsplits?",
	    "The parts between separators, or between blanks." },
	{ "lines", do_lines, "",
	    "The lines, without their ends." },
	{ "join", do_join, "sep?",
	    "The items as one text with the separator between them." },
	{ "string", do_string, "",
	    "The value as text." },
	{ "indent", do_indent, "width=4, first?, blank?",
	    "So many blanks, or that text, before each line; before the first "
	    "and before empty ones only if told so." },
	{ "truncate", do_truncate, "length=255, killwords?, end='...', "
	    "leeway=5",
	    "At most so many characters,\n.Fa end\nincluded, cut at a blank "
	    "unless\n.Fa killwords .\nA text that is longer by\n.Fa leeway\nor "
	    "less stays, that number being 5 or the variable\n.Va "
	    "TRUNCATE_LEEWAY ." },
	{ "wordcount", do_wordcount, "",
	    "The number of words." },
	{ "wordwrap", do_wordwrap, "width=79, break_long_words=true, "
	    "wrapstring='\\n', break_on_hyphens=true",
	    "Lines of at most that many characters." },
	{ "striptags", do_striptags, "",
	    "The text without tags and comments, entities resolved, blanks "
	    "made one." },
	{ "urlencode", do_urlencode, "",
	    "The text as part of a URL; a map as\n.Ql a=b&c=d ." },
	{ NULL, NULL, NULL, NULL },
};
