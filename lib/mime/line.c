/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/line.h"

#include <string.h>

void
line_at(struct lines *l, size_t at, size_t *stop_out, size_t *next_out)
{
	const char *p = l->text.p, *found;
	size_t len = l->text.len, stop;

	if (at >= len) {
		*stop_out = *next_out = len;
		return;
	}
	/* A text whose lines end at CR is searched for an LF once. */
	if (l->next_lf < at || l->next_lf == 0) {
		found = memchr(p + at, '\n', len - at);
		l->next_lf = found != NULL ? (size_t)(found - p) : len;
	}
	found = memchr(p + at, '\r', l->next_lf - at);
	stop = found != NULL ? (size_t)(found - p) : l->next_lf;
	*stop_out = stop;
	if (stop < len && p[stop] == '\r')
		stop++;
	if (stop < len && p[stop] == '\n')
		stop++;
	*next_out = stop;
}
