/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/keys.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/checksum.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wire.h"
#include "lib/io/tls_pem.h"
#include "lib/io/tls_server.h"
#include "lib/settings/key_list.h"
#include "lib/settings/listener.h"

enum { SERVERS_MAX = 1024 }; /* more are a policy's; then all are dropped */

/* A context, or the knowledge that none can be made. */
struct keys_server {
	struct tls_server *tls;
};

void
keys_take(struct keys *k, const struct key_list *list)
{
	const struct key_item *item;
	size_t i;

	for (i = 0; i < list->n; i++) {
		item = &list->v[i];
		if (map_get(&k->pems, span_of(item->name)) == NULL)
			map_set(&k->pems, span_of(item->name),
			    tls_pem_read(span_make(item->p, item->len)));
	}
}

/*
 * What a source leads to: NULL where none is given. Text in the options is
 * parsed here, and then *own_out is to be freed. A file that is not known is
 * put into *unknown.
 */
static const struct tls_pem *
source_pem(const struct keys *k, const struct key_source *s,
    struct tls_pem **own_out, const char **unknown)
{
	const struct tls_pem *pem = NULL;

	*own_out = NULL;
	if (s->data != NULL)
		pem = *own_out = tls_pem_read(span_make(s->data,
		    s->data_len));
	else if (s->path != NULL) {
		pem = map_get(&k->pems, span_of(s->path));
		if (pem == NULL)
			*unknown = s->path;
	}
	return pem;
}

static struct keys_server *
server_make(const struct keys *k, const struct listener *p,
    struct span hostname)
{
	struct keys_server *made = xcalloc(1, sizeof(*made));
	struct tls_server_opts o = { .hostname = hostname };
	struct tls_pem *own[3];
	const char *unknown = NULL;
	char *why = NULL, file[256];
	size_t i;

	o.chain = source_pem(k, &p->tls_certificate, &own[0], &unknown);
	o.key = source_pem(k, &p->tls_private_key, &own[1], &unknown);
	o.client_ca = source_pem(k, &p->tls_required_client_ca, &own[2],
	    &unknown);
	if (unknown != NULL)
		why = xasprintf("the file %s was not known when the "
		    "configuration was loaded: name it in via of a listener, "
		    "too, and reload", text_printable(span_of(unknown), file,
		    sizeof(file)));
	else if ((o.chain == NULL) != (o.key == NULL))
		why = xstrdup("tls_certificate and tls_private_key need each "
		    "other");
	else
		made->tls = tls_server_new(&o, &why);
	if (made->tls == NULL)
		log_warnx("tls hostname=%.*s is not offered reason=\"%s\"",
		    SPAN_FMT(hostname), why);
	free(why);
	for (i = 0; i < 3; i++)
		tls_pem_free(&own[i]);
	return made;
}

/* No copy of a key's text stays in the table. */
static void
name_put(struct buf *b, const struct key_source *s)
{
	put_str(b, s->path);
	put_u64(b, s->data != NULL ? checksum(span_make(s->data,
	    s->data_len)) : 0);
}

static void
server_free(void *arg)
{
	struct keys_server *s = arg;

	tls_server_free(&s->tls);
	free(s);
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
		/* Sessions under way have what they need of it. */
		if (k->servers.count >= SERVERS_MAX)
			map_free(&k->servers, server_free);
		server = server_make(k, p, hostname);
		map_set(&k->servers, buf_span(&name), server);
	}
	buf_free(&name);
	return server->tls;
}

static void
pem_free(void *arg)
{
	struct tls_pem *pem = arg;

	tls_pem_free(&pem);
}

void
keys_free(struct keys *k)
{
	map_free(&k->servers, server_free);
	map_free(&k->pems, pem_free);
}
