/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/data/timezone.h"
#include "lib/template/chars.h"
#include "lib/template/eval.h"
#include "lib/template/hb.h"

const char *const template_dialects[] = {
	"Jinja", "Static", "Handlebars", NULL,
};

const struct template_limits template_limits_default = {
	.steps = 2 * 1000 * 1000,
	.output = 16 * 1024 * 1024,
	.memory = 64 * 1024 * 1024,
	.depth = 500,
};

void
template_prepare(void)
{
	chars_prepare();
	timezones_load();
}

/* ---- one ----------------------------------------------------------------- */

const char *
template_name(const struct template *t)
{
	return t->name;
}

/* By the end of the name, but for one .j2. */
enum escape
escape_of(const struct template *t)
{
	static const struct {
		const char *end;
		enum escape escape;
	} ends[] = {
		{ "html", ESCAPE_HTML }, { "htm", ESCAPE_HTML },
		{ "xml", ESCAPE_HTML }, { "json", ESCAPE_JSON },
		{ "json5", ESCAPE_JSON }, { "js", ESCAPE_JSON },
		{ "yaml", ESCAPE_JSON }, { "yml", ESCAPE_JSON },
	};
	struct span name = span_of(t->name), end;
	const char *dot;
	size_t i;

	if (name.len > 3 && memcmp(name.p + name.len - 3, ".j2", 3) == 0)
		name.len -= 3;
	dot = memrchr(name.p, '.', name.len);
	end = dot == NULL ? name :
	    span_from(name, (size_t)(dot - name.p) + 1);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (span_eq_str(end, ends[i].end))
			return ends[i].escape;
	}
	return ESCAPE_NONE;
}

static int
parse(struct template *t, struct template_error *error)
{
	switch (t->dialect) {
	case TEMPLATE_JINJA:
		return jinja_parse(t, error);
	case TEMPLATE_HANDLEBARS:
		return hb_parse(t, error);
	case TEMPLATE_STATIC:
		return 0;
	}
	return -1;
}

struct template *
template_compile(enum template_dialect dialect, const char *name,
    struct span source, struct template_error *error)
{
	struct template *t;
	char text[TEMPLATE_ERROR_MAX];

	*error = (struct template_error){ .line = 0 };
	if (source.len > TEMPLATE_SOURCE_MAX) {
		snprintf(text, sizeof(text), "template '%.100s' is larger "
		    "than %d bytes", name, TEMPLATE_SOURCE_MAX);
		text_printable(span_of(text), error->text,
		    sizeof(error->text));
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	t->dialect = dialect;
	t->name = xstrdup(name);
	t->source = arena_span(&t->arena, source);
	if (parse(t, error) == -1)
		template_free(&t);
	return t;
}

void
template_free(struct template **tp)
{
	struct template *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	arena_free(&t->arena);
	free(t->name);
	free(t);
}

static int
run(struct render *r, const struct template *t)
{
	switch (t->dialect) {
	case TEMPLATE_JINJA:
		r->scope = scope_push(r, NULL);
		return exec_template(r, t);
	case TEMPLATE_HANDLEBARS:
		return hb_render(r, t);
	case TEMPLATE_STATIC:
		return render_data(r, t->source);
	}
	return -1;
}

int
template_render(const struct template *t, const struct template_input *in,
    struct buf *out, struct template_error *error)
{
	struct render r = {
		.template = t, .in = in, .error = error, .line = 1,
		.limits = in->limits != NULL ? *in->limits :
		    template_limits_default,
		.out = out, .out_start = buf_len(out),
	};
	int result;

	*error = (struct template_error){ .line = 0 };
	result = run(&r, t);
	if (result == 0 && r.failed)
		result = -1;
	if (result == -1)
		out->end = out->start + r.out_start;
	arena_free(&r.arena);
	return result;
}

/* ---- sets ---------------------------------------------------------------- */

struct templates {
	enum template_dialect dialect;
	struct map by_name;
};

struct templates *
templates_new(enum template_dialect dialect)
{
	struct templates *set = xcalloc(1, sizeof(*set));

	set->dialect = dialect;
	return set;
}

static void
free_template(void *arg)
{
	struct template *t = arg;

	template_free(&t);
}

void
templates_free(struct templates **setp)
{
	struct templates *set = *setp;

	*setp = NULL;
	if (set == NULL)
		return;
	map_free(&set->by_name, free_template);
	free(set);
}

int
templates_add(struct templates *set, const char *name, struct span source,
    struct template_error *error)
{
	struct template *t = template_compile(set->dialect, name, source,
	    error);

	if (t == NULL)
		return -1;
	t = map_set(&set->by_name, span_of(name), t);
	template_free(&t);
	return 0;
}

const struct template *
templates_find(const struct templates *set, struct span name)
{
	return map_get(&set->by_name, name);
}

/* ---- the cache ----------------------------------------------------------- */

struct cached {
	struct cached *newer, *older;
	struct template *template;
	char *key;
	size_t key_len;
};

struct template_cache {
	struct map by_key;
	struct cached *newest, *oldest;
	size_t count, bytes, count_max, bytes_max;
};

struct template_cache *
template_cache_new(size_t count, size_t bytes)
{
	struct template_cache *c = xcalloc(1, sizeof(*c));

	c->count_max = count;
	c->bytes_max = bytes;
	return c;
}

static void
unlink_cached(struct template_cache *c, struct cached *at)
{
	*(at->newer != NULL ? &at->newer->older : &c->newest) = at->older;
	*(at->older != NULL ? &at->older->newer : &c->oldest) = at->newer;
	at->newer = at->older = NULL;
}

static void
link_newest(struct template_cache *c, struct cached *at)
{
	at->older = c->newest;
	*(c->newest != NULL ? &c->newest->newer : &c->oldest) = at;
	c->newest = at;
}

static void
drop_cached(struct template_cache *c, struct cached *at)
{
	unlink_cached(c, at);
	map_del(&c->by_key, span_make(at->key, at->key_len));
	c->count--;
	c->bytes -= at->key_len;
	template_free(&at->template);
	free(at->key);
	free(at);
}

void
template_cache_free(struct template_cache **cp)
{
	struct template_cache *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	while (c->newest != NULL)
		drop_cached(c, c->newest);
	map_free(&c->by_key, NULL);
	free(c);
}

const struct template *
template_cached(struct template_cache *c, enum template_dialect dialect,
    const char *name, struct span source, struct template_error *error)
{
	struct buf key = { .base = NULL };
	struct template *t;
	struct cached *at;

	buf_add_byte(&key, (uint8_t)dialect);
	buf_add(&key, name, strlen(name) + 1);
	buf_add_span(&key, source);
	at = map_get(&c->by_key, buf_span(&key));
	if (at != NULL) {
		unlink_cached(c, at);
		link_newest(c, at);
		buf_free(&key);
		return at->template;
	}
	t = template_compile(dialect, name, source, error);
	if (t != NULL) {
		at = xcalloc(1, sizeof(*at));
		at->template = t;
		at->key_len = buf_len(&key);
		at->key = span_dup(buf_span(&key));
		map_set(&c->by_key, buf_span(&key), at);
		link_newest(c, at);
		c->count++;
		c->bytes += at->key_len;
		while (c->oldest != at && (c->count > c->count_max ||
		    c->bytes > c->bytes_max))
			drop_cached(c, c->oldest);
	}
	buf_free(&key);
	return t;
}
