/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtpd receives mail by SMTP, as ekiden-smtpd. It takes clients from sockets
 * that master bound, hands whole messages to the spool's writer, and says 250
 * when these are on disk. It can reach its clients and that one channel: no
 * file, no connection out, no stored message.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/io/tls_server.h"
#include "lib/ipc/tally.h"
#include "lib/mail/charset.h"
#include "lib/policy/door.h"
#include "lib/proc/daemon.h"
#include "smtpd/conf.h"
#include "smtpd/listener.h"
#include "smtpd/peers.h"
#include "smtpd/session.h"
#include "smtpd/smtpd.h"

enum {
	STOP_WAIT_MS = 10000,  /* for transactions that are under way */
	WRITER_WAIT_MS = 5000, /* for the writer's first word */
};

static void
smtpd_prepare(void *state, struct daemon *d)
{
	struct smtpd *s = state;

	s->loop = d->loop;
	policy_prepare();
	s->charsets = charsets_open();
	tls_server_start();
	s->conf = conf_new(&d->suite, &d->keys);
	conf_prepare_tls(s->conf);
}

/*
 * After a shortage of descriptors; and without a word from the writer, since
 * clients are let in nevertheless, to be told so.
 */
static void
accept_again(void *arg)
{
	struct smtpd *s = arg;

	acceptors_watch(s);
}

static void
smtpd_stop_overdue(void *arg)
{
	struct smtpd *s = arg;
	struct session *each, *next;

	for (each = s->sessions; each != NULL; each = next) {
		next = each->next;
		session_stop(each, true);
	}
}

static struct channel *
lookup_channel(void *arg, enum lookup_op op)
{
	struct smtpd *s = arg;

	return daemon_peer(&s->daemon, ROLE_LOOKUP,
	    lookup_op_process(op));
}

static void
smtpd_started(void *state, struct daemon *d)
{
	struct smtpd *s = state;

	s->door = door_new(lookup_channel, s);
	if (conf_load_policy(s->conf, s->loop, &d->suite, s->door) != 0)
		fatalx("the policy cannot be run");
	outbox_init(&s->outbox);
	timer_init(&s->accept_wait, s->loop, accept_again, s);
	timer_init(&s->stop_wait, s->loop, smtpd_stop_overdue, s);
	timer_set(&s->accept_wait, WRITER_WAIT_MS);
}

static void
smtpd_tally(void *state, int fd)
{
	struct smtpd *s = state;

	s->tally = tally_map(fd);
	if (s->tally == NULL || s->daemon.index >= TALLY_PROCESSES)
		fatalx("the tally of sessions from master cannot be used");
}

static void
smtpd_listener(void *state, int fd, uint32_t index, uint32_t row)
{
	acceptor_add(state, fd, index, row);
}

/* Sessions keep the configuration that they began with. */
static void
smtpd_reload(void *state, const struct suite *old)
{
	struct smtpd *s = state;
	struct conf *fresh = conf_new(&s->daemon.suite, &s->daemon.keys);

	(void)old;
	acceptors_close(s);
	if (conf_load_policy(fresh, s->loop, &s->daemon.suite,
	    s->door) != 0) {
		log_warnx("the configuration before the reload stays");
		conf_unref(&fresh);
		return;
	}
	conf_prepare_tls(fresh);
	conf_unref(&s->conf);
	s->conf = fresh;
}

static void
smtpd_stop(void *state)
{
	struct smtpd *s = state;
	struct session *each, *next;

	acceptors_close(s);
	for (each = s->sessions; each != NULL; each = next) {
		next = each->next;
		session_stop(each, false);
	}
	if (s->sessions == NULL)
		daemon_exit(&s->daemon);
	timer_set(&s->stop_wait, STOP_WAIT_MS);
}

static const struct daemon_ops ops = {
	.role = ROLE_SMTPD,
	.jail = { .may = JAIL_ACCEPT | JAIL_MEMFD | JAIL_MAP_FILES },
	.handlers = peers_handlers,
	.prepare = smtpd_prepare,
	.started = smtpd_started,
	.tally = smtpd_tally,
	.listener = smtpd_listener,
	.peer_up = peers_up,
	.peer_down = peers_down,
	.peer_drained = peers_drained,
	.reload = smtpd_reload,
	.stop = smtpd_stop,
};

int
main(int argc, char **argv)
{
	static struct smtpd state;

	daemon_main(&ops, &state.daemon, &state, argc, argv);
}
