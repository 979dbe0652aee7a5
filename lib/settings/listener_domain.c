/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/listener_domain.h"

#include <stddef.h>

#include "lib/settings/option_kind.h"

static const struct option_row listener_domain_rows[] = {
#define OPTIONS "lib/settings/listener_domain.def"
#define OPTION_OF struct listener_domain
#include "lib/settings/option_rows.h"
};

const struct option_table listener_domain_table =
    OPTION_TABLE("kumo.make_listener_domain", struct listener_domain,
	listener_domain_rows);

/* ---- OOB_MODE ----------------------------------------------------------- */

static const char *const oob_mode_names[] = {
	"Ignore", "LogThenRelay", "LogThenDrop", NULL,
};

static enum option_read
oob_mode_read(const struct option_at *at, void *field, const struct value *v)
{
	int mode = -1;

	(void)at;
	if (v->kind == VALUE_BOOL)
		mode = v->u.flag ? OOB_LOG_THEN_RELAY : OOB_IGNORE;
	else if (v->kind == VALUE_TEXT)
		mode = option_name_find(oob_mode_names,
		    span_make(v->u.text.p, v->u.text.len));
	if (mode < 0)
		return OPTION_READ_WRONG;
	*(int *)field = mode;
	return OPTION_READ_OK;
}

static void
oob_mode_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_u8(b, (uint8_t)*(const int *)field);
}

static void
oob_mode_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	*(int *)field = (int)reader_u8(r);
	if (*(int *)field > OOB_LOG_THEN_DROP) {
		reader_fail(r);
		*(int *)field = OOB_IGNORE;
	}
}

static void
oob_mode_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	jout_text(j, span_of(oob_mode_names[*(const int *)field]));
}

const struct option_kind option_kind_OOB_MODE = {
	.name = "report mode",
	.wanted = "\"Ignore\", \"LogThenRelay\", \"LogThenDrop\", true or "
	    "false",
	.read = oob_mode_read, .put = oob_mode_put, .get = oob_mode_get,
	.json = oob_mode_json,
};

void
listener_domain_defaults(struct listener_domain *d)
{
	option_defaults(&listener_domain_table, d);
}

int
listener_domain_read(struct listener_domain *d, const struct value *map,
    struct problems *problems)
{
	return option_read(&listener_domain_table, d, map, problems);
}

void
listener_domain_put(struct buf *b, const struct listener_domain *d)
{
	option_put(&listener_domain_table, b, d);
}

void
listener_domain_get(struct reader *r, struct listener_domain *d)
{
	option_get(&listener_domain_table, r, d);
}

void
listener_domain_free(struct listener_domain *d)
{
	option_free(&listener_domain_table, d);
}
