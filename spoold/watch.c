/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second: does the spool work, is there room, are readers gone? */
#include "lib/base/log.h"
#include "spoold/spoold.h"

enum { TICK_MS = 1000, SPACE_TICKS = 5, ROOM_BYTES = 1024 * 1024 };

void
spoold_watch_settings(struct spoold *s)
{
	const struct suite_spool *o = &s->d->suite.spool;

	s->watch.latch_ms = o->error_latch_duration;
	s->watch.unlatch_ms = o->error_unlatch_duration;
	s->watch.allow_unlatch = o->allow_error_unlatch;
}

static void
space_check(struct spoold *s)
{
	const struct suite_spool *o = &s->d->suite.spool;
	struct spool_space sp;

	/* Without an answer the last one stands. */
	if (spool_space(s->spool, &sp) != 0)
		return;
	health_low(&s->watch,
	    share_is_below(sp.disk_free, sp.disk_bytes, &o->min_free_space) ||
	    (sp.inodes > 0 && share_is_below(sp.inodes_free, sp.inodes,
	    &o->min_free_inodes)));
}

static void
on_tick(void *arg)
{
	struct spoold *s = arg;

	timer_set(&s->tick, TICK_MS);
	if (s->ticks++ % SPACE_TICKS == 0 || s->watch.low) {
		space_check(s);
		spool_check_readers(s->spool);
	}
	/* Failing work is tried again, and so is a disk that failed. */
	if (s->batch.state == BATCH_FAILING || s->watch.failed ||
	    s->watch.full) {
		if (s->watch.full && spool_has_room(s->spool, ROOM_BYTES))
			health_full(&s->watch, false);
		batch_probe(&s->batch);
	}
	if (s->cursors_owed)
		spoold_tell_cursors(s);
	gone_tick(&s->gone, loop_wall_ms(s->d->loop));
	spoold_tell_health(s);
}

void
spoold_watch_start(struct spoold *s)
{
	spoold_watch_settings(s);
	timer_init(&s->tick, s->d->loop, on_tick, s);
	space_check(s);
	on_tick(s);
}
