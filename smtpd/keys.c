/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/wire.h"
#include "lib/io/tls_server.h"
#include "lib/settings/suite.h"

enum { KEY_FILE_MAX = 1024 * 1024, KEY_READ = 16 * 1024 };

/* A context made of some bytes, or the knowledge that none can be made. */
struct keys_server {
	struct tls_server *tls;
};

static void
file_read(struct keys *k, const char *path)
{
	struct buf *b;
	ssize_t n;
	int fd;

	if (path == NULL || map_get(&k->files, span_of(path)) != NULL)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		log_warn("key file=%s cannot be read", path);
		return;
	}
	b = xcalloc(1, sizeof(*b));
	do {
		n = read(fd, buf_reserve(b, KEY_READ), KEY_READ);
		if (n > 0)
			buf_commit(b, (size_t)n);
	} while (n > 0 && buf_len(b) <= KEY_FILE_MAX);
	close(fd);
	if (n != 0) {
		log_warnx("key file=%s cannot be used: %s", path, n > 0 ?
		    "too long" : strerror(errno));
		buf_free(b);
		free(b);
		return;
	}
	map_set(&k->files, span_of(path), b);
}

/* Call visit for each key source of l and of what is inside it. */
static void
sources_visit(const struct listener *l, void (*visit)(void *arg,
    const char *path), void *arg)
{
	size_t i;

	visit(arg, l->tls_certificate.path);
	visit(arg, l->tls_private_key.path);
	visit(arg, l->tls_required_client_ca.path);
	for (i = 0; i < l->peer.n; i++)
		sources_visit(&l->peer.v[i].params, visit, arg);
	for (i = 0; i < l->via.n; i++)
		sources_visit(&l->via.v[i].params, visit, arg);
}

static void
visit_read(void *arg, const char *path)
{
	file_read(arg, path);
}

void
keys_read(struct keys *k, const struct suite *suite)
{
	size_t i;

	for (i = 0; i < suite->listeners.n; i++)
		sources_visit(&suite->listeners.v[i], visit_read, k);
}

static void
visit_check(void *arg, const char *path)
{
	const struct keys *k = arg;

	if (path != NULL && map_get(&k->files, span_of(path)) == NULL)
		log_warnx("key file=%s was not read at start: TLS with it "
		    "begins at the next start", path);
}

void
keys_check(const struct keys *k, const struct suite *suite)
{
	size_t i;

	for (i = 0; i < suite->listeners.n; i++)
		sources_visit(&suite->listeners.v[i], visit_check,
		    (void *)(uintptr_t)k);
}

/* False when the file was not read. */
static bool
source_bytes(const struct keys *k, const struct key_source *s,
    struct span *out)
{
	const struct buf *b;

	*out = SPAN_LIT("");
	if (s->data != NULL)
		*out = span_make(s->data, s->data_len);
	if (s->path == NULL)
		return true;
	b = map_get(&k->files, span_of(s->path));
	if (b == NULL)
		return false;
	*out = buf_span(b);
	return true;
}

static struct keys_server *
server_make(const struct keys *k, const struct listener *p,
    struct span hostname)
{
	struct keys_server *made = xcalloc(1, sizeof(*made));
	struct tls_server_opts o = { .hostname = hostname };
	char *why = NULL;

	if (!source_bytes(k, &p->tls_certificate, &o.certificate) ||
	    !source_bytes(k, &p->tls_private_key, &o.key) ||
	    !source_bytes(k, &p->tls_required_client_ca, &o.client_ca))
		why = xstrdup("a key file was not read");
	else
		made->tls = tls_server_new(&o, &why);
	if (made->tls == NULL)
		log_warnx("tls hostname=%.*s is not offered reason=\"%s\"",
		    SPAN_FMT(hostname), why);
	free(why);
	return made;
}

static void
name_put(struct buf *b, const struct key_source *s)
{
	put_str(b, s->path);
	put_bytes(b, s->data != NULL ? s->data : "", s->data_len);
}

struct tls_server *
keys_server(struct keys *k, const struct listener *p, struct span hostname)
{
	struct keys_server *server;
	struct buf name = { 0 };

	name_put(&name, &p->tls_certificate);
	name_put(&name, &p->tls_private_key);
	name_put(&name, &p->tls_required_client_ca);
	put_span(&name, hostname);
	server = map_get(&k->servers, buf_span(&name));
	if (server == NULL) {
		server = server_make(k, p, hostname);
		map_set(&k->servers, buf_span(&name), server);
	}
	buf_free(&name);
	return server->tls;
}

static void
file_free(void *arg)
{
	struct buf *b = arg;

	explicit_bzero(buf_data(b), buf_len(b));
	buf_free(b);
	free(b);
}

static void
server_free(void *arg)
{
	struct keys_server *s = arg;

	tls_server_free(&s->tls);
	free(s);
}

void
keys_free(struct keys *k)
{
	map_free(&k->files, file_free);
	map_free(&k->servers, server_free);
}
