/* SPDX-License-Identifier: Apache-2.0 */
/* One log writer: kumo.configure_local_logs, `logs:`. */
#ifndef LIB_SETTINGS_LOCAL_LOGS_H
#define LIB_SETTINGS_LOCAL_LOGS_H

#include "lib/settings/option.h"

struct log_record_opts {
#define OPTIONS "lib/settings/log_record_opts.def"
#include "lib/settings/option_members.h"
};

struct per_record_entry {
	char *type; /* "Delivery", ..., "Any" */
	struct log_record_opts opts;
};

struct per_record {
	struct per_record_entry *v;
	size_t n;
};

#define OPTION_C_PER_RECORD struct per_record

struct local_logs {
#define OPTIONS "lib/settings/local_logs.def"
#include "lib/settings/option_members.h"
};

extern const struct option_table local_logs_table;
extern const struct option_table log_record_opts_table;
/* The record types, NULL-ended; the last is "Any". */
extern const char *const log_record_types[];

void local_logs_defaults(struct local_logs *l);
int local_logs_read(struct local_logs *l, const struct value *map,
    struct problems *problems);
void local_logs_put(struct buf *b, const struct local_logs *l);
void local_logs_get(struct reader *r, struct local_logs *l);
void local_logs_free(struct local_logs *l);
/* The options of a type: its own, else Any's, else NULL (all defaults). */
const struct log_record_opts *local_logs_record(const struct local_logs *l,
    const char *type);

#endif
