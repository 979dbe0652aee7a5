/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/health.h"

void
health_error(struct health_watch *w, enum spool_error error, int64_t now_ms)
{
	w->well_since_ms = 0;
	switch (error) {
	case SPOOL_FINE:
		break;
	case SPOOL_FULL:
		w->full = true;
		break;
	case SPOOL_BROKEN:
		w->failed = true;
		break;
	case SPOOL_ODD:
		if (w->odd_since_ms == 0)
			w->odd_since_ms = now_ms;
		if (now_ms - w->odd_since_ms >= w->latch_ms)
			w->failed = true;
		break;
	}
}

void
health_success(struct health_watch *w, int64_t now_ms)
{
	w->odd_since_ms = 0;
	if (!w->failed)
		return;
	if (w->well_since_ms == 0)
		w->well_since_ms = now_ms;
	if (w->allow_unlatch && now_ms - w->well_since_ms >= w->unlatch_ms) {
		w->failed = false;
		w->well_since_ms = 0;
	}
}

void
health_full(struct health_watch *w, bool full)
{
	w->full = full;
}

void
health_low(struct health_watch *w, bool low)
{
	w->low = low;
}

void
health_logs_low(struct health_watch *w, bool low)
{
	w->logs_low = low;
}

enum health
health_of(const struct health_watch *w)
{
	if (w->failed)
		return HEALTH_FAILED;
	return w->full || w->low || w->logs_low ? HEALTH_NO_SPACE : HEALTH_OK;
}

const char *
health_name(enum health state)
{
	switch (state) {
	case HEALTH_OK:
		return "ok";
	case HEALTH_NO_SPACE:
		return "no-space";
	case HEALTH_FAILED:
		return "failed";
	case HEALTH_STATES:
		break;
	}
	return "unknown";
}
