/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/redis_opts.h"

#include <stddef.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/settings/redis_url.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

enum { NODES_MAX = 64 };

/* ---- REDIS_NODES: a URL or a list of them ------------------------------- */

static enum option_read
node_read(const struct option_at *at, void *field, const struct value *v)
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
	*(char **)field = xmemdupz(v->u.text.p, v->u.text.len);
	return OPTION_READ_OK;
}

static void
node_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	char *s = option_text_get(r, false);
	struct redis_url url;
	const char *why;

	(void)row;
	(void)depth;
	if (s == NULL || redis_url_parse(span_of(s), &url, &why) == -1)
		reader_fail(r);
	else
		redis_url_free(&url);
	*(char **)field = s;
}

static void
node_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	option_text_put(b, *(char *const *)field);
}

static void
node_free(const struct option_row *row, void *field)
{
	(void)row;
	free(*(char **)field);
}

static void
node_json(const struct option_row *row, struct jout *j, const void *field)
{
	struct redis_url url;
	const char *why;
	char *text;

	(void)row;
	if (redis_url_parse(span_of(*(char *const *)field), &url, &why) ==
	    -1) {
		jout_null(j);
		return;
	}
	text = xasprintf("redis%s://%s:%u/%u", url.tls ? "s" : "", url.host,
	    url.port, url.db);
	jout_text(j, span_of(text));
	free(text);
	redis_url_free(&url);
}

static void
nodes_check(const void *field, struct buf *why)
{
	if (option_many_of(field).n > NODES_MAX)
		buf_addf(why, "at most %d nodes can be named", NODES_MAX);
}

static const struct option_kind one_node = {
	.read = node_read, .put = node_put, .get = node_get,
	.free = node_free, .json = node_json,
};

static const struct option_list nodes = {
	.item = &one_node, .size = sizeof(char *), .check = nodes_check,
};

static enum option_read
nodes_read(const struct option_at *at, void *field, const struct value *v)
{
	struct option_many m = { 0 };
	enum option_read got;

	if (v->kind != VALUE_TEXT)
		return option_list_read(at, field, v);
	got = node_read(at, option_many_add(&m, sizeof(char *)), v);
	option_many_set(field, &m);
	return got;
}

const struct option_kind option_kind_REDIS_NODES = {
	.name = "URLs of Redis", .wanted = "a URL of Redis or a list of them",
	.example = "\"redis://:secret@redis.example.com:6379/0\"",
	.items = &nodes, .read = nodes_read, .put = option_list_put,
	.get = option_list_get, .free = option_list_free,
	.json = option_list_json,
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
secret_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	(void)field;
	jout_null(j);
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
