/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/queue_config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/settings/egress_path.h"
#include "lib/settings/option_kind.h"

static const char *const queue_strategy_names[] = {
	"TimerWheel", "SkipList", "SingletonTimerWheel",
	"SingletonTimerWheelV2", NULL,
};

static const struct option_row protocol_smtp_rows[] = {
#define OPTIONS "lib/settings/protocol_smtp.def"
#define OPTION_OF struct protocol_smtp
#include "lib/settings/option_rows.h"
};

const struct option_table protocol_smtp_table =
    OPTION_TABLE("kumo.make_queue_config protocol.smtp", struct protocol_smtp,
	protocol_smtp_rows);

static const struct option_row protocol_lua_rows[] = {
#define OPTIONS "lib/settings/protocol_lua.def"
#define OPTION_OF struct protocol_lua
#include "lib/settings/option_rows.h"
};

const struct option_table protocol_lua_table =
    OPTION_TABLE("kumo.make_queue_config protocol.custom_lua",
	struct protocol_lua, protocol_lua_rows);

static const struct option_row protocol_xfer_rows[] = {
#define OPTIONS "lib/settings/protocol_xfer.def"
#define OPTION_OF struct protocol_xfer
#include "lib/settings/option_rows.h"
};

const struct option_table protocol_xfer_table =
    OPTION_TABLE("kumo.make_queue_config protocol.xfer", struct protocol_xfer,
	protocol_xfer_rows);

static const struct option_row protocol_rows[] = {
#define OPTIONS "lib/settings/protocol.def"
#define OPTION_OF struct protocol
#include "lib/settings/option_rows.h"
};

const struct option_table protocol_table =
    OPTION_TABLE("kumo.make_queue_config protocol", struct protocol,
	protocol_rows);

static const struct option_row shrink_rule_rows[] = {
#define OPTIONS "lib/settings/shrink_rule.def"
#define OPTION_OF struct shrink_rule
#include "lib/settings/option_rows.h"
};

const struct option_table shrink_rule_table =
    OPTION_TABLE("kumo.make_queue_config shrink_policy", struct shrink_rule,
	shrink_rule_rows);

static const struct option_row queue_config_rows[] = {
#define OPTIONS "lib/settings/queue_config.def"
#define OPTION_OF struct queue_config
#include "lib/settings/option_rows.h"
};

const struct option_table queue_config_table =
    OPTION_TABLE("kumo.make_queue_config", struct queue_config,
	queue_config_rows);

/* ---- PROTOCOL ----------------------------------------------------------- */

/* By enum protocol_kind. */
static const char *const protocol_names[] = {
	"smtp", "maildir_path", "custom_lua", "xfer", NULL,
};

void
protocol_defaults(struct protocol *p)
{
	option_defaults(&protocol_table, p);
	p->kind = PROTOCOL_SMTP;
}

static void
protocol_kind_init(const struct option_row *row, void *field)
{
	(void)row;
	protocol_defaults(field);
}

static enum option_read
protocol_kind_read(const struct option_at *at, void *field,
    const struct value *v)
{
	struct protocol *p = field;
	int i, found = 0;

	if (v->kind != VALUE_MAP)
		return OPTION_READ_WRONG;
	if (option_fill_at(&protocol_table, p, v, NULL, at->problems,
	    at->depth + 1) != 0)
		return OPTION_READ_TOLD;
	for (i = 0; protocol_names[i] != NULL; i++) {
		if (value_get(v, protocol_names[i]) == NULL)
			continue;
		p->kind = (enum protocol_kind)i;
		found++;
	}
	if (found != 1) {
		option_problem(at, v->line, "wanted exactly one of smtp, "
		    "maildir_path, custom_lua and xfer");
		return OPTION_READ_TOLD;
	}
	if (p->kind == PROTOCOL_MAILDIR ? p->maildir_path == NULL :
	    p->dir_mode >= 0 || p->file_mode >= 0) {
		option_problem(at, v->line, "dir_mode and file_mode go with "
		    "maildir_path");
		return OPTION_READ_TOLD;
	}
	if ((p->kind == PROTOCOL_CUSTOM_LUA &&
	    p->custom_lua.constructor == NULL) ||
	    (p->kind == PROTOCOL_XFER && p->xfer.target == NULL))
		return OPTION_READ_WRONG;
	return OPTION_READ_OK;
}

void
protocol_put(struct buf *b, const struct protocol *p)
{
	put_u8(b, (uint8_t)p->kind);
	option_put(&protocol_table, b, p);
}

static void
protocol_get_at(struct reader *r, struct protocol *p, unsigned depth)
{
	uint8_t kind = reader_u8(r);

	option_get_at(&protocol_table, r, p, depth);
	/* The member that counts must be there. */
	if (kind > PROTOCOL_XFER ||
	    (kind == PROTOCOL_MAILDIR && p->maildir_path == NULL) ||
	    (kind == PROTOCOL_CUSTOM_LUA &&
	    p->custom_lua.constructor == NULL) ||
	    (kind == PROTOCOL_XFER && p->xfer.target == NULL)) {
		reader_fail(r);
		kind = PROTOCOL_SMTP;
	}
	p->kind = (enum protocol_kind)kind;
}

void
protocol_get(struct reader *r, struct protocol *p)
{
	protocol_get_at(r, p, 0);
}

void
protocol_free(struct protocol *p)
{
	option_free(&protocol_table, p);
}

static void
protocol_kind_put(const struct option_row *row, struct buf *b,
    const void *field)
{
	(void)row;
	protocol_put(b, field);
}

static void
protocol_kind_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	protocol_get_at(r, field, depth + 1);
}

static void
protocol_kind_free(const struct option_row *row, void *field)
{
	(void)row;
	protocol_free(field);
}

static void
protocol_kind_json(const struct option_row *row, struct jout *j,
    const void *field)
{
	const struct protocol *p = field;

	(void)row;
	jout_object(j);
	jout_key(j, span_of(protocol_names[p->kind]));
	switch (p->kind) {
	case PROTOCOL_SMTP:
		option_json(&protocol_smtp_table, j, &p->smtp);
		break;
	case PROTOCOL_MAILDIR:
		jout_text(j, span_of(p->maildir_path));
		if (p->dir_mode >= 0)
			jout_key_uint(j, "dir_mode", (uint64_t)p->dir_mode);
		if (p->file_mode >= 0)
			jout_key_uint(j, "file_mode",
			    (uint64_t)p->file_mode);
		break;
	case PROTOCOL_CUSTOM_LUA:
		option_json(&protocol_lua_table, j, &p->custom_lua);
		break;
	case PROTOCOL_XFER:
		option_json(&protocol_xfer_table, j, &p->xfer);
		break;
	}
	jout_object_end(j);
}

const struct option_kind option_kind_PROTOCOL = {
	.name = "protocol",
	.wanted = "a map with one of smtp, maildir_path, custom_lua and xfer",
	.example = "{smtp = {mx_list = {\"mx.example.com\"}}}",
	.init = protocol_kind_init, .read = protocol_kind_read,
	.put = protocol_kind_put, .get = protocol_kind_get,
	.free = protocol_kind_free, .json = protocol_kind_json,
};

void
queue_config_defaults(struct queue_config *q)
{
	option_defaults(&queue_config_table, q);
}

int
queue_config_read(struct queue_config *q, const struct value *map,
    struct problems *problems)
{
	return option_read(&queue_config_table, q, map, problems);
}

void
queue_config_put(struct buf *b, const struct queue_config *q)
{
	option_put(&queue_config_table, b, q);
}

void
queue_config_get(struct reader *r, struct queue_config *q)
{
	option_get(&queue_config_table, r, q);
}

void
queue_config_free(struct queue_config *q)
{
	option_free(&queue_config_table, q);
}
