/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/kept.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"

struct kept *
kept_new(enum message type, struct channel *from, uint64_t request,
    struct span bytes, int fd)
{
	struct kept *k = xmalloc(sizeof(*k) + bytes.len);

	*k = (struct kept){ .type = type, .from = from, .request = request,
		.fd = fd, .len = bytes.len };
	if (bytes.len != 0)
		memcpy(k->bytes, bytes.p, bytes.len);
	return k;
}

void
kept_free(struct kept *k)
{
	if (k->fd != -1)
		close(k->fd);
	free(k);
}
