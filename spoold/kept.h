/* SPDX-License-Identifier: Apache-2.0 */
/* Work that has been taken and must be done, as the bytes it came in. */
#ifndef SPOOLD_KEPT_H
#define SPOOLD_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/ipc/channel.h"

struct kept {
	struct kept *next;
	enum message type;
	struct channel *from; /* NULL when it is gone */
	uint64_t request;
	int fd;               /* of a body, or -1 */
	size_t len;
	uint8_t bytes[];
};

struct kept *kept_new(enum message type, struct channel *from,
    uint64_t request, struct span bytes, int fd);
void kept_free(struct kept *k);

#endif
