/* SPDX-License-Identifier: Apache-2.0 */
/* Errors that name the script's file and line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/policy/state.h"

enum { LEVELS_MAX = 64 };

/* "@path" is a script's; other sources are ours. */
static bool
is_script(const lua_Debug *ar)
{
	return ar->source != NULL && ar->source[0] == '@' &&
	    ar->currentline > 0;
}

bool
where_script(lua_State *L, const char **file_out, int *line_out)
{
	lua_Debug ar;
	int level;

	for (level = 0; level < LEVELS_MAX && lua_getstack(L, level, &ar);
	    level++) {
		if (lua_getinfo(L, "Sl", &ar) == 0 || !is_script(&ar))
			continue;
		*file_out = ar.source + 1;
		*line_out = ar.currentline;
		return true;
	}
	*file_out = NULL;
	*line_out = 0;
	return false;
}

static int
raise_scratch(lua_State *L)
{
	struct policy *p = policy_of(L);

	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
	return lua_error(L);
}

int
where_error(lua_State *L, const char *fmt, ...)
{
	struct policy *p = policy_of(L);
	const char *file;
	char text[2048];
	va_list ap;
	int line;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_clear(&p->scratch, 65536);
	if (where_script(L, &file, &line))
		buf_addf(&p->scratch, "%s:%d: ", file, line);
	buf_add_str(&p->scratch, text);
	return raise_scratch(L);
}

/* Problems carry the line of the table they were found in, which is ours. */
int
where_problems(lua_State *L, struct problems *problems)
{
	struct policy *p = policy_of(L);
	size_t i, n = 0;

	buf_clear(&p->scratch, 65536);
	for (i = 0; i < problems->n; i++) {
		const struct problem *at = &problems->v[i];

		if (at->notice)
			continue;
		if (n++ != 0)
			buf_add_byte(&p->scratch, '\n');
		if (at->file != NULL && at->line > 0)
			buf_addf(&p->scratch, "%s:%d: ", at->file, at->line);
		buf_add_str(&p->scratch, at->text);
	}
	problems_free(problems);
	return raise_scratch(L);
}

void
where_expand_name(struct span message, const char *name, struct buf *out)
{
	size_t len = strlen(name), tail = LUA_IDSIZE - 1 - 3;
	struct span cut;

	if (len >= LUA_IDSIZE && span_starts(message, "...")) {
		cut = span_from(message, 3);
		if (cut.len > tail && cut.p[tail] == ':' &&
		    memcmp(cut.p, name + len - tail, tail) == 0) {
			buf_add(out, name, len);
			message = span_from(cut, tail);
		}
	}
	buf_add_span(out, message);
}

void
where_expand(lua_State *co, struct span message, struct buf *out)
{
	size_t len = buf_len(out);
	lua_Debug ar;
	int level;

	for (level = 0; level < LEVELS_MAX && lua_getstack(co, level, &ar);
	    level++) {
		if (lua_getinfo(co, "Sl", &ar) == 0 || !is_script(&ar))
			continue;
		where_expand_name(message, ar.source + 1, out);
		if (buf_len(out) - len != message.len)
			return;
		out->end = out->start + len;
	}
	buf_add_span(out, message);
}
