/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/policy/site_name.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

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

void
site_name_put(struct buf *out, const struct span *hosts, size_t n,
    uint16_t port)
{
	struct host_labels *split_hosts;
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
		put_column(out, split_hosts, n, width, port);
		if (width > 0)
			buf_add_byte(out, '.');
	}
	free(split_hosts);
}
