/* SPDX-License-Identifier: Apache-2.0 */
#include "master/reload.h"

#include "lib/base/log.h"
#include "master/children.h"
#include "master/master.h"
#include "master/plan.h"

enum { RELOAD_WAIT_MS = 5000 }; /* one that hangs must not stop the others */

static bool
stage_has(enum reload_stage stage, enum role role)
{
	return (stage == RELOAD_LAST) == (role == ROLE_QMGR);
}

static bool
stage_owes(const struct master *m)
{
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (m->children[i].owes_reload)
			return true;
	}
	return false;
}

static void
stage_begin(struct master *m, enum reload_stage stage)
{
	unsigned i;

	m->reload_stage = stage;
	for (i = 0; i < m->n_children; i++) {
		if (!stage_has(stage, m->children[i].role))
			continue;
		m->children[i].owes_reload = child_reload(&m->children[i]);
	}
	timer_set(&m->reload_patience, RELOAD_WAIT_MS);
}

static void
counts_check(const struct master *m)
{
	uint32_t n;
	unsigned i;
	int role;

	for (role = ROLE_LOADER + 1; role < ROLE_COUNT; role++) {
		for (n = 0, i = 0; i < m->n_children; i++)
			n += m->children[i].role == (enum role)role;
		if (n != m->plan.counts[role])
			log_warnx("processes.%s changed from %u to %u: this "
			    "takes effect at the next start",
			    role_name((enum role)role), n,
			    m->plan.counts[role]);
	}
}

/* On to the next stage when nobody is waited for any longer. */
static void
stage_check(struct master *m)
{
	while (m->reload_stage != RELOAD_NONE && !stage_owes(m)) {
		if (m->reload_stage == RELOAD_FIRST) {
			stage_begin(m, RELOAD_LAST);
			continue;
		}
		m->reload_stage = RELOAD_NONE;
		timer_done(&m->reload_patience);
		log_info("reload complete epoch=%u", m->epoch);
		if (m->reload_again && m->stop_stage < 0)
			plan_load(m);
		m->reload_again = false;
	}
}

static void
patience_ended(void *arg)
{
	struct master *m = arg;
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (!m->children[i].owes_reload)
			continue;
		log_warnx("role=%s/%u pid=%d does not say that it took the "
		    "new configuration", role_name(m->children[i].role),
		    m->children[i].index, (int)m->children[i].pid);
		m->children[i].owes_reload = false;
	}
	stage_check(m);
}

void
reload_begin(struct master *m)
{
	counts_check(m);
	timer_init(&m->reload_patience, m->loop, patience_ended, m);
	stage_begin(m, RELOAD_FIRST);
	stage_check(m);
}

void
reload_done(struct child *c)
{
	if (!c->owes_reload)
		return;
	c->owes_reload = false;
	stage_check(c->m);
}
