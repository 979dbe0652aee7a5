/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/suite_keys.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/checksum.h"
#include "lib/settings/key_list.h"
#include "lib/settings/suite.h"

enum { NOT_LISTED = -1 };

char *
suite_key_where(const struct key_source *source, const char *option,
    const char *table)
{
	if (source->file == NULL)
		return xasprintf("option '%s' of %s", option, table);
	if (source->line <= 0)
		return xasprintf("%s: option '%s' of %s", source->file, option,
		    table);
	return xasprintf("%s:%d: option '%s' of %s", source->file,
	    source->line, option, table);
}

/* Its place in the list, or NOT_LISTED; text moves there. */
static int64_t
take(struct key_list *out, struct key_source *source, enum tls_pem_use use,
    const char *option, const struct option_table *table)
{
	struct span text;
	uint32_t at;
	char *where;

	if (source->path == NULL && source->data == NULL)
		return NOT_LISTED;
	where = suite_key_where(source, option, table->of);
	text = span_make(source->data, source->data_len);
	/* Another text has another name, in the next configuration too. */
	if (source->data != NULL)
		source->path = xasprintf(KEY_HELD "%016llx",
		    (unsigned long long)checksum(text));
	at = key_list_add(out, span_of(source->path), use, false, where);
	free(where);
	if (source->data != NULL) {
		key_item_fill(&out->v[at], text);
		explicit_bzero(source->data, source->data_len);
		free(source->data);
		source->data = NULL;
		source->data_len = 0;
	}
	return at;
}

static void
pair(struct key_list *out, int64_t chain, int64_t key,
    const struct key_source *source, const struct option_table *table)
{
	char *where;

	if (chain == NOT_LISTED || key == NOT_LISTED)
		return;
	where = suite_key_where(source, "tls_private_key", table->of);
	key_list_pair(out, (uint32_t)chain, (uint32_t)key, where);
	free(where);
}

/* ---- listeners ----------------------------------------------------------- */

/*
 * What peer or via leave out is what they stand in has; one that has a half of
 * its own is checked with the other half of that.
 */
static void
listener_take(struct key_list *out, struct listener *l, int64_t chain,
    int64_t key)
{
	const struct option_table *t = &listener_table;
	int64_t own_chain = take(out, &l->tls_certificate, TLS_PEM_CHAIN,
	    "tls_certificate", t);
	int64_t own_key = take(out, &l->tls_private_key, TLS_PEM_KEY,
	    "tls_private_key", t);
	const struct key_source *named = own_key != NOT_LISTED ?
	    &l->tls_private_key : &l->tls_certificate;
	size_t i;

	take(out, &l->tls_required_client_ca, TLS_PEM_AUTHORITIES,
	    "tls_required_client_ca", t);
	if (own_chain != NOT_LISTED)
		chain = own_chain;
	if (own_key != NOT_LISTED)
		key = own_key;
	pair(out, chain, key, named, t);
	for (i = 0; i < l->peer.n; i++)
		listener_take(out, &l->peer.v[i].params, chain, key);
	for (i = 0; i < l->via.n; i++)
		listener_take(out, &l->via.v[i].params, chain, key);
}

static void
listeners_take(struct suite *s, struct key_list *out)
{
	size_t i;

	for (i = 0; i < s->listeners.n; i++)
		listener_take(out, &s->listeners.v[i], NOT_LISTED,
		    NOT_LISTED);
}

/* ---- delivery ------------------------------------------------------------ */

static void
paths_take(struct suite *s, struct key_list *out)
{
	const struct option_table *t = &egress_path_table;
	struct egress_path *p;
	int64_t chain, key;
	size_t i;

	for (i = 0; i < s->paths.n; i++) {
		p = &s->paths.v[i].path;
		chain = take(out, &p->tls_certificate, TLS_PEM_CHAIN,
		    "tls_certificate", t);
		key = take(out, &p->tls_private_key, TLS_PEM_KEY,
		    "tls_private_key", t);
		pair(out, chain, key, &p->tls_private_key, t);
	}
}

/* ---- scripts ------------------------------------------------------------- */

static bool
is_sure(const struct key_list *l, const char *name)
{
	const struct key_item *item = key_list_find(l, span_of(name));

	return item != NULL && !item->guess;
}

/* Sure names or guesses; not what the others have. */
static void
scripts_take(const struct key_list *from, bool guesses,
    const struct key_list *others, struct key_list *out)
{
	const struct key_item *item;
	size_t i;

	for (i = 0; i < from->n; i++) {
		item = &from->v[i];
		if (item->guess != guesses ||
		    (guesses && is_sure(others, item->name)))
			continue;
		if (item->uses & TLS_PEM_CHAIN)
			key_list_add(out, span_of(item->name), TLS_PEM_CHAIN,
			    guesses, item->where);
		if (item->uses & TLS_PEM_KEY)
			key_list_add(out, span_of(item->name), TLS_PEM_KEY,
			    guesses, item->where);
	}
}

/* As far as both halves are there. */
static void
scripts_pair(const struct key_list *from, struct key_list *out)
{
	const struct key_item *chain, *key;
	size_t i;

	for (i = 0; i < from->n_pairs; i++) {
		chain = key_list_find(out,
		    span_of(from->v[from->pairs[i].chain].name));
		key = key_list_find(out,
		    span_of(from->v[from->pairs[i].key].name));
		if (chain != NULL && key != NULL)
			key_list_pair(out, (uint32_t)(chain - out->v),
			    (uint32_t)(key - out->v), from->pairs[i].where);
	}
}

void
suite_keys(struct suite *s, struct key_list *listeners,
    struct key_list *delivery)
{
	const struct suite_script_keys *k = &s->script_keys;
	const struct key_list none = { 0 };

	listeners_take(s, listeners);
	paths_take(s, delivery);
	scripts_take(&k->listeners, false, &none, listeners);
	scripts_take(&k->delivery, false, &none, delivery);
	scripts_take(&k->listeners, true, delivery, listeners);
	scripts_take(&k->delivery, true, listeners, delivery);
	scripts_pair(&k->listeners, listeners);
	scripts_pair(&k->delivery, delivery);
}
