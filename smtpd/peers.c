/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/peers.h"

#include "lib/base/log.h"
#include "lib/policy/door.h"
#include "smtpd/listener.h"
#include "smtpd/message.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

/*
 * The session may be gone, or have given up waiting: then nobody asked for
 * this answer any more, and the client was told to come again.
 */
static void
on_stored(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct smtpd *d = arg;
	enum stored_result result = stored_get(r);
	struct outbox_entry *e;
	struct session *s;

	(void)ch;
	(void)fd;
	if (!reader_end(r))
		return;
	e = outbox_take(&d->outbox, id);
	if (e == NULL)
		return;
	s = e->session;
	outbox_entry_free(&d->outbox, e);
	messages_stored(s, result);
}

static void
on_health(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	static const char *const names[HEALTH_STATES] = {
		[HEALTH_OK] = "ok",
		[HEALTH_NO_SPACE] = "no-space",
		[HEALTH_FAILED] = "failed",
	};
	struct smtpd *d = arg;
	enum health state = health_get(r);

	(void)ch;
	(void)id;
	(void)fd;
	if (!reader_end(r))
		return;
	if (d->health_known ? state != d->health : state != HEALTH_OK)
		log_info("spool health=%s", names[state]);
	d->health = state;
	if (!d->health_known) {
		d->health_known = true;
		acceptors_watch(d);
	}
}

static void
on_lookup_is(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct smtpd *d = arg;

	(void)ch;
	(void)fd;
	door_on_answer(d->door, id, r);
}

const struct channel_handler peers_handlers[] = {
	{ MSG_STORED, on_stored },
	{ MSG_HEALTH, on_health },
	{ MSG_LOOKUP_IS, on_lookup_is },
	{ .handle = NULL },
};

/* Clients that wait for the spool are read again, if it has room. */
static void
sessions_resume(struct smtpd *d)
{
	struct session *s, *next;

	if (outbox_is_full(&d->outbox))
		return;
	for (s = d->sessions; s != NULL; s = next) {
		next = s->next;
		if (s->stream.paused)
			stream_resume(&s->stream);
	}
}

void
peers_up(void *state, struct channel *ch)
{
	struct smtpd *d = state;

	if (channel_peer(ch) != ROLE_SPOOLD)
		return;
	outbox_writer_up(&d->outbox, ch);
	sessions_resume(d);
}

void
peers_down(void *state, struct channel *ch)
{
	struct smtpd *d = state;

	if (channel_peer(ch) == ROLE_LOOKUP)
		door_lost(d->door, ch);
	if (channel_peer(ch) != ROLE_SPOOLD)
		return;
	log_warnx("spool writer=away");
	outbox_writer_down(&d->outbox);
	sessions_resume(d);
}

void
peers_drained(void *state, struct channel *ch)
{
	struct smtpd *d = state;

	(void)ch;
	outbox_pump(&d->outbox);
	sessions_resume(d);
}
