/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/key_list.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

enum { NAME_MAX_LEN = 4096, WHERE_MAX_LEN = 8192 };

static struct key_item *
item_find(const struct key_list *l, struct span name)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (span_eq_str(name, l->v[i].name))
			return &l->v[i];
	}
	return NULL;
}

const struct key_item *
key_list_find(const struct key_list *l, struct span name)
{
	return item_find(l, name);
}

static struct key_item *
item_append(struct key_list *l)
{
	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	memset(&l->v[l->n], 0, sizeof(*l->v));
	return &l->v[l->n++];
}

uint32_t
key_list_add(struct key_list *l, struct span name, enum tls_pem_use use,
    bool guess, const char *where)
{
	struct key_item *item = item_find(l, name);

	if (item == NULL) {
		item = item_append(l);
		item->name = span_dup(name);
		item->where = xstrdup(where);
		item->guess = guess;
	} else if (item->guess && !guess) {
		free(item->where);
		item->where = xstrdup(where);
		item->guess = false;
	}
	item->uses |= (uint8_t)use;
	return (uint32_t)(item - l->v);
}

void
key_list_pair(struct key_list *l, uint32_t chain, uint32_t key,
    const char *where)
{
	size_t i;

	for (i = 0; i < l->n_pairs; i++) {
		if (l->pairs[i].chain == chain && l->pairs[i].key == key)
			return;
	}
	l->pairs = xreallocarray(l->pairs, l->n_pairs + 1,
	    sizeof(*l->pairs));
	l->pairs[l->n_pairs++] = (struct key_pair){ chain, key,
		xstrdup(where) };
}

static void
item_wipe(struct key_item *item)
{
	if (item->p != NULL)
		explicit_bzero(item->p, item->len);
	free(item->p);
	item->p = NULL;
	item->len = 0;
	item->known = false;
}

void
key_item_fill(struct key_item *item, struct span bytes)
{
	item_wipe(item);
	item->p = (uint8_t *)xmemdupz(bytes.p, bytes.len);
	item->len = bytes.len;
	item->known = true;
}

/* ---- between processes -------------------------------------------------- */

static void
item_put(struct buf *b, const struct key_item *item, bool all)
{
	put_str(b, item->name);
	put_str(b, all ? item->where : "");
	put_u8(b, all ? item->uses : 0);
	put_bool(b, all && item->guess);
	put_bool(b, item->known);
	put_span(b, span_make(item->p != NULL ? (const char *)item->p : "",
	    item->len));
}

static void
item_get(struct reader *r, struct key_item *item)
{
	struct span bytes;

	item->name = reader_str(r, NAME_MAX_LEN);
	item->where = reader_str(r, WHERE_MAX_LEN);
	item->uses = reader_u8(r);
	item->guess = reader_bool(r);
	item->known = reader_bool(r);
	bytes = reader_span(r, KEY_FILE_MAX);
	if (item->uses > (TLS_PEM_CHAIN | TLS_PEM_KEY |
	    TLS_PEM_AUTHORITIES) ||
	    (bytes.len > 0 && !item->known))
		reader_fail(r);
	if (reader_ok(r) && item->known)
		key_item_fill(item, bytes);
	else
		item->known = false;
}

static void
pair_put(struct buf *b, const struct key_pair *pair)
{
	put_u32(b, pair->chain);
	put_u32(b, pair->key);
	put_str(b, pair->where);
}

static void
pair_get(struct reader *r, struct key_pair *pair, size_t n)
{
	pair->chain = reader_u32(r);
	pair->key = reader_u32(r);
	pair->where = reader_str(r, WHERE_MAX_LEN);
	if (pair->chain >= n || pair->key >= n)
		reader_fail(r);
}

/* Room for all at once: a buffer that grows leaves copies behind. */
static void
reserve_all(struct buf *b, const struct key_list *l)
{
	size_t i, n = 64;

	for (i = 0; i < l->n; i++)
		n += strlen(l->v[i].name) + strlen(l->v[i].where) +
		    l->v[i].len + 64;
	for (i = 0; i < l->n_pairs; i++)
		n += strlen(l->pairs[i].where) + 64;
	buf_reserve(b, n);
}

void
key_list_put(struct buf *b, const struct key_list *l)
{
	size_t i;

	reserve_all(b, l);
	put_u32(b, (uint32_t)l->n);
	for (i = 0; i < l->n; i++)
		item_put(b, &l->v[i], true);
	put_u32(b, (uint32_t)l->n_pairs);
	for (i = 0; i < l->n_pairs; i++)
		pair_put(b, &l->pairs[i]);
}

void
key_list_put_known(struct buf *b, const struct key_list *l)
{
	uint32_t n = 0;
	size_t i;

	reserve_all(b, l);
	for (i = 0; i < l->n; i++)
		n += l->v[i].known;
	put_u32(b, n);
	for (i = 0; i < l->n; i++) {
		if (l->v[i].known)
			item_put(b, &l->v[i], false);
	}
	put_u32(b, 0);
}

void
key_list_get(struct reader *r, struct key_list *l)
{
	uint32_t n = reader_count(r, 15);

	*l = (struct key_list){ 0 };
	if (n > KEY_LIST_MAX)
		reader_fail(r);
	for (; n > 0 && reader_ok(r); n--)
		item_get(r, item_append(l));
	n = reader_count(r, 12);
	for (; n > 0 && reader_ok(r); n--) {
		l->pairs = xreallocarray(l->pairs, l->n_pairs + 1,
		    sizeof(*l->pairs));
		pair_get(r, &l->pairs[l->n_pairs++], l->n);
	}
}

void
key_list_free(struct key_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		item_wipe(&l->v[i]);
		free(l->v[i].name);
		free(l->v[i].where);
	}
	for (i = 0; i < l->n_pairs; i++)
		free(l->pairs[i].where);
	free(l->v);
	free(l->pairs);
	*l = (struct key_list){ 0 };
}
