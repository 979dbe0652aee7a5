/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/peers.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/policy.h"
#include "lib/proc/daemon.h"
#include "smtp-out/out.h"
#include "smtp-out/session.h"

enum {
	IN_HAND_MAX = 64, /* messages of one session, asked for or not */
	HELD_FRAME_MAX = 960 * 1024,
};

/* ---- sessions, from the queue manager ----------------------------------- */

static void
on_session_open(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	struct session_open open;
	struct arena a = { 0 };

	(void)ch;
	(void)id;
	(void)fd;
	session_open_get(r, &open, &a);
	if (reader_end(r))
		session_open(o, &open);
	arena_free(&a);
}

static void
on_session_close(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	uint64_t number = session_close_get(r);
	struct session *s;

	(void)ch;
	(void)id;
	(void)fd;
	/* One that has just ended is a normal case. */
	if (reader_end(r) && (s = session_find(o, number)) != NULL)
		session_close(s);
}

static void
on_outcome_kept(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	uint64_t upto = outcome_kept_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	if (!reader_end(r))
		return;
	held_kept(&o->held, upto);
	out_check_stop(o);
}

/* ---- messages, from the spool readers ----------------------------------- */

static bool
has_mail(const struct session *s, const struct uuid *id)
{
	const struct mail *m;

	for (m = s->mails; m != NULL; m = m->next) {
		if (uuid_eq(&m->env.id, id))
			return true;
	}
	return false;
}

/* Not tried, and nobody waits for it here. */
static void
give_back(struct out *o, struct mail *m)
{
	struct outcome outcome;

	mail_outcome(m, &outcome);
	held_add(&o->held, out_qmgr(o), &outcome);
	mail_free(&m);
}

static void
place_mail(struct out *o, struct mail *m)
{
	struct session *s = session_find(o, m->session);

	if (s == NULL) {
		m->came_ms = loop_mono_ms(o->loop);
		if (!early_add(&o->early, m))
			give_back(o, m);
		else if (!timer_is_set(&o->early.timer))
			timer_set(&o->early.timer, EARLY_WAIT_MS);
	} else if (s->orphan || has_mail(s, &m->env.id))
		mail_free(&m);
	else if (s->n_mails >= IN_HAND_MAX)
		give_back(o, m);
	else
		session_mail(s, m);
}

void
out_early_over(void *arg)
{
	struct out *o = arg;
	struct mail *m;

	while ((m = early_expired(&o->early,
	    loop_mono_ms(o->loop))) != NULL)
		give_back(o, m);
	if (o->early.first != NULL)
		timer_set(&o->early.timer, EARLY_WAIT_MS);
}

static void
on_message(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	struct delivery_message in;
	struct mail *m;
	const char *why;

	(void)id;
	delivery_message_get(r, &in);
	if (!reader_end(r) || early_has_ended(&o->early, in.session)) {
		if (fd != -1)
			close(fd);
		return;
	}
	m = mail_new(&in, fd, &why);
	if (m == NULL) {
		log_warnx("reader=%u sent a message that is not used: %s",
		    channel_peer_index(ch), why);
		reader_fail(r);
		return;
	}
	place_mail(o, m);
}

/* ---- host names, from the policy process -------------------------------- */

static void
on_host_is(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	struct host_answer answer;
	struct arena a = { 0 };
	struct session *s, *next;

	(void)ch;
	(void)fd;
	host_answer_get(r, &answer, &a);
	if (reader_end(r) && hosts_answer(&o->hosts, id, &answer,
	    loop_mono_ms(o->loop))) {
		for (s = o->first; s != NULL; s = next) {
			next = s->next;
			session_resolved(s);
		}
	}
	arena_free(&a);
}

static void say_held(struct out *o, struct channel *qmgr, uint64_t request);

static void
on_held_ask(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct out *o = arg;
	unsigned i;

	(void)r;
	(void)fd;
	/* A reader that died may have handed over more than we have seen. */
	for (i = daemon_peer_count(o->daemon, ROLE_READER); i-- > 0;) {
		struct channel *reader = daemon_peer_nth(o->daemon,
		    ROLE_READER, i);

		if (reader != NULL)
			channel_drain(reader);
	}
	say_held(o, ch, id);
}

const struct channel_handler out_handlers[] = {
	{ MSG_HELD_ASK, on_held_ask },
	{ MSG_SESSION_OPEN, on_session_open },
	{ MSG_SESSION_CLOSE, on_session_close },
	{ MSG_OUTCOME_KEPT, on_outcome_kept },
	{ MSG_MESSAGE, on_message },
	{ MSG_HOST_IS, on_host_is },
	{ .handle = NULL },
};

/* ---- peers that come and go --------------------------------------------- */

static void
say_held(struct out *o, struct channel *qmgr, uint64_t request)
{
	struct sessions_held held = { 0 };
	struct arena a = { 0 };
	struct session *s;
	size_t bytes = 0, n = 0;

	for (s = o->first; s != NULL; s = s->next)
		n++;
	held.v = arena_alloc(&a, (n + 1) * sizeof(*held.v));
	if (o->held.n > 0 && o->held.n < HELD_FRAME_MAX / 2 / UUID_LEN) {
		held.v[held.n].ids = held_ids(&o->held, &a);
		held.v[held.n++].n_ids = o->held.n;
		bytes += o->held.n * UUID_LEN;
	}
	for (s = o->first; s != NULL; s = s->next) {
		if (s->n_mails == 0)
			continue;
		bytes += 20 + s->ready_queue.len + s->n_mails * UUID_LEN;
		if (bytes > HELD_FRAME_MAX) {
			log_warnx("more is in hand than can be told");
			break;
		}
		session_held(s, &held.v[held.n++], &a);
	}
	sessions_held_put(channel_begin(qmgr, MSG_SESSION_HELD,
	    request), &held);
	channel_end(qmgr);
	arena_free(&a);
}

void
peers_up(void *state, struct channel *ch)
{
	struct out *o = state;

	switch (channel_peer(ch)) {
	case ROLE_QMGR:
		say_held(o, ch, 0);
		held_send_all(&o->held, ch);
		break;
	case ROLE_POLICY:
		hosts_ask_again(&o->hosts, ch);
		break;
	default:
		break;
	}
}

void
peers_down(void *state, struct channel *ch)
{
	struct out *o = state;
	struct session *s, *next;

	switch (channel_peer(ch)) {
	case ROLE_QMGR:
		/* Nobody can give us more: finish what is in hand. */
		early_drop_all(&o->early);
		for (s = o->first; s != NULL; s = next) {
			next = s->next;
			s->known = false;
			s->orphan = true;
			if (s->state != SESSION_QUITTING)
				session_close(s);
		}
		out_check_stop(o);
		break;
	default:
		break;
	}
}
