/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/keys.h"

#include "lib/io/tls_pem.h"
#include "lib/settings/egress_path.h"
#include "lib/settings/key_list.h"

static void
pem_free(void *arg)
{
	struct tls_pem *pem = arg;

	tls_pem_free(&pem);
}

void
out_keys_take(struct out_keys *k, const struct key_list *list)
{
	const struct key_item *item;
	struct tls_pem *old;
	size_t i;

	map_free(&k->pems, pem_free);
	for (i = 0; i < list->n; i++) {
		item = &list->v[i];
		old = map_set(&k->pems, span_of(item->name),
		    tls_pem_read(span_make(item->p, item->len)));
		tls_pem_free(&old);
	}
}

static bool
is_known(const struct out_keys *k, const struct key_source *s)
{
	return s->path == NULL || map_get(&k->pems, span_of(s->path)) != NULL;
}

const char *
out_keys_unknown(const struct out_keys *k, const struct egress_path *path,
    const char **file_out)
{
	if (!is_known(k, &path->tls_certificate)) {
		*file_out = path->tls_certificate.path;
		return "tls_certificate";
	}
	if (!is_known(k, &path->tls_private_key)) {
		*file_out = path->tls_private_key.path;
		return "tls_private_key";
	}
	return NULL;
}

static const struct tls_pem *
source_pem(const struct out_keys *k, const struct key_source *s,
    struct tls_pem **own_out)
{
	if (s->data != NULL)
		return *own_out = tls_pem_read(span_make(s->data,
		    s->data_len));
	return s->path != NULL ? map_get(&k->pems, span_of(s->path)) : NULL;
}

void
out_keys_shown(const struct out_keys *k, const struct egress_path *path,
    struct shown *out)
{
	*out = (struct shown){ 0 };
	out->chain = source_pem(k, &path->tls_certificate, &out->own_chain);
	out->key = source_pem(k, &path->tls_private_key, &out->own_key);
}

void
shown_free(struct shown *s)
{
	tls_pem_free(&s->own_chain);
	tls_pem_free(&s->own_key);
}
