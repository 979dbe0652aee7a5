/* SPDX-License-Identifier: Apache-2.0 */
#include "master/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/sock.h"
#include "master/children.h"
#include "master/master.h"

enum { LISTEN_BACKLOG = 1024, LISTENER_NEW = MASTER_LISTENERS_MAX };

static void
plan_clear(struct plan *p)
{
	unsigned i;

	for (i = 0; i < p->n_folders; i++)
		free(p->folders[i].path);
	if (p->config_fd > 0)
		close(p->config_fd);
	*p = (struct plan){ .config_fd = -1 };
}

static void
on_bind(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;

	(void)ch;
	(void)id;
	(void)fd;
	if (p->n_binds == MASTER_LISTENERS_MAX)
		reader_fail(r);
	else
		control_bind_get(r, &p->binds[p->n_binds++]);
}

static void
on_folder(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;

	(void)ch;
	(void)id;
	(void)fd;
	if (p->n_folders == MASTER_FOLDERS_MAX)
		reader_fail(r);
	else
		control_folder_get(r, &p->folders[p->n_folders++]);
}

static void
on_count(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;
	struct control_count c;

	(void)ch;
	(void)id;
	(void)fd;
	control_count_get(r, &c);
	if (reader_ok(r))
		p->counts[c.role] = c.n;
}

static void
on_done(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;
	struct control_setup s;

	(void)ch;
	(void)id;
	control_setup_get(r, &s);
	if (!reader_end(r) || p->config_fd != -1) {
		close(fd);
		return;
	}
	p->config_fd = fd;
	p->config_len = s.config_len;
}

static void
on_loader_lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
}

static const struct channel_handler loader_handlers[] = {
	{ MSG_PLAN_BIND, on_bind },
	{ MSG_PLAN_FOLDER, on_folder },
	{ MSG_PLAN_COUNT, on_count },
	{ MSG_PLAN_DONE, on_done },
	{ .handle = NULL },
};

static const struct channel_events loader_events = {
	.handlers = loader_handlers,
	.lost = on_loader_lost,
};

void
plan_load(struct master *m)
{
	char uid[16], gid[16];
	char *argv[12];
	int n = 0, fd;

	plan_clear(&m->coming);
	argv[n++] = xstrdup("loader");
	if (m->config_dir != NULL) {
		argv[n++] = xstrdup("--config");
		argv[n++] = xstrdup(m->config_dir);
	}
	if (m->policy != NULL) {
		argv[n++] = xstrdup("--policy");
		argv[n++] = xstrdup(m->policy);
	}
	if (m->users.change) {
		snprintf(uid, sizeof(uid), "%u",
		    (unsigned)m->users.uid[ROLE_LOADER]);
		snprintf(gid, sizeof(gid), "%u",
		    (unsigned)m->users.gid[ROLE_LOADER]);
		argv[n++] = xstrdup("--uid");
		argv[n++] = xstrdup(uid);
		argv[n++] = xstrdup("--gid");
		argv[n++] = xstrdup(gid);
	}
	argv[n] = NULL;
	m->loader_pid = child_exec(m, ROLE_LOADER, argv, &fd);
	m->loader = channel_new(m->loop, fd, ROLE_MASTER, ROLE_LOADER, 0,
	    &loader_events, m);
	while (n > 0)
		free(argv[--n]);
}

bool
plan_loaded(struct master *m, int status)
{
	int seals;

	channel_drain(m->loader);
	channel_close(&m->loader);
	m->loader_pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return false;
	if (m->coming.config_fd == -1) {
		log_warnx("the loader ended without a configuration");
		return false;
	}
	seals = fcntl(m->coming.config_fd, F_GET_SEALS);
	if (seals == -1 || (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) !=
	    (F_SEAL_WRITE | F_SEAL_SHRINK)) {
		log_warnx("the loader's configuration is not sealed");
		return false;
	}
	return true;
}

/* Asked for in these words before, or bound there when any port would do. */
static bool
listener_is_at(const struct listener_socket *l, const struct control_bind *b)
{
	struct ip at;

	if (l->fd == -1 || l->kind != b->kind)
		return false;
	if (ip_eq(&l->asked, &b->at) && l->asked.port == b->at.port)
		return true;
	return sock_local(l->fd, &at) == 0 && ip_eq(&at, &b->at) &&
	    at.port == b->at.port;
}

/*
 * The socket of an earlier plan for the same address, taken from its place
 * (*from_out), or a new one (LISTENER_NEW). -1: it cannot be had.
 */
static int
listener_take(struct master *m, const struct control_bind *b,
    struct listener_socket *out, unsigned *from_out)
{
	char where[IP_TEXT_MAX];
	unsigned i;

	for (i = 0; i < m->n_listeners; i++) {
		if (!listener_is_at(&m->listeners[i], b))
			continue;
		*out = m->listeners[i];
		out->index = b->index;
		out->asked = b->at;
		*from_out = i;
		m->listeners[i].fd = -1;
		return 0;
	}
	*out = (struct listener_socket){ .kind = b->kind, .index = b->index,
		.asked = b->at };
	*from_out = LISTENER_NEW;
	out->fd = sock_listen(&b->at, LISTEN_BACKLOG);
	if (out->fd != -1)
		return 0;
	log_errorx("cannot listen on %s: %s%s", ip_port_format(&b->at, where),
	    strerror(errno), errno == EACCES ? " (ports below 1024 need a "
	    "start as root)" : errno == EADDRINUSE ? " (another server has "
	    "this port: stop it or choose another)" : "");
	return -1;
}

static void
listener_announce(const struct listener_socket *l)
{
	char where[IP_TEXT_MAX];
	struct ip at;

	if (sock_local(l->fd, &at) == 0)
		fprintf(stderr, "%s listener on %s\n",
		    l->kind == LISTENER_SMTP ? "smtp" : "http",
		    ip_port_format(&at, where));
}

static int
plan_bind(struct master *m)
{
	struct listener_socket fresh[MASTER_LISTENERS_MAX];
	unsigned from[MASTER_LISTENERS_MAX], i, n = 0;

	for (i = 0; i < m->coming.n_binds; i++, n++) {
		if (listener_take(m, &m->coming.binds[i], &fresh[n],
		    &from[n]) == -1)
			break;
	}
	if (i < m->coming.n_binds) {
		/* Undo: the old sockets return to their places. */
		while (n-- > 0) {
			if (from[n] == LISTENER_NEW)
				close(fresh[n].fd);
			else
				m->listeners[from[n]].fd = fresh[n].fd;
		}
		return -1;
	}
	for (i = 0; i < m->n_listeners; i++) {
		if (m->listeners[i].fd != -1)
			close(m->listeners[i].fd);
	}
	for (i = 0; i < n; i++) {
		if (from[i] == LISTENER_NEW)
			listener_announce(&fresh[i]);
	}
	memcpy(m->listeners, fresh, n * sizeof(*fresh));
	m->n_listeners = n;
	return 0;
}

static int
make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			log_warn("cannot make the folder %s", path);
		*slash = '/';
	}
	return mkdir(path, 0700);
}

static int
plan_folder(struct master *m, struct control_folder *f)
{
	struct stat st;
	int fd, result = -1;

	if (f->path[0] != '/') {
		log_errorx("the folder %s must be an absolute path", f->path);
		return -1;
	}
	if (make_folders(f->path) == -1 && errno != EEXIST) {
		log_errorx("cannot make the folder %s: %s", f->path,
		    strerror(errno));
		return -1;
	}
	fd = open(f->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		log_errorx("cannot use the folder %s: %s", f->path,
		    strerror(errno));
		goto out;
	}
	if (m->users.change && (st.st_uid != m->users.uid[f->owner] ||
	    st.st_gid != m->users.gid[f->owner]) &&
	    fchown(fd, m->users.uid[f->owner], m->users.gid[f->owner]) == -1) {
		log_errorx("cannot give the folder %s to its role: %s",
		    f->path, strerror(errno));
		goto out;
	}
	/* Logs are for people to read; the spool is for nobody. */
	if (f->owner == ROLE_LOGGER && (st.st_mode & 0055) != 0055)
		fchmod(fd, 0755);
	result = 0;
out:
	if (fd != -1)
		close(fd);
	return result;
}

int
plan_apply(struct master *m)
{
	unsigned i;

	for (i = 0; i < m->coming.n_folders; i++) {
		if (plan_folder(m, &m->coming.folders[i]) != 0)
			return -1;
	}
	if (plan_bind(m) != 0)
		return -1;
	plan_clear(&m->plan);
	m->plan = m->coming;
	m->coming = (struct plan){ .config_fd = -1 };
	m->epoch++;
	return 0;
}
