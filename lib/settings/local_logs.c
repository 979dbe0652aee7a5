/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/local_logs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/settings/option_kind.h"

const char *const log_record_types[] = {
	"Reception", "Delivery", "Bounce", "TransientFailure", "Expiration",
	"AdminBounce", "OOB", "Feedback", "Rejection", "AdminRebind",
	"DeferredInjectionRebind", "Delayed", "XferOut", "XferIn", "Any", NULL,
};

static const struct option_row log_record_opts_rows[] = {
#define OPTIONS "lib/settings/log_record_opts.def"
#define OPTION_OF struct log_record_opts
#include "lib/settings/option_rows.h"
};

const struct option_table log_record_opts_table =
    OPTION_TABLE("kumo.configure_local_logs per_record", struct log_record_opts,
	log_record_opts_rows);

static const struct option_row local_logs_rows[] = {
#define OPTIONS "lib/settings/local_logs.def"
#define OPTION_OF struct local_logs
#include "lib/settings/option_rows.h"
};

const struct option_table local_logs_table =
    OPTION_TABLE("kumo.configure_local_logs", struct local_logs,
	local_logs_rows);

/* ---- PER_RECORD --------------------------------------------------------- */

static struct per_record_entry *
per_record_add(struct per_record *list, int type)
{
	list->v = xreallocarray(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n].type = xstrdup(log_record_types[type]);
	memset(&list->v[list->n].opts, 0, sizeof(list->v[list->n].opts));
	return &list->v[list->n++];
}

static enum option_read
per_record_read(const struct option_at *at, void *field,
    const struct value *v)
{
	struct per_record_entry *entry;
	const struct value_pair *pair;
	bool wrong = false;
	size_t n, i;
	int type;

	if (!option_is_map(v, &n))
		return OPTION_READ_WRONG;
	for (i = 0; i < n; i++) {
		pair = &v->u.map.v[i];
		type = option_name_find(log_record_types,
		    span_of(pair->key));
		if (type < 0) {
			option_problem(at, pair->line, "'%.60s' is no record "
			    "type, such as Delivery, Bounce or Any",
			    pair->key);
			wrong = true;
			continue;
		}
		entry = per_record_add(field, type);
		if (option_read_at(&log_record_opts_table, &entry->opts,
		    pair->value, at->problems, at->depth + 1) != 0)
			wrong = true;
	}
	return wrong ? OPTION_READ_TOLD : OPTION_READ_OK;
}

static void
per_record_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct per_record *list = field;
	size_t i;

	(void)row;
	put_u32(b, (uint32_t)list->n);
	for (i = 0; i < list->n; i++) {
		put_u8(b, (uint8_t)option_name_find(log_record_types,
		    span_of(list->v[i].type)));
		option_put(&log_record_opts_table, b, &list->v[i].opts);
	}
}

static void
per_record_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	const uint8_t types =
	    sizeof(log_record_types) / sizeof(*log_record_types) - 1;
	uint32_t n = reader_count(r, 1 + sizeof(struct option_set));
	uint8_t type;

	(void)row;
	for (; n > 0 && reader_ok(r); n--) {
		type = reader_u8(r);
		if (!reader_ok(r) || type >= types) {
			reader_fail(r);
			return;
		}
		option_get_at(&log_record_opts_table, r,
		    &per_record_add(field, type)->opts, depth + 1);
	}
}

static void
per_record_free(const struct option_row *row, void *field)
{
	struct per_record *list = field;
	size_t i;

	(void)row;
	for (i = 0; i < list->n; i++) {
		free(list->v[i].type);
		option_free(&log_record_opts_table, &list->v[i].opts);
	}
	free(list->v);
}

static void
per_record_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct per_record *list = field;
	size_t i;

	(void)row;
	jout_object(j);
	for (i = 0; i < list->n; i++) {
		jout_key(j, span_of(list->v[i].type));
		option_json(&log_record_opts_table, j, &list->v[i].opts);
	}
	jout_object_end(j);
}

const struct option_kind option_kind_PER_RECORD = {
	.name = "record types", .wanted = "a map from record type to options",
	.example = "{Any = {enable = false}}", .read = per_record_read,
	.put = per_record_put, .get = per_record_get,
	.free = per_record_free, .json = per_record_json,
};

const struct log_record_opts *
local_logs_record(const struct local_logs *l, const char *type)
{
	const struct log_record_opts *any = NULL;
	size_t i;

	for (i = 0; i < l->per_record.n; i++) {
		if (strcmp(l->per_record.v[i].type, type) == 0)
			return &l->per_record.v[i].opts;
		if (strcmp(l->per_record.v[i].type, "Any") == 0)
			any = &l->per_record.v[i].opts;
	}
	return any;
}

void
local_logs_defaults(struct local_logs *l)
{
	option_defaults(&local_logs_table, l);
}

int
local_logs_read(struct local_logs *l, const struct value *map,
    struct problems *problems)
{
	return option_read(&local_logs_table, l, map, problems);
}

void
local_logs_put(struct buf *b, const struct local_logs *l)
{
	option_put(&local_logs_table, b, l);
}

void
local_logs_get(struct reader *r, struct local_logs *l)
{
	option_get(&local_logs_table, r, l);
}

void
local_logs_free(struct local_logs *l)
{
	option_free(&local_logs_table, l);
}
