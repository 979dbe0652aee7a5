/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/redis_opts.h"

#include <stddef.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/redis/url.h"
#include "lib/settings/option_kind.h"

enum { NODES_MAX = 64 };

/* ---- REDIS_NODES: a URL or a list of them ------------------------------- */

static enum option_read
node_read(const struct option_at *at, struct texts *out, const struct value *v)
{
	struct redis_url url;
	const char *why;

	if (v->kind != VALUE_TEXT)
		return OPTION_READ_WRONG;
	if (redis_url_parse(span_make(v->u.text.p, v->u.text.len), &url,
	    &why) == -1) {
		/* Not the URL itself: it may hold a password. */
		option_problem(at, v->line, "this is no URL of Redis: %s",
		    why);
		return OPTION_READ_TOLD;
	}
	redis_url_free(&url);
	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = xmemdupz(v->u.text.p, v->u.text.len);
	return OPTION_READ_OK;
}

static enum option_read
nodes_read(const struct option_at *at, void *field, const struct value *v)
{
	enum option_read status = OPTION_READ_OK;
	size_t n, i;

	if (v->kind == VALUE_TEXT)
		return node_read(at, field, v);
	if (!option_is_list(v, &n) || n == 0 || n > NODES_MAX)
		return OPTION_READ_WRONG;
	for (i = 0; i < n && status == OPTION_READ_OK; i++)
		status = node_read(at, field, v->u.list.v[i]);
	return status;
}

static void
nodes_put(const struct option_row *row, struct buf *b, const void *field)
{
	option_kind_TEXTS.put(row, b, field);
}

static void
nodes_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct texts *t = field;
	struct redis_url url;
	const char *why;
	size_t i;

	option_kind_TEXTS.get(row, r, field, depth);
	if (t->n > NODES_MAX)
		reader_fail(r);
	for (i = 0; i < t->n && reader_ok(r); i++) {
		if (redis_url_parse(span_of(t->v[i]), &url, &why) == -1)
			reader_fail(r);
		else
			redis_url_free(&url);
	}
}

static void
nodes_free(const struct option_row *row, void *field)
{
	option_kind_TEXTS.free(row, field);
}

static void
nodes_json(const struct option_row *row, struct json *j, const void *field)
{
	const struct texts *t = field;
	struct redis_url url;
	const char *why;
	char *text;
	size_t i;

	(void)row;
	json_array(j);
	for (i = 0; i < t->n; i++) {
		if (redis_url_parse(span_of(t->v[i]), &url, &why) == -1)
			continue;
		text = xasprintf("redis%s://%s:%u/%u", url.tls ? "s" : "",
		    url.host, url.port, url.db);
		json_text(j, span_of(text));
		free(text);
		redis_url_free(&url);
	}
	json_array_end(j);
}

const struct option_kind option_kind_REDIS_NODES = {
	.name = "URLs of Redis", .wanted = "a URL of Redis or a list of them",
	.example = "\"redis://:secret@redis.example.com:6379/0\"",
	.read = nodes_read, .put = nodes_put, .get = nodes_get,
	.free = nodes_free, .json = nodes_json,
};

/* ---- SECRET ------------------------------------------------------------- */

static enum option_read
secret_read(const struct option_at *at, void *field, const struct value *v)
{
	return option_kind_TEXT.read(at, field, v);
}

static void
secret_put(const struct option_row *row, struct buf *b, const void *field)
{
	option_kind_TEXT.put(row, b, field);
}

static void
secret_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	option_kind_TEXT.get(row, r, field, depth);
}

static void
secret_free(const struct option_row *row, void *field)
{
	option_kind_TEXT.free(row, field);
}

static void
secret_json(const struct option_row *row, struct json *j, const void *field)
{
	(void)row;
	(void)field;
	json_null(j);
}

const struct option_kind option_kind_SECRET = {
	.name = "password", .wanted = "text on one line",
	.read = secret_read, .put = secret_put, .get = secret_get,
	.free = secret_free, .json = secret_json,
};

/* ---- the table ---------------------------------------------------------- */

static const struct option_row redis_opts_rows[] = {
#define OPTIONS "lib/settings/redis_opts.def"
#define OPTION_OF struct redis_opts
#include "lib/settings/option_rows.h"
};

const struct option_table redis_opts_table =
    OPTION_TABLE("redis.open", struct redis_opts, redis_opts_rows);

int
redis_opts_read(struct redis_opts *o, const struct value *map,
    struct problems *problems)
{
	if (option_read(&redis_opts_table, o, map, problems) != 0)
		return -1;
	if (o->node.n > 0)
		return 0;
	problem_add(problems, map->line, "option 'node' of redis.open must be "
	    "given: the URL of the server");
	redis_opts_free(o);
	return -1;
}

void
redis_opts_put(struct buf *b, const struct redis_opts *o)
{
	option_put(&redis_opts_table, b, o);
}

void
redis_opts_get(struct reader *r, struct redis_opts *o)
{
	option_get(&redis_opts_table, r, o);
}

void
redis_opts_free(struct redis_opts *o)
{
	option_free(&redis_opts_table, o);
}

bool
redis_opts_is_cluster(const struct redis_opts *o)
{
	return option_is_set(&redis_opts_table, o, "cluster") ? o->cluster :
	    o->node.n > 1;
}
