/* SPDX-License-Identifier: Apache-2.0 */
#include "master/plan.h"

#include <dirent.h>
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
#include "lib/io/sealed.h"
#include "lib/io/sock.h"
#include "lib/ipc/tally.h"
#include "master/children.h"
#include "master/master.h"

enum { LISTEN_BACKLOG = 1024 };

static void
plan_clear(struct plan *p)
{
	unsigned i;

	for (i = 0; i < p->n_folders; i++)
		free(p->folders[i].path);
	for (i = 0; i < p->n_keys; i++) {
		if (p->keys[i].list_fd != -1)
			close(p->keys[i].list_fd);
		if (p->keys[i].fd != -1)
			close(p->keys[i].fd);
	}
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
	/* Only these two keep files in a folder that master makes. */
	if (reader_ok(r) && p->folders[p->n_folders - 1].owner != ROLE_SPOOLD &&
	    p->folders[p->n_folders - 1].owner != ROLE_LOGGER)
		reader_fail(r);
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

/* Who may have keys at all is not the loader's to say. */
static bool
has_keys(enum role role)
{
	return role == ROLE_SMTPD || role == ROLE_OUT;
}

static void
on_keys(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;
	struct control_keys k;
	unsigned i;

	(void)ch;
	(void)id;
	control_keys_get(r, &k);
	for (i = 0; i < p->n_keys && p->keys[i].role != k.role; i++)
		;
	if (i < p->n_keys || i == PLAN_KEYS_MAX || !has_keys(k.role))
		reader_fail(r);
	if (!reader_end(r)) {
		close(fd);
		return;
	}
	p->keys[p->n_keys++] = (struct plan_keys){ .role = k.role,
		.list_fd = fd, .list_len = k.len, .fd = -1 };
}

static void
on_done(void *arg, struct channel *ch, uint64_t id, struct reader *r, int fd)
{
	struct plan *p = &((struct master *)arg)->coming;
	struct control_setup s;

	(void)ch;
	(void)id;
	control_setup_get(r, &s);
	if (p->config_fd != -1)
		reader_fail(r);
	if (!reader_end(r)) {
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
	{ MSG_PLAN_KEYS, on_keys },
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
	char *argv[14];
	int n = 0, fd;

	plan_clear(&m->coming);
	m->loading = true;
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
	if (m->syslog != NULL)
		argv[n++] = xasprintf("--syslog=%s", m->syslog);
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
	bool broke;

	channel_drain(m->loader);
	broke = channel_broke(m->loader);
	channel_close(&m->loader);
	m->loader_pid = 0;
	if (broke || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return false;
	if (m->coming.config_fd == -1) {
		log_warnx("the loader ended without a configuration");
		return false;
	}
	/* It must be all there, and stay so while the children read it. */
	if (!sealed_is_whole(m->coming.config_fd, m->coming.config_len)) {
		log_warnx("the loader's configuration is not sealed or not "
		    "whole");
		return false;
	}
	return true;
}

enum { LISTENER_NEW = -1, LISTENER_FAILED = -2 };

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

static bool
row_is_taken(const struct master *m, const struct listener_socket *fresh,
    unsigned n, uint32_t row)
{
	unsigned i;

	for (i = 0; i < m->n_listeners; i++) {
		if (m->listeners[i].row == row)
			return true;
	}
	for (i = 0; i < n; i++) {
		if (fresh[i].row == row)
			return true;
	}
	return false;
}

/*
 * A row of the tally for a new socket, best one where no session is left of
 * the socket that had it before. There are more rows than sockets of two plans,
 * so there is always one.
 */
static uint32_t
row_choose(const struct master *m, const struct listener_socket *fresh,
    unsigned n)
{
	uint32_t row, free_row = 0;

	for (row = TALLY_ROWS; row-- > 0;) {
		if (row_is_taken(m, fresh, n, row))
			continue;
		free_row = row;
		if (tally_look(m->tally, 0, row).sessions == 0)
			break;
	}
	return free_row;
}

/*
 * A socket for this bind: that of an earlier plan for the same address, whose
 * place (then empty) is returned, or a new one.
 */
static int
listener_take(struct master *m, const struct control_bind *b,
    struct listener_socket *out)
{
	char where[IP_TEXT_MAX];
	struct listener_socket *l;
	unsigned i;

	for (i = 0; i < m->n_listeners; i++) {
		l = &m->listeners[i];
		if (!listener_is_at(l, b))
			continue;
		*out = *l;
		out->index = b->index;
		out->asked = b->at;
		l->fd = -1;
		return (int)i;
	}
	*out = (struct listener_socket){ .kind = b->kind, .index = b->index,
		.asked = b->at };
	out->fd = sock_listen(&b->at, LISTEN_BACKLOG);
	if (out->fd != -1)
		return LISTENER_NEW;
	log_errorx("cannot listen on %s: %s%s",
	    ip_port_format(&b->at, where), strerror(errno),
	    errno == EACCES ? " (ports below 1024 need a start as "
	    "root)" : errno == EADDRINUSE ? " (another server has "
	    "this port: stop it or choose another)" : "");
	return LISTENER_FAILED;
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

/* Back to where they were; what is new is closed. */
static void
listeners_return(struct master *m, const struct listener_socket *fresh,
    const int *from, unsigned n)
{
	while (n-- > 0) {
		if (from[n] == LISTENER_NEW)
			close(fresh[n].fd);
		else
			m->listeners[from[n]].fd = fresh[n].fd;
	}
}

static int
plan_bind(struct master *m)
{
	struct listener_socket fresh[MASTER_LISTENERS_MAX];
	int from[MASTER_LISTENERS_MAX];
	unsigned i, n;

	for (n = 0; n < m->coming.n_binds; n++) {
		from[n] = listener_take(m, &m->coming.binds[n], &fresh[n]);
		if (from[n] == LISTENER_FAILED) {
			listeners_return(m, fresh, from, n);
			return -1;
		}
		if (from[n] == LISTENER_NEW)
			fresh[n].row = row_choose(m, fresh, n);
	}
	for (i = 0; i < m->n_listeners; i++) {
		if (m->listeners[i].fd != -1)
			close(m->listeners[i].fd);
	}
	for (i = 0; i < n; i++) {
		if (from[i] == LISTENER_NEW)
			listener_announce(&fresh[i]);
		m->listeners[i] = fresh[i];
	}
	m->n_listeners = n;
	return 0;
}

/* Nothing in it? An unreadable folder counts as full. */
static bool
folder_is_empty(int fd)
{
	DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC));
	const struct dirent *e;
	bool empty = dir != NULL;

	while (empty && (e = readdir(dir)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return empty;
}

/*
 * Hand a folder to the account of its role. The name comes from a process
 * that runs policies: what others use already stays theirs.
 */
static int
folder_give(struct master *m, const struct control_folder *f, int fd,
    const struct stat *st)
{
	uid_t uid = m->users.uid[f->owner];
	gid_t gid = m->users.gid[f->owner];

	if (!m->users.change || (st->st_uid == uid && st->st_gid == gid))
		return 0;
	if (st->st_uid != uid && !folder_is_empty(fd)) {
		log_errorx("the folder %s belongs to uid %u and is not empty: "
		    "name another, or give it to uid %u with chown", f->path,
		    (unsigned)st->st_uid, (unsigned)uid);
		return -1;
	}
	if (fchown(fd, uid, gid) == -1) {
		log_errorx("cannot give the folder %s to its role: %s",
		    f->path, strerror(errno));
		return -1;
	}
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
	if (folder_give(m, f, fd, &st) != 0)
		goto out;
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
