/* SPDX-License-Identifier: Apache-2.0 */
/* What the logger does by the clock: rolls, safe points, looks at the disk. */
#include "lib/base/log.h"
#include "lib/ipc/store.h"
#include "spoold/logger/log.h"
#include "spoold/logger/logger.h"

enum {
	TICK_MS = 1000,
	SPACE_TICKS = 5, /* between looks at the free space; 1 when it is low */
};

void
logger_tell_space(struct logger *l)
{
	struct channel *ch = logger_writer(l);

	if (ch == NULL)
		return;
	log_space_put(channel_begin(ch, MSG_LOG_SPACE, 0), l->low);
	channel_end(ch);
}

static void
space_check(struct logger *l)
{
	bool low = false;
	unsigned i;

	for (i = 0; i < l->n_follows && !low; i++)
		low = log_is_low(l->follows[i].log);
	if (low == l->low)
		return;
	log_warnx("log folders space=%s", low ? "low" : "enough");
	l->low = low;
	logger_tell_space(l);
}

static void
on_tick(void *arg)
{
	struct logger *l = arg;
	int64_t now_us = loop_wall_ms(l->d.loop) * 1000;
	unsigned i;

	for (i = 0; l->have_cursors && i < l->n_follows; i++) {
		log_roll(l->follows[i].log, now_us);
		follow_secure(l, &l->follows[i]);
	}
	follows_ask(l);
	if (l->ticks++ % SPACE_TICKS == 0 || l->low)
		space_check(l);
	timer_set(&l->tick, TICK_MS);
}

static void
on_gathered(void *arg)
{
	follows_ask(arg);
}

void
logger_watch_start(struct logger *l)
{
	timer_init(&l->tick, l->d.loop, on_tick, l);
	timer_init(&l->gather, l->d.loop, on_gathered, l);
	space_check(l);
	timer_set(&l->tick, TICK_MS);
}
