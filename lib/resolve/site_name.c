/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/resolve/site_name.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

enum { SITE_HASH = 16, SITE_NAME_SHOWN = 900 };

struct host_labels {
	struct span v[SITE_LABELS_MAX]; /* the rightmost first */
	size_t n;
};

static void
split(struct span host, struct host_labels *out)
{
	size_t end = host.len, start;

	out->n = 0;
	if (end > 0 && host.p[end - 1] == '.')
		end--;
	while (end > 0 && out->n < SITE_LABELS_MAX) {
		for (start = end; start > 0 && host.p[start - 1] != '.';
		    start--)
			;
		out->v[out->n++] = span_make(host.p + start, end - start);
		end = start > 0 ? start - 1 : 0;
	}
}

/* The label of a host in a column was seen in a host before it. */
static bool
seen_before(const struct host_labels *hosts, size_t i, size_t column)
{
	size_t k;

	for (k = 0; k < i; k++) {
		if (hosts[k].n > column &&
		    span_eq(hosts[k].v[column], hosts[i].v[column]))
			return true;
	}
	return false;
}

static void
put_column(struct buf *out, const struct host_labels *hosts, size_t n,
    size_t column, uint16_t port)
{
	size_t i, labels = 0, first = 1;
	bool missing = false;

	for (i = 0; i < n; i++) {
		if (hosts[i].n <= column)
			missing = true;
		else if (!seen_before(hosts, i, column))
			labels++;
	}
	if (labels > 1)
		buf_add_byte(out, '(');
	for (i = 0; i < n; i++) {
		if (hosts[i].n <= column || seen_before(hosts, i, column))
			continue;
		if (!first)
			buf_add_byte(out, '|');
		first = 0;
		buf_add_span(out, hosts[i].v[column]);
		if (column == 0 && port != 0)
			buf_addf(out, ":%u", port);
	}
	if (labels > 1)
		buf_add_byte(out, ')');
	if (missing)
		buf_add_byte(out, '?');
}

/* Cut at a length that leaves it readable, and unlike any other name. */
static void
put_short(struct buf *out, struct span name, const struct span *hosts,
    size_t n)
{
	crypto_generichash_state state;
	uint8_t hash[SITE_HASH];
	size_t i;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	for (i = 0; i < n; i++) {
		crypto_generichash_update(&state, (const uint8_t *)hosts[i].p,
		    hosts[i].len);
		crypto_generichash_update(&state, (const uint8_t *)"", 1);
	}
	crypto_generichash_final(&state, hash, sizeof(hash));
	buf_add(out, name.p, SITE_NAME_SHOWN);
	buf_add_str(out, "..#");
	for (i = 0; i < sizeof(hash); i++)
		buf_addf(out, "%02x", hash[i]);
}

void
site_name_put(struct buf *out, const struct span *hosts, size_t n,
    uint16_t port)
{
	struct host_labels *split_hosts;
	struct buf name = { .base = NULL };
	size_t i, width = 0;

	if (n > SITE_HOSTS_MAX)
		n = SITE_HOSTS_MAX;
	split_hosts = xcalloc(n, sizeof(*split_hosts));
	for (i = 0; i < n; i++) {
		split(hosts[i], &split_hosts[i]);
		if (split_hosts[i].n > width)
			width = split_hosts[i].n;
	}
	while (width-- > 0) {
		put_column(&name, split_hosts, n, width, port);
		if (width > 0)
			buf_add_byte(&name, '.');
	}
	if (buf_len(&name) <= SITE_NAME_MAX)
		buf_add_span(out, buf_span(&name));
	else
		put_short(out, buf_span(&name), hosts, n);
	buf_free(&name);
	free(split_hosts);
}
