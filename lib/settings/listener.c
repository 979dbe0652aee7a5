/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/listener.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/settings/option_kind.h"

static const char *const line_endings_names[] = {
	"Deny", "Allow", "Fix", NULL,
};

static const char *const batch_handling_names[] = {
	"BifurcateAlways", "BatchByDomain", NULL,
};

static const struct option_row trace_headers_rows[] = {
#define OPTIONS "lib/settings/trace_headers.def"
#define OPTION_OF struct trace_headers
#include "lib/settings/option_rows.h"
};

const struct option_table trace_headers_table =
    OPTION_TABLE("kumo.start_esmtp_listener trace_headers",
	struct trace_headers, trace_headers_rows);

static const struct option_row listener_rows[] = {
#define OPTIONS "lib/settings/listener.def"
#define OPTION_OF struct listener
#include "lib/settings/option_rows.h"
};

const struct option_table listener_table =
    OPTION_TABLE("kumo.start_esmtp_listener", struct listener, listener_rows);

/* ---- reading ------------------------------------------------------------ */

/* What only the listener as a whole can have. */
static int
listener_partial_check(const struct listener *l, int line,
    struct problems *problems)
{
	static const char *const top[] = { "listen", "max_connections" };
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(*top); i++) {
		if (!option_is_set(&listener_table, l, top[i]))
			continue;
		problem_add(problems, line, "option '%s' of %s stands at the "
		    "top only, not in peer, via or an event's answer", top[i],
		    listener_table.of);
		return -1;
	}
	return 0;
}

static int
listener_partial_at(struct listener *l, const struct value *map,
    struct problems *problems, unsigned depth)
{
	listener_defaults(l);
	if (option_fill_at(&listener_table, l, map, NULL, problems,
	    depth) == 0 &&
	    listener_partial_check(l, map->line, problems) == 0)
		return 0;
	listener_free(l);
	return -1;
}

int
listener_read_partial(struct listener *l, const struct value *map,
    struct problems *problems)
{
	return listener_partial_at(l, map, problems, 0);
}

static bool
key_given(const struct key_source *key)
{
	return key->path != NULL || key->data != NULL;
}

int
listener_check(const struct listener *l, int line, struct problems *problems)
{
	if (key_given(&l->tls_certificate) == key_given(&l->tls_private_key))
		return 0;
	problem_add(problems, line, "tls_certificate and tls_private_key of "
	    "%s need each other", listener_table.of);
	return -1;
}

int
listener_read(struct listener *l, const struct value *map,
    struct problems *problems)
{
	if (option_read(&listener_table, l, map, problems) != 0)
		return -1;
	if (listener_check(l, map->line, problems) == 0)
		return 0;
	listener_free(l);
	return -1;
}

/* ---- OVERLAYS ----------------------------------------------------------- */

static bool
overlays_have(const struct listener_overlays *list, const struct cidr *net)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (list->v[i].net.bits == net->bits &&
		    ip_eq(&list->v[i].net.net, &net->net))
			return true;
	}
	return false;
}

static struct listener_overlay *
overlays_add(struct listener_overlays *list, const struct cidr *net)
{
	struct listener_overlay *one;

	list->v = xreallocarray(list->v, list->n + 1, sizeof(*list->v));
	one = &list->v[list->n++];
	one->net = *net;
	memset(&one->params, 0, sizeof(one->params));
	return one;
}

static int
overlays_read_one(const struct option_at *at, struct listener_overlays *list,
    const struct value_pair *pair)
{
	struct listener params;
	struct cidr net;

	if (cidr_parse(span_of(pair->key), &net) != 0) {
		option_problem(at, pair->line, "'%.60s' is no address or "
		    "network, such as 10.0.0.0/8 or ::1", pair->key);
		return -1;
	}
	if (overlays_have(list, &net)) {
		option_problem(at, pair->line, "network '%.60s' is there "
		    "twice", pair->key);
		return -1;
	}
	if (listener_partial_at(&params, pair->value, at->problems,
	    at->depth + 1) != 0)
		return -1;
	overlays_add(list, &net)->params = params;
	return 0;
}

static enum option_read
overlays_read(const struct option_at *at, void *field, const struct value *v)
{
	bool wrong = false;
	size_t n, i;

	if (!option_is_map(v, &n))
		return OPTION_READ_WRONG;
	if (at->depth >= LISTENER_DEPTH_MAX) {
		option_problem(at, v->line, "nested too deep");
		return OPTION_READ_TOLD;
	}
	for (i = 0; i < n; i++) {
		if (overlays_read_one(at, field, &v->u.map.v[i]) != 0)
			wrong = true;
	}
	return wrong ? OPTION_READ_TOLD : OPTION_READ_OK;
}

static void
overlays_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct listener_overlays *list = field;
	size_t i;

	(void)row;
	put_u32(b, (uint32_t)list->n);
	for (i = 0; i < list->n; i++) {
		ip_put(b, &list->v[i].net.net);
		put_u8(b, list->v[i].net.bits);
		option_put(&listener_table, b, &list->v[i].params);
	}
}

static void
overlays_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	uint32_t n = reader_count(r, 4 + sizeof(struct option_set));
	struct cidr net;

	(void)row;
	for (; n > 0 && reader_ok(r); n--) {
		ip_get(r, &net.net);
		net.bits = reader_u8(r);
		if (!reader_ok(r) || net.net.family == IP_NONE ||
		    net.bits > (net.net.family == IP_V4 ? 32 : 128)) {
			reader_fail(r);
			return;
		}
		option_get_at(&listener_table, r,
		    &overlays_add(field, &net)->params, depth + 1);
	}
}

static void
overlays_free(const struct option_row *row, void *field)
{
	struct listener_overlays *list = field;
	size_t i;

	(void)row;
	for (i = 0; i < list->n; i++)
		listener_free(&list->v[i].params);
	free(list->v);
}

/* Only what is set counts there. */
static void
overlay_json(struct jout *j, const struct listener *params)
{
	const struct option_row *r;
	size_t i;

	jout_object(j);
	for (i = 0; i < listener_table.n; i++) {
		if (!option_bit(&listener_table, params, i))
			continue;
		r = &listener_table.rows[i];
		jout_key(j, span_of(r->name));
		r->kind->json(r, j, (const uint8_t *)params + r->offset);
	}
	jout_object_end(j);
}

static void
overlays_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct listener_overlays *list = field;
	char text[IP_TEXT_MAX];
	size_t i;

	(void)row;
	jout_object(j);
	for (i = 0; i < list->n; i++) {
		jout_key(j, span_of(cidr_format(&list->v[i].net, text)));
		overlay_json(j, &list->v[i].params);
	}
	jout_object_end(j);
}

const struct option_kind option_kind_OVERLAYS = {
	.name = "overlays", .wanted = "a map from network to options",
	.example = "{\"10.0.0.0/8\": {max_message_size: \"50 MiB\"}}",
	.read = overlays_read, .put = overlays_put, .get = overlays_get,
	.free = overlays_free, .json = overlays_json,
};

/* ---- resolving ---------------------------------------------------------- */

/* The narrowest network that has the address. */
static const struct listener *
overlays_find(const struct listener_overlays *list, const struct ip *ip)
{
	const struct listener_overlay *best = NULL;
	size_t i;

	if (ip == NULL)
		return NULL;
	for (i = 0; i < list->n; i++) {
		if (cidr_has(&list->v[i].net, ip) &&
		    (best == NULL || list->v[i].net.bits > best->net.bits))
			best = &list->v[i];
	}
	return best == NULL ? NULL : &best->params;
}

/* Key by key; the array is out's own, what it points to is not. */
static void
meta_merge(struct metas *out, const struct metas *over)
{
	size_t i, k;

	if (over->n == 0)
		return;
	out->v = xreallocarray(out->v, out->n + over->n, sizeof(*out->v));
	for (i = 0; i < over->n; i++) {
		for (k = 0; k < out->n; k++) {
			if (strcmp(out->v[k].key, over->v[i].key) == 0)
				break;
		}
		out->v[k] = over->v[i];
		if (k == out->n)
			out->n++;
	}
}

static void
listener_nested(struct listener *out, const struct listener *from,
    const struct ip *peer, const struct ip *via)
{
	const struct listener *params;

	params = overlays_find(&from->peer, peer);
	if (params != NULL)
		listener_apply(out, params, peer, via);
	params = overlays_find(&from->via, via);
	if (params != NULL)
		listener_apply(out, params, peer, via);
}

void
listener_apply(struct listener *resolved, const struct listener *partial,
    const struct ip *peer, const struct ip *via)
{
	struct metas meta = resolved->meta;

	option_overlay(&listener_table, resolved, partial);
	resolved->meta = meta;
	meta_merge(&resolved->meta, &partial->meta);
	resolved->peer = (struct listener_overlays){ 0 };
	resolved->via = (struct listener_overlays){ 0 };
	listener_nested(resolved, partial, peer, via);
}

void
listener_resolve(const struct listener *l, const struct ip *peer,
    const struct ip *via, struct listener *out)
{
	*out = *l;
	out->meta = (struct metas){ 0 };
	meta_merge(&out->meta, &l->meta);
	out->peer = (struct listener_overlays){ 0 };
	out->via = (struct listener_overlays){ 0 };
	listener_nested(out, l, peer, via);
}

void
listener_unresolve(struct listener *out)
{
	free(out->meta.v);
	memset(out, 0, sizeof(*out));
}

/* ---- the rest ----------------------------------------------------------- */

void
listener_defaults(struct listener *l)
{
	option_defaults(&listener_table, l);
}

void
listener_put(struct buf *b, const struct listener *l)
{
	option_put(&listener_table, b, l);
}

void
listener_get(struct reader *r, struct listener *l)
{
	option_get(&listener_table, r, l);
}

void
listener_free(struct listener *l)
{
	option_free(&listener_table, l);
}
