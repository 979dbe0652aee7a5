/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that an earlier writer stored and that left the spool since this one
 * began. That writer may have died between its commit and its answer; the
 * queue manager then finds and delivers the message while smtpd offers it
 * again. Without this list it would be stored, recorded and delivered twice.
 * It is needed as long as an old offer can still come.
 */
#ifndef SPOOLD_GONE_H
#define SPOOLD_GONE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/map.h"
#include "lib/base/uuid.h"
#include "lib/ipc/store.h"

struct gone {
	struct map ids;
	int64_t began_ms; /* wall time of this writer's start */
	int64_t until_ms; /* no old offer comes after it */
};

void gone_init(struct gone *g, int64_t now_ms, int64_t store_deadline_ms);
/* This message was removed. */
void gone_add(struct gone *g, const struct uuid *id, int64_t now_ms);
/* The offer without the messages that came and left already. */
struct store gone_filter(const struct gone *g, const struct store *s,
    struct arena *a);
/* Once in a while: give the list back when it is over. */
void gone_tick(struct gone *g, int64_t now_ms);

#endif
