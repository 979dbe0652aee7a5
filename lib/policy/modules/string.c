/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.string: what Lua's own string library lacks. */
#include "lib/policy/modules/modules.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/fold.h"
#include "lib/mail/normalise.h"
#include "lib/mail/suffix.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/state.h"
#include "lib/template/template.h"

enum { TEXT_MAX = 16 * 1024 * 1024 }; /* of what needs room beside Lua */

/* ---- looking for text ---------------------------------------------------- */

static size_t
char_len(struct span s)
{
	size_t len = text_utf8_len(s);

	return len > 0 ? len : 1;
}

/*
 * The first place of what at or behind *from, which moves behind it. No bytes
 * at all are between any two characters, and at both ends.
 */
static bool
find(struct span s, struct span what, size_t *from, size_t *at)
{
	const char *found;

	if (*from > s.len)
		return false;
	if (what.len == 0) {
		*at = *from;
		*from += char_len(span_from(s, *from));
		return true;
	}
	found = memmem(s.p + *from, s.len - *from, what.p, what.len);
	if (found == NULL)
		return false;
	*at = (size_t)(found - s.p);
	*from = *at + what.len;
	return true;
}

/* The same from the end: what ends at or before *end, which moves before it. */
struct backwards {
	struct span s, what;
	const char *s_turned, *what_turned; /* bytes in reverse order */
	bool over;
};

static const char *
push_turned(lua_State *L, struct span s)
{
	char *p = lua_newuserdatauv(L, s.len + 1, 0);
	size_t i;

	for (i = 0; i < s.len; i++)
		p[i] = s.p[s.len - 1 - i];
	return p;
}

static bool
find_back(struct backwards *b, size_t *end, size_t *at)
{
	const char *found;

	if (b->over)
		return false;
	if (b->what.len == 0) {
		*at = *end;
		if (*end == 0)
			b->over = true;
		else
			while (--*end > 0 && (b->s.p[*end] & 0xc0) == 0x80)
				;
		return true;
	}
	found = memmem(b->s_turned + (b->s.len - *end), *end, b->what_turned,
	    b->what.len);
	if (found == NULL)
		return false;
	*at = b->s.len - (size_t)(found - b->s_turned) - b->what.len;
	*end = *at;
	return true;
}

/* ---- pieces -------------------------------------------------------------- */

/* Append to the list on top. */
static void
add_piece(lua_State *L, struct span s, lua_Integer *n)
{
	push_span(L, s);
	lua_rawseti(L, -2, ++*n);
}

static int
split_forwards(lua_State *L, struct span s, struct span what, size_t limit)
{
	size_t start = 0, from = 0, at;
	lua_Integer n = 0;

	lua_newtable(L);
	if (limit == 0)
		return 1;
	while ((size_t)n + 1 < limit && find(s, what, &from, &at)) {
		add_piece(L, span_make(s.p + start, at - start), &n);
		start = at + what.len;
	}
	add_piece(L, span_from(s, start), &n);
	return 1;
}

static int
split_backwards(lua_State *L, struct span s, struct span what, size_t limit)
{
	struct backwards b = { .s = s, .what = what };
	size_t stop = s.len, end = s.len, at;
	lua_Integer n = 0;

	b.s_turned = push_turned(L, s);
	b.what_turned = push_turned(L, what);
	lua_newtable(L);
	if (limit == 0)
		return 1;
	while ((size_t)n + 1 < limit && find_back(&b, &end, &at)) {
		add_piece(L, span_make(s.p + at + what.len,
		    stop - at - what.len), &n);
		stop = at;
	}
	add_piece(L, span_make(s.p, stop), &n);
	return 1;
}

static int
split(lua_State *L)
{
	return split_forwards(L, arg_span(L, 1), arg_span(L, 2), SIZE_MAX);
}

static int
splitn(lua_State *L)
{
	return split_forwards(L, arg_span(L, 1), arg_span(L, 3),
	    arg_count(L, 2));
}

static int
rsplit(lua_State *L)
{
	return split_backwards(L, arg_span(L, 1), arg_span(L, 2), SIZE_MAX);
}

static int
rsplitn(lua_State *L)
{
	return split_backwards(L, arg_span(L, 1), arg_span(L, 3),
	    arg_count(L, 2));
}

static size_t
ascii_blank(struct span s)
{
	return s.len > 0 && s.p[0] != '\0' && strchr(" \t\n\f\r", s.p[0]) !=
	    NULL;
}

static int
split_blank(lua_State *L, size_t (*blank)(struct span))
{
	struct span s = arg_span(L, 1);
	size_t start = 0, at = 0, len;
	lua_Integer n = 0;

	lua_newtable(L);
	while (at < s.len) {
		len = blank(span_from(s, at));
		if (len == 0) {
			at += char_len(span_from(s, at));
			continue;
		}
		if (at > start)
			add_piece(L, span_make(s.p + start, at - start), &n);
		at += len;
		start = at;
	}
	if (at > start)
		add_piece(L, span_from(s, start), &n);
	return 1;
}

static int
split_whitespace(lua_State *L)
{
	return split_blank(L, text_blank_front);
}

static int
split_ascii_whitespace(lua_State *L)
{
	return split_blank(L, ascii_blank);
}

/* ---- other text ---------------------------------------------------------- */

static int
replace_some(lua_State *L, size_t count)
{
	struct span s = arg_span(L, 1), what = arg_span(L, 2);
	struct span with = arg_span(L, 3);
	size_t start = 0, from = 0, at;
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (; count > 0 && find(s, what, &from, &at); count--) {
		luaL_addlstring(&b, s.p + start, at - start);
		luaL_addlstring(&b, with.p, with.len);
		start = at + what.len;
	}
	luaL_addlstring(&b, s.p + start, s.len - start);
	luaL_pushresult(&b);
	return 1;
}

static int
replace(lua_State *L)
{
	return replace_some(L, SIZE_MAX);
}

static int
replacen(lua_State *L)
{
	return replace_some(L, arg_count(L, 4));
}

static int
starts_with(lua_State *L)
{
	struct span s = arg_span(L, 1), prefix = arg_span(L, 2);

	lua_pushboolean(L, s.len >= prefix.len &&
	    memcmp(s.p, prefix.p, prefix.len) == 0);
	return 1;
}

static int
ends_with(lua_State *L)
{
	struct span s = arg_span(L, 1), suffix = arg_span(L, 2);

	lua_pushboolean(L, s.len >= suffix.len &&
	    memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0);
	return 1;
}

static int
trim_ends(lua_State *L, bool start, bool end)
{
	struct span s = arg_span(L, 1);
	size_t len;

	while (start && s.len > 0 && (len = text_blank_front(s)) > 0)
		s = span_from(s, len);
	while (end && s.len > 0 && (len = text_blank_end(s)) > 0)
		s.len -= len;
	push_span(L, s);
	return 1;
}

static int
trim(lua_State *L)
{
	return trim_ends(L, true, true);
}

static int
trim_start(lua_State *L)
{
	return trim_ends(L, true, false);
}

static int
trim_end(lua_State *L)
{
	return trim_ends(L, false, true);
}

static int
push_name(lua_State *L, struct span found)
{
	if (found.len == 0)
		return 0;
	push_span(L, found);
	return 1;
}

static int
psl_domain(lua_State *L)
{
	return push_name(L, suffix_domain_of(arg_span(L, 1)));
}

static int
psl_suffix(lua_State *L)
{
	return push_name(L, suffix_of(arg_span(L, 1)));
}

/* Text for which the scratch buffer is made ready. */
static struct span
arg_text(lua_State *L)
{
	struct span s = arg_span(L, 1);

	if (s.len > TEXT_MAX)
		luaL_argerror(L, 1, "the text is too long");
	buf_clear(&policy_of(L)->scratch, 65536);
	return s;
}

static int
wrap(lua_State *L)
{
	struct span text = arg_text(L);
	struct policy *p = policy_of(L);
	size_t soft = lua_isnoneornil(L, 2) ? FOLD_SOFT : arg_count(L, 2);
	size_t hard = lua_isnoneornil(L, 3) ? FOLD_HARD : arg_count(L, 3);

	if (soft == 0 || hard == 0)
		return where_error(L, "kumo.string.wrap: a line has at least "
		    "one byte");
	fold_text(text, soft, hard, &p->scratch);
	push_span(L, buf_span(&p->scratch));
	return 1;
}

static int
normalize_smtp_response(lua_State *L)
{
	struct span text = arg_text(L);
	struct policy *p = policy_of(L);

	normalise_response(text, &p->scratch);
	push_span(L, buf_span(&p->scratch));
	return 1;
}

/* ---- the module ---------------------------------------------------------- */

static const struct library_function functions[] = {
	{ "ends_with", ends_with, "(s, suffix) -> boolean",
	    "Does\n.Fa s\nend with those bytes?" },
	{ "eval_template", string_eval_template,
	    "(name, source, context, dialect='Jinja') -> string",
	    "Render a template with the variables of the table\n"
	    ".Fa context .\n"
	    ".Fa name\n"
	    "is a file's in form only: its extension decides what is "
	    "escaped, and errors name it.\n"
	    ".Fa dialect\n"
	    "is\n.Ql Jinja ,\n.Ql Handlebars\nor\n.Ql Static ;\n"
	    ".Xr ekiden-template 7\ndescribes them.\n"
	    "Compiled templates are kept, so the same source costs little "
	    "again." },
	{ "normalize_smtp_response", normalize_smtp_response,
	    "(text) -> string",
	    "The reply of a server without what differs from message to "
	    "message, so that alike ones can be counted together.  Words are "
	    "parted by single spaces; one that is a date, an id, an address "
	    "or the like becomes\n.Ql {timestamp} ,\n.Ql {uuid} ,\n"
	    ".Ql {hash} ,\n.Ql {ipaddr} ,\n.Ql {base64}\nor\n.Ql {email} ;\n"
	    "so does what stands between brackets or behind a\n.Ql = .\n"
	    "What is left may still name people." },
	{ "psl_domain", psl_domain, "(domain) -> string or nil",
	    "The name that somebody registered: a public suffix and one label "
	    "before it, by the Public Suffix List.\n.Dv nil\nfor a suffix "
	    "itself and for what is no name." },
	{ "psl_suffix", psl_suffix, "(domain) -> string or nil",
	    "The public suffix of a name, by the Public Suffix List; of names "
	    "that it does not have, the last label." },
	{ "replace", replace, "(s, from, to) -> string",
	    "The text with each\n.Fa from\nreplaced by\n.Fa to ;\nneither is a "
	    "pattern.  An empty\n.Fa from\nis before and behind each "
	    "character." },
	{ "replacen", replacen, "(s, from, to, count) -> string",
	    "As\n.Fn replace ,\nthe first\n.Fa count\nof them." },
	{ "rsplit", rsplit, "(s, separator) -> string[]",
	    "As\n.Fn split\nfrom the end: the last piece is the first of the "
	    "list." },
	{ "rsplitn", rsplitn, "(s, limit, separator) -> string[]",
	    "As\n.Fn rsplit\ninto at most\n.Fa limit\npieces; the last of the "
	    "list is all the rest." },
	{ "split", split, "(s, separator) -> string[]",
	    "The pieces between separators, which are no patterns.  An empty "
	    "separator is before and behind each character." },
	{ "split_ascii_whitespace", split_ascii_whitespace,
	    "(s) -> string[]",
	    "The pieces between runs of spaces, tabs, form feeds and line "
	    "ends." },
	{ "split_whitespace", split_whitespace, "(s) -> string[]",
	    "The pieces between runs of what Unicode calls white space." },
	{ "splitn", splitn, "(s, limit, separator) -> string[]",
	    "As\n.Fn split\ninto at most\n.Fa limit\npieces; the last is all "
	    "the rest." },
	{ "starts_with", starts_with, "(s, prefix) -> boolean",
	    "Does\n.Fa s\nbegin with those bytes?" },
	{ "trim", trim, "(s) -> string",
	    "The text without Unicode's white space at both ends." },
	{ "trim_end", trim_end, "(s) -> string",
	    "The text without white space at its end." },
	{ "trim_start", trim_start, "(s) -> string",
	    "The text without white space at its start." },
	{ "wrap", wrap, "(text, soft=75, hard=900) -> string",
	    "The words of the text in lines of at most\n.Fa soft\nbytes where "
	    "words allow it; words of more than\n.Fa hard\nbytes are cut.  "
	    "Lines are parted by CR, LF and a tab, as header fields need "
	    "it." },
	{ NULL, NULL, NULL, NULL },
};

static void
prepare(void)
{
	suffix_prepare();
	template_prepare();
}

const struct library library_string = {
	.name = "kumo.string",
	.title = "more functions for text",
	.about = "Functions for text, beside those of Lua's\n.Ql string .",
	.functions = functions,
	.prepare = prepare,
};
