/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spoold-logger: follows the event journal and writes the log segments. Runs as
 * ekiden-log. It reaches its log folders and the channels to the spool's writer
 * (JOURNAL_GROWN in, cursors out) and reader (entries in); no mail, no network.
 * Stopped for hours, it costs nothing but disk: the journal waits for it.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/ipc/journal.h"
#include "lib/ipc/store.h"
#include "lib/template/template.h"
#include "spoold/logger/logger.h"

enum {
	TICK_MS = 1000,
	GATHER_MS = 20, /* small batches cost more than a moment's delay */
	SECURE_ENTRIES = 20000,
	SPACE_TICKS = 5, /* between looks at the free space; 1 when it is low */
};

/* Progress of one log that is the daemon's business, not the log's. */
struct follow {
	bool asked;         /* a JOURNAL_READ is out */
	bool cursor_out;    /* a CURSOR_SET is out */
	bool fresh;         /* its first safe point is not kept yet */
	uint64_t secured;   /* position of the last CURSOR_SET */
};

struct state {
	struct logger l;
	struct follow *follow;
	/*
	 * Counts how often the logs were begun. Requests carry it: what was
	 * asked before a log stepped back to its cursor does not fit any more,
	 * entries would be passed over.
	 */
	uint64_t life;
};

enum { LIFE_SHIFT = 16 };

static uint64_t
request_of(const struct state *s, unsigned log)
{
	return s->life << LIFE_SHIFT | log;
}

/* The log of a request of this life, or -1. */
static int
log_of(const struct state *s, uint64_t request)
{
	uint64_t log = request & ((1 << LIFE_SHIFT) - 1);

	return request >> LIFE_SHIFT == s->life && log < s->l.n_logs ?
	    (int)log : -1;
}

static void
life_begins(struct state *s)
{
	unsigned i;

	s->life++;
	for (i = 0; i < s->l.n_logs; i++)
		s->follow[i].asked = s->follow[i].cursor_out = false;
}

static struct channel *
writer(struct state *s)
{
	return daemon_peer(&s->l.d, ROLE_SPOOLD, 0);
}

static struct channel *
journal(struct state *s)
{
	return daemon_peer_nth(&s->l.d, ROLE_READER, 0);
}

/* ---- asking and writing --------------------------------------------------- */

static void
ask(struct state *s, unsigned i)
{
	struct journal_read q = { log_position(s->l.logs[i]),
		JOURNAL_READ_MAX };
	struct channel *ch = journal(s);

	if (ch == NULL || s->follow[i].asked || s->follow[i].fresh ||
	    !s->l.have_cursors)
		return;
	s->follow[i].asked = true;
	journal_read_put(channel_begin(ch, MSG_JOURNAL_READ,
	    request_of(s, i)), &q);
	channel_end(ch);
}

static void
ask_all(void *arg)
{
	struct state *s = arg;
	unsigned i;

	for (i = 0; i < s->l.n_logs; i++) {
		if (log_position(s->l.logs[i]) < s->l.newest ||
		    s->l.d.stopping)
			ask(s, i);
	}
}

static void
secure(struct state *s, unsigned i)
{
	struct log *log = s->l.logs[i];
	struct channel *ch = writer(s);
	struct buf state = { 0 };
	struct cursor_state c;

	if (ch == NULL || s->follow[i].cursor_out || !s->l.have_cursors ||
	    (!log_is_dirty(log) && !s->follow[i].fresh))
		return;
	if (log_secure(log, &state, loop_wall_ms(s->l.d.loop) * 1000) == 0) {
		c.name = span_of(log_name(log));
		c.seq = s->follow[i].secured = log_position(log);
		c.state = buf_span(&state);
		cursor_state_put(channel_begin(ch, MSG_CURSOR_SET,
		    request_of(s, i)), &c);
		channel_end(ch);
		s->follow[i].cursor_out = true;
	}
	buf_free(&state);
}

/* When stopping: all written, all safe, nothing owed: the end. */
static void
stop_check(struct state *s)
{
	unsigned i;

	for (i = 0; i < s->l.n_logs; i++) {
		if (s->follow[i].asked || s->follow[i].cursor_out ||
		    log_is_dirty(s->l.logs[i]))
			return;
	}
	daemon_exit(&s->l.d);
}

/*
 * The last lines are made safe before their segments are closed, and each
 * safe point waits for the answer to the one before, which brings us back.
 */
static void
stop_log(struct state *s, unsigned i)
{
	if (s->follow[i].cursor_out)
		return;
	secure(s, i);
	if (s->follow[i].cursor_out)
		return;
	log_finish(s->l.logs[i]);
	secure(s, i);
	stop_check(s);
}

/* ---- messages ------------------------------------------------------------- */

static void
on_part(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct state *s = arg;
	struct arena a = { 0 };
	struct journal_part part;
	int written, log = log_of(s, id);

	(void)ch;
	(void)fd;
	journal_part_get(r, &part, &a);
	if (reader_end(r) && log >= 0 && s->follow[log].asked) {
		s->follow[log].asked = false;
		if (part.last > s->l.newest)
			s->l.newest = part.last;
		written = log_write(s->l.logs[log], &part, &s->l.node,
		    loop_wall_ms(s->l.d.loop) * 1000);
		if (log_position(s->l.logs[log]) - s->follow[log].secured >=
		    SECURE_ENTRIES)
			secure(s, (unsigned)log);
		if (written == 0 && part.n > 0)
			ask(s, (unsigned)log);
		else if (s->l.d.stopping)
			stop_log(s, (unsigned)log);
	}
	arena_free(&a);
}

static void
on_grown(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct state *s = arg;
	uint64_t last = journal_grown_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	if (last > s->l.newest)
		s->l.newest = last;
	if (!timer_is_set(&s->l.gather))
		timer_set(&s->l.gather, GATHER_MS);
}

static void
on_cursors(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct state *s = arg;
	struct arena a = { 0 };
	struct cursor_state *c;
	struct cursors all;
	unsigned i;
	uint32_t k;

	(void)ch;
	(void)id;
	(void)fd;
	cursors_get(r, &all, &a);
	if (reader_end(r) && !s->l.have_cursors) {
		life_begins(s);
		for (i = 0; i < s->l.n_logs; i++) {
			c = NULL;
			for (k = 0; k < all.n; k++) {
				if (span_eq_str(all.v[k].name,
				    log_name(s->l.logs[i])))
					c = &all.v[k];
			}
			s->follow[i].fresh = !log_begin(s->l.logs[i], c);
			s->follow[i].secured = log_position(s->l.logs[i]);
		}
		s->l.have_cursors = true;
		for (i = 0; i < s->l.n_logs; i++) {
			secure(s, i);
			ask(s, i);
		}
	}
	arena_free(&a);
}

static void
on_cursor_done(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct state *s = arg;
	int log = log_of(s, id);

	(void)ch;
	(void)r;
	(void)fd;
	if (log < 0)
		return;
	s->follow[log].cursor_out = false;
	s->follow[log].fresh = false;
	if (s->l.d.stopping && !s->follow[log].asked)
		stop_log(s, (unsigned)log);
	else
		ask(s, (unsigned)log);
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	(void)arg;
	(void)ch;
	(void)id;
	(void)fd;
	(void)health_get(r);
}

static const struct channel_handler handlers[] = {
	{ MSG_JOURNAL_PART, on_part },
	{ MSG_JOURNAL_GROWN, on_grown },
	{ MSG_CURSOR_IS, on_cursors },
	{ MSG_CURSOR_DONE, on_cursor_done },
	{ MSG_HEALTH, on_health },
	{ .handle = NULL },
};

/* ---- life ------------------------------------------------------------------ */

static void
tell_space(struct state *s)
{
	struct channel *ch = writer(s);

	if (ch == NULL)
		return;
	log_space_put(channel_begin(ch, MSG_LOG_SPACE, 0), s->l.low);
	channel_end(ch);
}

static void
space_check(struct state *s)
{
	bool low = false;
	unsigned i;

	for (i = 0; i < s->l.n_logs && !low; i++)
		low = log_is_low(s->l.logs[i]);
	if (low == s->l.low)
		return;
	log_warnx("log folders space=%s", low ? "low" : "enough");
	s->l.low = low;
	tell_space(s);
}

static void
on_tick(void *arg)
{
	struct state *s = arg;
	int64_t now_us = loop_wall_ms(s->l.d.loop) * 1000;
	unsigned i;

	for (i = 0; s->l.have_cursors && i < s->l.n_logs; i++) {
		log_roll(s->l.logs[i], now_us);
		secure(s, i);
	}
	ask_all(s);
	if (s->l.ticks++ % SPACE_TICKS == 0 || s->l.low)
		space_check(s);
	timer_set(&s->l.tick, TICK_MS);
}

static void
on_peer_up(void *arg, struct channel *ch)
{
	struct state *s = arg;
	unsigned i;

	if (channel_peer(ch) == ROLE_SPOOLD) {
		tell_space(s);
		/* What a dead writer did not confirm is behind us or comes
		 * again with the next safe point. */
		for (i = 0; i < s->l.n_logs; i++) {
			s->follow[i].cursor_out = false;
			if (s->follow[i].fresh)
				s->l.have_cursors = false;
		}
		if (!s->l.have_cursors)
			channel_send(ch, MSG_CURSOR_ASK, 0);
		return;
	}
	for (i = 0; i < s->l.n_logs; i++)
		s->follow[i].asked = false;
	ask_all(s);
}

/* Stable for this machine, unless the operator gives one. */
static struct uuid
node_id(void)
{
	const char *given = getenv("KUMO_NODE_ID");
	unsigned char machine[64] = "";
	struct uuid id;
	ssize_t n;
	int fd;

	if (given != NULL && uuid_parse(span_of(given), &id) == 0)
		return id;
	fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	n = fd != -1 ? read(fd, machine, sizeof(machine)) : -1;
	if (fd != -1)
		close(fd);
	if (n <= 0)
		return uuid_random();
	crypto_generichash(id.b, sizeof(id.b), machine, (size_t)n,
	    (const unsigned char *)"ekiden node", 11);
	id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

/* Logs of one folder are told apart by their order. */
static void
logs_open(struct state *s)
{
	const struct suite *suite = &s->l.d.suite;
	unsigned i, k, same;
	char *name;

	s->l.n_logs = (unsigned)suite->logs.n;
	s->l.logs = xcalloc(s->l.n_logs, sizeof(struct log *));
	s->follow = xcalloc(s->l.n_logs, sizeof(*s->follow));
	for (i = 0; i < s->l.n_logs; i++) {
		for (same = 0, k = 0; k < i; k++)
			same += strcmp(suite->logs.v[k].log_dir,
			    suite->logs.v[i].log_dir) == 0;
		name = xasprintf("%s#%u", suite->logs.v[i].log_dir, same);
		s->l.logs[i] = log_new(&suite->logs.v[i], name);
		free(name);
	}
}

static void
on_prepare(void *arg, struct daemon *d)
{
	struct state *s = arg;

	(void)d;
	s->l.node = node_id();
	template_prepare();
}

static void
on_opened(void *arg, struct daemon *d)
{
	(void)d;
	logs_open(arg);
}

static void
on_started(void *arg, struct daemon *d)
{
	struct state *s = arg;

	timer_init(&s->l.tick, d->loop, on_tick, s);
	timer_init(&s->l.gather, d->loop, ask_all, s);
	space_check(s);
	timer_set(&s->l.tick, TICK_MS);
}

static void
on_reload(void *arg, const struct suite *old)
{
	struct state *s = arg;
	struct channel *ch = writer(s);
	unsigned i;

	(void)old;
	/*
	 * A new process would find its way by the cursors alone: so do we.
	 * What is behind the last safe point is written again.
	 */
	for (i = 0; i < s->l.n_logs; i++)
		log_free(&s->l.logs[i]);
	free(s->l.logs);
	free(s->follow);
	s->l.have_cursors = false;
	logs_open(s);
	life_begins(s);
	if (ch != NULL)
		channel_send(ch, MSG_CURSOR_ASK, 0);
}

static void
on_stop(void *arg)
{
	struct state *s = arg;
	unsigned i;

	if (s->l.n_logs == 0 || !s->l.have_cursors || journal(s) == NULL ||
	    writer(s) == NULL)
		daemon_exit(&s->l.d);
	for (i = 0; i < s->l.n_logs; i++)
		ask(s, i);
	for (i = 0; i < s->l.n_logs; i++) {
		if (!s->follow[i].asked)
			stop_log(s, i);
	}
}

static const struct daemon_ops ops = {
	.role = ROLE_LOGGER,
	.jail = { JAIL_WRITE_FILES | JAIL_READ_FILES },
	.handlers = handlers,
	.prepare = on_prepare,
	.opened = on_opened,
	.started = on_started,
	.peer_up = on_peer_up,
	.reload = on_reload,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	static struct state s;

	if (sodium_init() == -1)
		fatalx("libsodium cannot start");
	daemon_main(&ops, &s.l.d, &s, argc, argv);
}
