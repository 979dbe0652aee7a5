/* SPDX-License-Identifier: Apache-2.0 */
/* One scheduled queue: kumo.make_queue_config, `queues:`. */
#ifndef LIB_SETTINGS_QUEUE_CONFIG_H
#define LIB_SETTINGS_QUEUE_CONFIG_H

#include "lib/settings/option.h"

enum protocol_kind {
	PROTOCOL_SMTP,
	PROTOCOL_MAILDIR,
	PROTOCOL_CUSTOM_LUA,
	PROTOCOL_XFER,
};

struct protocol_smtp {
#define OPTIONS "lib/settings/protocol_smtp.def"
#include "lib/settings/option_members.h"
};

struct protocol_lua {
#define OPTIONS "lib/settings/protocol_lua.def"
#include "lib/settings/option_members.h"
};

struct protocol_xfer {
#define OPTIONS "lib/settings/protocol_xfer.def"
#include "lib/settings/option_members.h"
};

struct protocol {
#define OPTIONS "lib/settings/protocol.def"
#include "lib/settings/option_members.h"
	enum protocol_kind kind; /* which of the members counts */
};

struct shrink_rule {
#define OPTIONS "lib/settings/shrink_rule.def"
#include "lib/settings/option_members.h"
};

#define OPTION_C_PROTOCOL struct protocol

struct queue_config {
#define OPTIONS "lib/settings/queue_config.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table queue_config_table;
extern const struct option_table protocol_table;
extern const struct option_table protocol_smtp_table;
extern const struct option_table protocol_lua_table;
extern const struct option_table protocol_xfer_table;
extern const struct option_table shrink_rule_table;

/* The protocol alone: all that a delivery session needs of a queue. */
void protocol_defaults(struct protocol *p);
void protocol_put(struct buf *b, const struct protocol *p);
void protocol_get(struct reader *r, struct protocol *p);
void protocol_free(struct protocol *p);

void queue_config_defaults(struct queue_config *q);
int queue_config_read(struct queue_config *q, const struct value *map,
    struct problems *problems);
void queue_config_put(struct buf *b, const struct queue_config *q);
void queue_config_get(struct reader *r, struct queue_config *q);
void queue_config_free(struct queue_config *q);

#endif
