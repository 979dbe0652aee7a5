/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/keys.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/checksum.h"
#include "lib/base/log.h"
#include "lib/base/wire.h"
#include "lib/io/tls_pem.h"
#include "lib/io/tls_server.h"
#include "lib/settings/key_list.h"
#include "lib/settings/listener.h"

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
 * parsed here, and then *own_out is to be freed. False: the file is not known.
 */
static bool
source_pem(const struct keys *k, const struct key_source *s,
    const struct tls_pem **out, struct tls_pem **own_out)
{
	*out = *own_out = NULL;
	if (s->data != NULL)
		*out = *own_out = tls_pem_read(span_make(s->data,
		    s->data_len));
	else if (s->path != NULL)
		*out = map_get(&k->pems, span_of(s->path));
	return s->path == NULL || *out != NULL;
}

static struct keys_server *
server_make(const struct keys *k, const struct listener *p,
    struct span hostname)
{
	struct keys_server *made = xcalloc(1, sizeof(*made));
	struct tls_server_opts o = { .hostname = hostname };
	struct tls_pem *own[3];
	char *why = NULL;
	bool known;
	size_t i;

	known = source_pem(k, &p->tls_certificate, &o.chain, &own[0]);
	known = source_pem(k, &p->tls_private_key, &o.key, &own[1]) && known;
	known = source_pem(k, &p->tls_required_client_ca, &o.client_ca,
	    &own[2]) && known;
	if (known && (o.chain == NULL) == (o.key == NULL))
		made->tls = tls_server_new(&o, &why);
	if (made->tls == NULL)
		log_warnx("tls hostname=%.*s is not offered reason=\"%s\"",
		    SPAN_FMT(hostname), why != NULL ? why : !known ?
		    "a key file was not named when the configuration was "
		    "loaded" : "tls_certificate and tls_private_key need each "
		    "other");
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
pem_free(void *arg)
{
	struct tls_pem *pem = arg;

	tls_pem_free(&pem);
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
	map_free(&k->servers, server_free);
	map_free(&k->pems, pem_free);
}
