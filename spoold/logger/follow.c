/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/follow.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "spoold/logger/log.h"
#include "spoold/logger/logger.h"

enum {
	LIFE_SHIFT = 16, /* of a request id: the life, then the log */
	SECURE_ENTRIES = 20000,
};

static uint64_t
request_of(const struct logger *l, const struct follow *f)
{
	return l->life << LIFE_SHIFT | (uint64_t)(f - l->follows);
}

struct follow *
follow_of(struct logger *l, uint64_t request)
{
	uint64_t log = request & ((1 << LIFE_SHIFT) - 1);

	return request >> LIFE_SHIFT == l->life && log < l->n_follows ?
	    &l->follows[log] : NULL;
}

/* ---- asking and writing ------------------------------------------------- */

void
follow_ask(struct logger *l, struct follow *f)
{
	struct journal_read q = { log_position(f->log), JOURNAL_READ_MAX };
	struct channel *ch = logger_journal(l);

	if (ch == NULL || f->asked || f->fresh || !l->have_cursors)
		return;
	f->asked = true;
	journal_read_put(channel_begin(ch, MSG_JOURNAL_READ,
	    request_of(l, f)), &q);
	channel_end(ch);
}

void
follows_ask(struct logger *l)
{
	unsigned i;

	for (i = 0; i < l->n_follows; i++) {
		if (log_position(l->follows[i].log) < l->newest ||
		    l->d.stopping)
			follow_ask(l, &l->follows[i]);
	}
}

void
follow_secure(struct logger *l, struct follow *f)
{
	struct channel *ch = logger_writer(l);
	struct buf state = { 0 };
	struct cursor_state c;

	if (ch == NULL || f->cursor_out || !l->have_cursors ||
	    (!log_is_dirty(f->log) && !f->fresh))
		return;
	if (log_secure(f->log, &state, loop_wall_ms(l->d.loop) * 1000) == 0) {
		c.name = span_of(log_name(f->log));
		c.seq = f->secured = log_position(f->log);
		c.state = buf_span(&state);
		cursor_state_put(channel_begin(ch, MSG_CURSOR_SET,
		    request_of(l, f)), &c);
		channel_end(ch);
		f->cursor_out = true;
	}
	buf_free(&state);
}

void
follow_part(struct logger *l, struct follow *f, const struct journal_part *part)
{
	int written;

	if (!f->asked)
		return;
	f->asked = false;
	if (part->last > l->newest)
		l->newest = part->last;
	written = log_write(f->log, part, &l->node,
	    loop_wall_ms(l->d.loop) * 1000);
	if (log_position(f->log) - f->secured >= SECURE_ENTRIES)
		follow_secure(l, f);
	if (written == 0 && part->n > 0)
		follow_ask(l, f);
	else if (l->d.stopping)
		follow_stop(l, f);
}

void
follow_secured(struct logger *l, struct follow *f)
{
	f->cursor_out = false;
	f->fresh = false;
	if (l->d.stopping && !f->asked)
		follow_stop(l, f);
	else
		follow_ask(l, f);
}

/* ---- beginning and end -------------------------------------------------- */

/* Logs of one folder are told apart by their order. */
void
follows_open(struct logger *l)
{
	const struct suite *suite = &l->d.suite;
	unsigned i, k, same;
	char *name;

	l->n_follows = (unsigned)suite->logs.n;
	l->follows = xcalloc(l->n_follows, sizeof(*l->follows));
	for (i = 0; i < l->n_follows; i++) {
		for (same = 0, k = 0; k < i; k++)
			same += strcmp(suite->logs.v[k].log_dir,
			    suite->logs.v[i].log_dir) == 0;
		name = xasprintf("%s#%u", suite->logs.v[i].log_dir, same);
		l->follows[i].log = log_new(&suite->logs.v[i], name);
		free(name);
	}
}

void
follows_close(struct logger *l)
{
	unsigned i;

	for (i = 0; i < l->n_follows; i++)
		log_free(&l->follows[i].log);
	free(l->follows);
	l->follows = NULL;
	l->n_follows = 0;
}

void
follows_new_life(struct logger *l)
{
	unsigned i;

	l->life++;
	for (i = 0; i < l->n_follows; i++)
		l->follows[i].asked = l->follows[i].cursor_out = false;
}

static const struct cursor_state *
cursor_of(const struct cursors *all, const char *name)
{
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		if (span_eq_str(all->v[i].name, name))
			return &all->v[i];
	}
	return NULL;
}

void
follows_begin(struct logger *l, const struct cursors *cursors)
{
	struct follow *f;
	unsigned i;

	follows_new_life(l);
	for (i = 0; i < l->n_follows; i++) {
		f = &l->follows[i];
		f->fresh = !log_begin(f->log, cursor_of(cursors,
		    log_name(f->log)));
		f->secured = log_position(f->log);
	}
	l->have_cursors = true;
	for (i = 0; i < l->n_follows; i++) {
		follow_secure(l, &l->follows[i]);
		follow_ask(l, &l->follows[i]);
	}
}

/* All written, all safe, nothing owed: the end. */
static void
stop_check(struct logger *l)
{
	unsigned i;

	for (i = 0; i < l->n_follows; i++) {
		if (l->follows[i].asked || l->follows[i].cursor_out ||
		    log_is_dirty(l->follows[i].log))
			return;
	}
	daemon_exit(&l->d);
}

/*
 * The last lines are made safe before their segments are closed, and each
 * safe point waits for the answer to the one before, which brings us back.
 */
void
follow_stop(struct logger *l, struct follow *f)
{
	if (f->cursor_out)
		return;
	follow_secure(l, f);
	if (f->cursor_out)
		return;
	log_finish(f->log);
	follow_secure(l, f);
	stop_check(l);
}
