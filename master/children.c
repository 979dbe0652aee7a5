/* SPDX-License-Identifier: Apache-2.0 */
#include "master/children.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/sock.h"
#include "lib/ipc/tally.h"
#include "master/master.h"
#include "master/reload.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 1000,
	STOP_SAME_MS = 1000, /* a second wish to stop within it is the first */
	BACKOFF_CALM_MS = 1000, /* having run this long, start afresh at once */
};

/* Intake first, then deliveries, then those who write down their outcome. */
static const struct {
	enum role roles[2];
	int64_t wait_ms;
} stop_stages[] = {
	{ { ROLE_SMTPD, ROLE_SMTPD }, 10000 },
	{ { ROLE_OUT, ROLE_LOCAL }, 60000 },
	{ { ROLE_QMGR, ROLE_QMGR }, 10000 },
	{ { ROLE_LOGGER, ROLE_LOGGER }, 20000 },
	{ { ROLE_READER, ROLE_POLICY }, 5000 },
	{ { ROLE_LOOKUP, ROLE_LOOKUP }, 5000 },
	{ { ROLE_SPOOLD, ROLE_SPOOLD }, 20000 },
};

enum { STOP_STAGES = sizeof(stop_stages) / sizeof(*stop_stages) };

/* In the new process; only async-signal-safe calls. */
static void
child_image(pid_t master, int fd, const char *program, char *const argv[])
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Too late for that signal? (In a container, master may be 1.) */
	if (getppid() != master)
		_exit(1);
	if (null != -1)
		dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (fd == 3)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, 3);
	close_range(4, ~0U, 0);
	execv(program, argv);
	_exit(127);
}

pid_t
child_exec(struct master *m, enum role role, char *const argv[], int *fd_out)
{
	char *program = xasprintf("%s/%s", m->libexec, role_program(role));
	pid_t master = getpid(), pid;
	int fds[2];

	if (sock_pair(fds) == -1)
		fatal("socket pair");
	pid = fork();
	if (pid == -1)
		fatal("fork");
	if (pid == 0)
		child_image(master, fds[1], program, argv);
	close(fds[1]);
	free(program);
	*fd_out = fds[0];
	return pid;
}

/* ---- start and plumbing ------------------------------------------------- */

static struct child *
child_of(struct master *m, struct channel *ch)
{
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (m->children[i].ch == ch)
			return &m->children[i];
	}
	return NULL;
}

static bool
all_ready(const struct master *m)
{
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (m->children[i].state != CHILD_READY)
			return false;
	}
	return true;
}

static void
on_ready(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct master *m = arg;
	struct child *c = child_of(m, ch);

	(void)id;
	(void)r;
	(void)fd;
	if (c != NULL && c->state == CHILD_READY)
		reload_done(c);
	if (c == NULL || c->state != CHILD_STARTING)
		return;
	c->state = CHILD_READY;
	if (m->running) {
		log_info("role=%s/%u pid=%d is back", role_name(c->role),
		    c->index, (int)c->pid);
	} else if (all_ready(m)) {
		m->running = true;
		fprintf(stderr, "initialization complete\n");
	}
}

static bool
child_lives(const struct child *c)
{
	return c->state == CHILD_STARTING || c->state == CHILD_READY;
}

static struct child *
child_living(struct master *m, enum role role, unsigned index)
{
	struct child *c;

	for (c = m->children; c < m->children + m->n_children; c++) {
		if (c->role == role && c->index == index && child_lives(c))
			return c;
	}
	return NULL;
}

/*
 * A process says that a peer of it broke the rules of their channel. One of
 * the two gets a successor, and with it both get a new channel. It is the less
 * trusted one: what a process that was taken over says of others must not end
 * those who hold the mail, and nobody can have others ended than its peers.
 */
static void
on_peer_broke(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	struct master *m = arg;
	struct child *from = child_of(m, ch), *peer;
	struct control_peer p;

	(void)id;
	(void)fd;
	control_peer_get(r, &p);
	if (!reader_end(r) || from == NULL || m->stop_stage >= 0)
		return;
	if (!role_talks(from->role, p.role)) {
		reader_fail(r);
		return;
	}
	peer = child_living(m, p.role, p.index);
	if (peer == NULL)
		return;
	if (role_less_trusted(from->role, p.role) == p.role) {
		log_warnx("role=%s/%u pid=%d broke its channel to %s/%u: "
		    "replaced", role_name(peer->role), peer->index,
		    (int)peer->pid, role_name(from->role), from->index);
		kill(peer->pid, SIGKILL);
	} else {
		log_warnx("role=%s/%u pid=%d says that %s/%u broke their "
		    "channel: replaced, being trusted less",
		    role_name(from->role), from->index, (int)from->pid,
		    role_name(peer->role), peer->index);
		kill(from->pid, SIGKILL);
	}
}

/*
 * A process's end is noticed by its exit status, not here. One that broke the
 * rules would live on without a master: it is ended.
 */
static void
on_child_lost(void *owner, struct channel *ch)
{
	struct child *c = child_of(owner, ch);

	if (channel_broke(ch) && c != NULL && c->pid > 0)
		kill(c->pid, SIGKILL);
}

static const struct channel_handler child_handlers[] = {
	{ MSG_READY, on_ready },
	{ MSG_PEER_BROKE, on_peer_broke },
	{ .handle = NULL },
};

static const char *
child_root(struct master *m, enum role role)
{
	unsigned i;

	switch (role) {
	case ROLE_SPOOLD:
	case ROLE_READER:
		for (i = 0; i < m->plan.n_folders; i++) {
			if (m->plan.folders[i].owner == ROLE_SPOOLD)
				return m->plan.folders[i].path;
		}
		return NULL;
	case ROLE_SMTPD:
	case ROLE_QMGR:
	case ROLE_OUT:
		return EMPTY_ROOT;
	case ROLE_LOGGER: /* its folders may be anywhere */
	case ROLE_LOCAL:
	case ROLE_LOOKUP: /* and look things up in files */
	case ROLE_POLICY: /* Lua modules read files under the policy folder */
	case ROLE_LOADER:
	case ROLE_KEYS:
	case ROLE_MASTER:
	case ROLE_COUNT:
		break;
	}
	return NULL;
}

static void
child_launch(struct child *c)
{
	struct master *m = c->m;
	char index[16], uid[16], gid[16];
	const char *root = child_root(m, c->role);
	const char *argv[16];
	int n = 0, fd;

	snprintf(index, sizeof(index), "%u", c->index);
	argv[n++] = role_name(c->role);
	argv[n++] = "--index";
	argv[n++] = index;
	argv[n++] = "--role";
	argv[n++] = role_name(c->role);
	if (m->syslog != NULL) {
		argv[n++] = "--syslog";
		argv[n++] = m->syslog;
	}
	if (m->users.change) {
		snprintf(uid, sizeof(uid), "%u",
		    (unsigned)m->users.uid[c->role]);
		snprintf(gid, sizeof(gid), "%u",
		    (unsigned)m->users.gid[c->role]);
		argv[n++] = "--uid";
		argv[n++] = uid;
		argv[n++] = "--gid";
		argv[n++] = gid;
		if (root != NULL) {
			argv[n++] = "--root";
			argv[n++] = root;
		}
	}
	argv[n] = NULL;
	c->pid = child_exec(m, c->role, (char *const *)argv, &fd);
	c->ch = channel_new(m->loop, fd, ROLE_MASTER, c->role, c->index,
	    &m->child_events, m);
	c->state = CHILD_STARTING;
	c->started_ms = loop_mono_ms(m->loop);
}

/* Each role has its own, if any. */
static void
send_keys(struct child *c)
{
	const struct plan *p = &c->m->plan;
	struct control_keys k;
	unsigned i;

	for (i = 0; i < p->n_keys; i++) {
		if (p->keys[i].role != c->role)
			continue;
		k = (struct control_keys){ c->role, p->keys[i].len };
		control_keys_put(channel_begin(c->ch, MSG_KEYS, 0), &k);
		channel_end_fd(c->ch, p->keys[i].fd);
	}
}

static void
send_config(struct child *c, enum message type)
{
	struct master *m = c->m;
	struct control_setup s = { m->plan.config_len, m->epoch };

	send_keys(c);
	control_setup_put(channel_begin(c->ch, type, 0), &s);
	channel_end_fd(c->ch, m->plan.config_fd);
}

static void
send_listeners(struct child *c)
{
	struct master *m = c->m;
	struct control_listener l;
	unsigned i;

	if (c->role != ROLE_SMTPD)
		return;
	for (i = 0; i < m->n_listeners; i++) {
		if (m->listeners[i].kind != LISTENER_SMTP)
			continue;
		l.index = m->listeners[i].index;
		l.row = m->listeners[i].row;
		control_listener_put(channel_begin(c->ch, MSG_LISTENER, 0), &l);
		channel_end_fd(c->ch, m->listeners[i].fd);
	}
}

/* A new process counts from zero. */
static void
send_tally(struct child *c)
{
	if (c->role != ROLE_SMTPD)
		return;
	tally_clear(c->m->tally, c->index);
	channel_begin(c->ch, MSG_TALLY, 0);
	channel_end_fd(c->ch, c->m->tally_fd);
}

static void
send_peer(struct child *to, const struct child *peer, int fd)
{
	struct control_peer p = { peer->role, peer->index };

	control_peer_put(channel_begin(to->ch, MSG_PEER, 0), &p);
	channel_end_fd(to->ch, fd);
	close(fd);
}

/* A fresh pair of sockets between a process and each of its peers. */
static void
child_plumb(struct child *c, const struct child *upto)
{
	struct master *m = c->m;
	struct child *other;
	int fds[2];

	for (other = m->children; other < upto; other++) {
		if (other == c || !child_lives(other) ||
		    !role_talks(c->role, other->role))
			continue;
		if (sock_pair(fds) == -1)
			fatal("socket pair");
		send_peer(c, other, fds[0]);
		send_peer(other, c, fds[1]);
	}
}

static void
child_respawn(void *arg)
{
	struct child *c = arg;

	child_launch(c);
	send_config(c, MSG_SETUP);
	send_tally(c);
	send_listeners(c);
	child_plumb(c, c->m->children + c->m->n_children);
	channel_send(c->ch, MSG_START, 0);
}

void
children_start(struct master *m)
{
	static const enum role order[] = { ROLE_SPOOLD, ROLE_READER,
		ROLE_LOGGER, ROLE_LOOKUP, ROLE_POLICY, ROLE_OUT, ROLE_LOCAL,
		ROLE_QMGR, ROLE_SMTPD };
	struct child *c;
	size_t i;
	uint32_t k;

	if (m->plan.counts[ROLE_SMTPD] > TALLY_PROCESSES)
		fatalx("too many processes are configured");
	tally_set_processes(m->tally, m->plan.counts[ROLE_SMTPD]);
	m->child_events = (struct channel_events){ .handlers = child_handlers,
		.lost = on_child_lost, .owner = m };
	for (i = 0; i < sizeof(order) / sizeof(*order); i++) {
		for (k = 0; k < m->plan.counts[order[i]]; k++) {
			if (m->n_children == MASTER_CHILDREN_MAX)
				fatalx("too many processes are configured");
			c = &m->children[m->n_children++];
			*c = (struct child){ .m = m, .role = order[i],
				.index = k };
			timer_init(&c->respawn, m->loop, child_respawn, c);
			child_launch(c);
			send_config(c, MSG_SETUP);
			send_tally(c);
			send_listeners(c);
		}
	}
	/* Each pair once: with those before it in the table. */
	for (c = m->children; c < m->children + m->n_children; c++)
		child_plumb(c, c);
	for (c = m->children; c < m->children + m->n_children; c++)
		channel_send(c->ch, MSG_START, 0);
}

bool
child_reload(struct child *c)
{
	if (!child_lives(c))
		return false;
	send_config(c, MSG_RELOAD);
	send_listeners(c);
	return true;
}

/* ---- end ----------------------------------------------------------------- */

static bool
stage_has(int stage, enum role role)
{
	return stop_stages[stage].roles[0] == role ||
	    stop_stages[stage].roles[1] == role;
}

static void
stage_kill(void *arg)
{
	struct master *m = arg;
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (m->children[i].state != CHILD_STOPPING)
			continue;
		log_warnx("role=%s/%u pid=%d has not stopped yet: killed",
		    role_name(m->children[i].role), m->children[i].index,
		    (int)m->children[i].pid);
		kill(m->children[i].pid, SIGKILL);
	}
}

/* Tell the next stage that has anyone left; the last one ends us. */
static void
stage_next(struct master *m)
{
	unsigned i, told = 0;

	while (told == 0) {
		if (++m->stop_stage == STOP_STAGES) {
			loop_stop(m->loop);
			return;
		}
		for (i = 0; i < m->n_children; i++) {
			struct child *c = &m->children[i];

			if (!stage_has(m->stop_stage, c->role) ||
			    !child_lives(c))
				continue;
			c->state = CHILD_STOPPING;
			channel_send(c->ch, MSG_STOP, 0);
			told++;
		}
	}
	timer_set(&m->stop_deadline, stop_stages[m->stop_stage].wait_ms);
}

static void
stage_check(struct master *m)
{
	unsigned i;

	for (i = 0; i < m->n_children; i++) {
		if (m->children[i].state == CHILD_STOPPING)
			return;
	}
	timer_cancel(&m->stop_deadline);
	stage_next(m);
}

void
children_stop(struct master *m)
{
	unsigned i;

	if (m->stop_stage >= 0) {
		/* Ctrl-C reaches us and whoever started us, who asks too. */
		if (loop_mono_ms(m->loop) - m->stop_asked_ms >=
		    STOP_SAME_MS) {
			log_warnx("told again to stop: waiting no longer");
			stage_kill(m);
		}
		return;
	}
	m->stop_asked_ms = loop_mono_ms(m->loop);
	timer_init(&m->stop_deadline, m->loop, stage_kill, m);
	for (i = 0; i < m->n_children; i++)
		timer_cancel(&m->children[i].respawn);
	m->stop_stage = -1;
	stage_next(m);
}

static void
child_report(const struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_warnx("role=%s/%u pid=%d died of signal %d",
		    role_name(c->role), c->index, (int)c->pid,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		log_errorx("role=%s/%u: %s/%s cannot be run",
		    role_name(c->role), c->index, c->m->libexec,
		    role_program(c->role));
	else if (WEXITSTATUS(status) != 0)
		log_warnx("role=%s/%u pid=%d ended with status %d",
		    role_name(c->role), c->index, (int)c->pid,
		    WEXITSTATUS(status));
}

void
children_ended(struct master *m, pid_t pid, int status)
{
	struct child *c = m->children;
	enum child_state was;

	while (c < m->children + m->n_children && c->pid != pid)
		c++;
	if (c == m->children + m->n_children)
		return;
	was = c->state;
	child_report(c, status);
	channel_close(&c->ch);
	/* At once: its sessions are gone, whenever a successor comes. */
	if (c->role == ROLE_SMTPD)
		tally_clear(m->tally, c->index);
	c->pid = 0;
	c->state = CHILD_DOWN;
	reload_done(c);
	if (m->stop_stage >= 0) {
		if (was == CHILD_STOPPING)
			stage_check(m);
		return;
	}
	if (!m->running && was == CHILD_STARTING) {
		/* It never worked: say so once instead of trying for ever. */
		log_errorx("%s cannot start; see the line above",
		    role_name(c->role));
		exit(1);
	}
	if (loop_mono_ms(m->loop) - c->started_ms >= BACKOFF_CALM_MS)
		c->delay_ms = 0;
	timer_set(&c->respawn, c->delay_ms);
	c->delay_ms = c->delay_ms == 0 ? BACKOFF_FIRST_MS : c->delay_ms * 2;
	if (c->delay_ms > BACKOFF_MAX_MS)
		c->delay_ms = BACKOFF_MAX_MS;
}
