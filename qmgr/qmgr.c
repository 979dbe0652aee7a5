/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/qmgr.h"

int64_t
qmgr_now_ms(const struct qmgr *q)
{
	return loop_mono_ms(q->d.loop) + q->clock_offset_ms;
}

void
qmgr_input(struct qmgr *q)
{
	engine_clock(q->engine, qmgr_now_ms(q));
	loop_defer(q->d.loop, &q->turn);
}
