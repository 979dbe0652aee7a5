/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time zones of the system's database, read once while files can still be
 * opened: a daemon in its jail can then name any of them.
 */
#ifndef LIB_DATA_TIMEZONE_H
#define LIB_DATA_TIMEZONE_H

#include <stdint.h>

#include "lib/base/span.h"

struct timezone_rules;

/* All of /usr/share/zoneinfo; what is missing is unknown later. Once. */
void timezones_load(void);
/* NULL when there is none of that name. UTC is there in any case. */
const struct timezone_rules *timezone_find(struct span name);
/* Seconds east of UTC at that moment. */
int32_t timezone_offset(const struct timezone_rules *zone, int64_t utc_s);

/* Read one file's bytes (TZif, RFC 8536); NULL when they are none. */
struct timezone_rules *timezone_parse(struct span tzif);
void timezone_free(struct timezone_rules **zone);

#endif
