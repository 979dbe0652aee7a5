/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Rust's regular expressions write in another way than PCRE2: escapes of
 * word ends, code points and hexadecimal digits, flags, and classes within
 * classes with their set operations, which become look-aheads.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/regex/regex.h"

enum {
	DEPTH_MAX = 200,          /* of groups */
	CLASS_DEPTH_MAX = 20,     /* of classes */
	OUT_MAX = 4 * REGEX_PATTERN_MAX,
};

struct reading {
	struct span left;
	const char *why;
	bool verbose[DEPTH_MAX + 1]; /* (?x), by depth */
	unsigned depth;
};

static int
fail(struct reading *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return -1;
}

static char
peek(const struct reading *r, size_t i)
{
	return i < r->left.len ? r->left.p[i] : '\0';
}

static void
skip(struct reading *r, size_t n)
{
	r->left = span_from(r->left, n);
}

/* The next n bytes as they are. */
static void
copy(struct reading *r, size_t n, struct buf *out)
{
	if (n > r->left.len)
		n = r->left.len;
	buf_add(out, r->left.p, n);
	skip(r, n);
}

static bool
hex_digit(char c)
{
	return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* ---- escapes ------------------------------------------------------------- */

/* \u1234, \U00012345, \u{1f600}, \x41, \x{41}: always \x{...} */
static int
code_point(struct reading *r, struct buf *out)
{
	char kind = peek(r, 1);
	size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8, n = 0;
	bool brace = peek(r, 2) == '{';

	skip(r, brace ? 3 : 2);
	while (hex_digit(peek(r, n)) && (brace || n < digits))
		n++;
	if (n == 0 || n > 8 || (brace ? peek(r, n) != '}' : n != digits))
		return fail(r, "a code point is not written in hexadecimal "
		    "digits");
	buf_add_str(out, "\\x{");
	copy(r, n, out);
	buf_add_byte(out, '}');
	skip(r, brace);
	return 0;
}

/* \b{start} and its like; false: it is a plain \b. */
static bool
word_end(struct reading *r, struct buf *out)
{
	static const struct {
		const char *rust, *pcre;
	} ends[] = {
		{ "\\b{start}", "\\b(?=\\w)" },
		{ "\\b{end}", "\\b(?<=\\w)" },
		{ "\\b{start-half}", "(?<!\\w)" },
		{ "\\b{end-half}", "(?!\\w)" },
		{ "\\<", "\\b(?=\\w)" },
		{ "\\>", "\\b(?<=\\w)" },
	};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (!span_starts(r->left, ends[i].rust))
			continue;
		/* A quantifier would be of the last part alone. */
		buf_addf(out, "(?:%s)", ends[i].pcre);
		skip(r, strlen(ends[i].rust));
		return true;
	}
	return false;
}

/* Without blanks and '_', and in any case, as Unicode compares names. */
static bool
same_property(struct span s, const char *name)
{
	size_t i, n = 0, len = strlen(name);

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '_' || s.p[i] == ' ' || s.p[i] == '-')
			continue;
		if (n == len || ascii_lower(s.p[i]) != name[n])
			return false;
		n++;
	}
	return n == len;
}

/* \p{Letter} is \p{L}: PCRE2 has the short names of categories alone. */
static void
property(struct reading *r, struct buf *out)
{
	static const struct {
		const char *name, *code;
	} categories[] = {
		{ "letter", "L" }, { "casedletter", "L&" },
		{ "uppercaseletter", "Lu" }, { "lowercaseletter", "Ll" },
		{ "titlecaseletter", "Lt" }, { "modifierletter", "Lm" },
		{ "otherletter", "Lo" }, { "mark", "M" },
		{ "nonspacingmark", "Mn" }, { "spacingmark", "Mc" },
		{ "enclosingmark", "Me" }, { "number", "N" },
		{ "decimalnumber", "Nd" }, { "digit", "Nd" },
		{ "letternumber", "Nl" }, { "othernumber", "No" },
		{ "punctuation", "P" }, { "punct", "P" },
		{ "connectorpunctuation", "Pc" }, { "dashpunctuation", "Pd" },
		{ "openpunctuation", "Ps" }, { "closepunctuation", "Pe" },
		{ "initialpunctuation", "Pi" }, { "finalpunctuation", "Pf" },
		{ "otherpunctuation", "Po" }, { "symbol", "S" },
		{ "mathsymbol", "Sm" }, { "currencysymbol", "Sc" },
		{ "modifiersymbol", "Sk" }, { "othersymbol", "So" },
		{ "separator", "Z" }, { "spaceseparator", "Zs" },
		{ "lineseparator", "Zl" }, { "paragraphseparator", "Zp" },
		{ "other", "C" }, { "control", "Cc" }, { "format", "Cf" },
		{ "privateuse", "Co" }, { "unassigned", "Cn" },
	};
	ptrdiff_t end = span_find(r->left, '}');
	struct span name;
	size_t i;

	copy(r, 2, out);
	if (peek(r, 0) != '{' || end < 3)
		return;
	name = span_make(r->left.p + 1, (size_t)end - 3);
	if (name.len > 0 && name.p[0] == '^') {
		copy(r, 2, out);
		name = span_from(name, 1);
	} else {
		copy(r, 1, out);
	}
	for (i = 0; i < sizeof(categories) / sizeof(*categories); i++) {
		if (!same_property(name, categories[i].name))
			continue;
		buf_add_str(out, categories[i].code);
		skip(r, name.len);
		return;
	}
}

static int
escape(struct reading *r, bool in_class, struct buf *out)
{
	char c = peek(r, 1);

	switch (c) {
	case 'p':
	case 'P':
		property(r, out);
		return 0;
	case '\0':
		return fail(r, "a backslash stands at the end");
	case 'u':
	case 'U':
	case 'x':
		return code_point(r, out);
	case 'h':
		buf_add_str(out, in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
		skip(r, 2);
		return 0;
	case 'H':
		if (in_class)
			return fail(r, "\\H cannot be in a class");
		buf_add_str(out, "[^0-9A-Fa-f]");
		skip(r, 2);
		return 0;
	case 'v':
		buf_add_str(out, "\\x0b");
		skip(r, 2);
		return 0;
	case 'O':
		buf_add_str(out, "(?s:.)");
		skip(r, 2);
		return in_class ? fail(r, "\\O cannot be in a class") : 0;
	case 'Q':
	case 'E':
		return fail(r, "\\Q is not known: kumo.regex.escape quotes");
	case 'c':
	case 'C':
	case 'L':
	case 'l':
	case 'o':
	case 'V':
		return fail(r, "the escape is not known");
	}
	if (!in_class && word_end(r, out))
		return 0;
	/* A character of several bytes is copied whole by what follows. */
	copy(r, 2, out);
	return 0;
}

/* ---- classes ------------------------------------------------------------- */

/*
 * A class so far: what one [...] can say, and alternatives beside it. `plain`
 * is the inside of brackets; `more` is "|x|y".
 */
struct items {
	struct buf plain, more;
};

static void
items_free(struct items *u)
{
	buf_free(&u->plain);
	buf_free(&u->more);
}

/* As one expression that takes exactly one character. */
static void
items_put(const struct items *u, struct buf *out)
{
	struct span more = buf_span(&u->more);

	if (more.len > 0)
		buf_add_str(out, "(?:");
	if (more.len == 0 || buf_len(&u->plain) > 0) {
		buf_add_byte(out, '[');
		buf_add_span(out, buf_span(&u->plain));
		buf_add_byte(out, ']');
	} else {
		more = span_from(more, 1);
	}
	if (more.len > 0) {
		buf_add_span(out, more);
		buf_add_byte(out, ')');
	}
}

static int class_put(struct reading *r, unsigned depth, struct buf *out);

/* [:alpha:] or [:^alpha:], which are the same in PCRE2. */
static size_t
posix_len(struct span s)
{
	size_t i;

	if (!span_starts(s, "[:"))
		return 0;
	for (i = 2; i + 1 < s.len && s.p[i] != ']'; i++) {
		if (s.p[i] == ':' && s.p[i + 1] == ']')
			return i + 2;
	}
	return 0;
}

static bool
at_operator(const struct reading *r)
{
	char c = peek(r, 0);

	return (c == '&' || c == '-' || c == '~') && peek(r, 1) == c;
}

/* Items up to an operator or the class's end. */
static int
items_read(struct reading *r, unsigned depth, bool first, struct items *u)
{
	size_t n;
	char c;

	while (r->left.len > 0) {
		c = peek(r, 0);
		if (c == ']' && !first)
			return 0;
		if (!first && at_operator(r))
			return 0;
		first = false;
		if (r->verbose[r->depth] && c != '\0' &&
		    strchr(" \t\r\n", c) != NULL) {
			skip(r, 1);
		} else if ((n = posix_len(r->left)) > 0) {
			copy(r, n, &u->plain);
		} else if (c == '[') {
			buf_add_byte(&u->more, '|');
			if (class_put(r, depth + 1, &u->more) == -1)
				return -1;
		} else if (c == '\\') {
			if (escape(r, true, &u->plain) == -1)
				return -1;
		} else if (c == ']' || c == '^') {
			buf_add_byte(&u->plain, '\\');
			copy(r, 1, &u->plain);
		} else {
			copy(r, 1, &u->plain);
		}
	}
	return fail(r, "a class has no end");
}

/* left op right, as one expression, takes left's place. */
static int
operate(struct reading *r, char op, struct buf *left, const struct buf *right)
{
	struct buf both = { .base = NULL };
	struct span l = buf_span(left), x = buf_span(right);

	buf_add_str(&both, "(?:");
	if (op == '~') {
		buf_add_str(&both, "(?!");
		buf_add_span(&both, x);
		buf_add_byte(&both, ')');
		buf_add_span(&both, l);
		buf_add_str(&both, "|(?!");
		buf_add_span(&both, l);
		buf_add_byte(&both, ')');
		buf_add_span(&both, x);
	} else {
		buf_add_str(&both, op == '&' ? "(?=" : "(?!");
		buf_add_span(&both, x);
		buf_add_byte(&both, ')');
		buf_add_span(&both, l);
	}
	buf_add_byte(&both, ')');
	buf_free(left);
	*left = both;
	return buf_len(left) > OUT_MAX ? fail(r, "a class is too large") : 0;
}

/* Behind the '[' and '^': all up to the ']', as one expression. */
static int
class_read(struct reading *r, unsigned depth, struct buf *out)
{
	struct buf right = { .base = NULL };
	struct items u = { .plain = { .base = NULL } };
	bool first = true;
	char op = '\0';
	int status = -1;

	do {
		if (op != '\0')
			skip(r, 2);
		if (items_read(r, depth, first, &u) == -1)
			goto out;
		items_put(&u, op == '\0' ? out : &right);
		if (op != '\0' && operate(r, op, out, &right) == -1)
			goto out;
		buf_clear(&u.plain, 4096);
		buf_clear(&u.more, 4096);
		buf_clear(&right, 4096);
		first = false;
		op = peek(r, 0);
	} while (op != ']');
	skip(r, 1);
	status = 0;
out:
	buf_free(&right);
	items_free(&u);
	return status;
}

/* A class at the front. */
static int
class_put(struct reading *r, unsigned depth, struct buf *out)
{
	struct buf inner = { .base = NULL };
	bool negated;
	struct span s;

	if (depth > CLASS_DEPTH_MAX)
		return fail(r, "classes are nested too deeply");
	skip(r, 1);
	negated = peek(r, 0) == '^';
	skip(r, negated);
	if (class_read(r, depth, &inner) == -1) {
		buf_free(&inner);
		return -1;
	}
	s = buf_span(&inner);
	if (!negated) {
		buf_add_span(out, s);
	} else if (s.p[0] == '[') {
		buf_add_str(out, "[^");
		buf_add_span(out, span_from(s, 1));
	} else {
		buf_add_str(out, "(?:(?!");
		buf_add_span(out, s);
		buf_add_str(out, ")(?s:.))");
	}
	buf_free(&inner);
	return 0;
}

/* ---- groups -------------------------------------------------------------- */

/* Flags behind "(?": letters and '-', up to ':' or ')'. */
static size_t
flags_len(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != '\0' &&
	    strchr("imsxUuR-", s.p[n]) != NULL)
		n++;
	return n > 0 && n < s.len && (s.p[n] == ':' || s.p[n] == ')') ? n : 0;
}

static int
flags_put(struct reading *r, size_t n, struct buf *out)
{
	bool off = false, verbose = r->verbose[r->depth];
	bool group = peek(r, n + 2) == ':';
	size_t i;
	char c;

	copy(r, 2, out);
	for (i = 0; i < n; i++, skip(r, 1)) {
		c = peek(r, 0);
		if (c == 'x')
			verbose = !off;
		if (c == '-')
			off = true;
		if (c == 'R' || (c == 'u' && off))
			return fail(r, "the flags R and -u are not known");
		/* Unicode is what we have anyway. */
		if (c != 'u')
			buf_add_byte(out, (uint8_t)c);
	}
	copy(r, 1, out);
	if (group && ++r->depth > DEPTH_MAX)
		return fail(r, "groups are nested too deeply");
	r->verbose[r->depth] = verbose;
	return 0;
}

static int
group_open(struct reading *r, struct buf *out)
{
	size_t n;

	if (peek(r, 1) == '*')
		return fail(r, "'*' has nothing to repeat");
	if (peek(r, 1) == '?') {
		n = flags_len(span_from(r->left, 2));
		if (n > 0)
			return flags_put(r, n, out);
		if (peek(r, 2) != '\0' &&
		    strchr("R&C+-0123456789|", peek(r, 2)) != NULL)
			return fail(r, "this kind of group is not known");
		if (peek(r, 2) == '#') {
			while (r->left.len > 0 && peek(r, 0) != ')')
				skip(r, 1);
			if (r->left.len == 0)
				return fail(r, "a comment has no end");
			skip(r, 1);
			return 0;
		}
	}
	if (++r->depth > DEPTH_MAX)
		return fail(r, "groups are nested too deeply");
	r->verbose[r->depth] = r->verbose[r->depth - 1];
	copy(r, peek(r, 1) == '?' ? 2 : 1, out);
	return 0;
}

int
regex_translate(struct span pattern, struct buf *out, const char **why_out)
{
	struct reading r = { .left = pattern };
	struct buf text = { .base = NULL };
	char c;

	while (r.why == NULL && r.left.len > 0) {
		c = peek(&r, 0);
		if (c == '\\') {
			escape(&r, false, &text);
		} else if (c == '[') {
			class_put(&r, 0, &text);
		} else if (c == '(') {
			group_open(&r, &text);
		} else if (c == '#' && r.verbose[r.depth]) {
			while (r.left.len > 0 && peek(&r, 0) != '\n')
				skip(&r, 1);
		} else {
			if (c == ')' && r.depth > 0)
				r.depth--;
			copy(&r, 1, &text);
		}
		if (buf_len(&text) > OUT_MAX)
			fail(&r, "the pattern is too large");
	}
	if (r.why == NULL)
		buf_add_span(out, buf_span(&text));
	buf_free(&text);
	*why_out = r.why;
	return r.why == NULL ? 0 : -1;
}
