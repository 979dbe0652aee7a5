/* SPDX-License-Identifier: Apache-2.0 */
/* A server's answer to a WebSocket's handshake, whole and cut short. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/web/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { .blocks = NULL };
	struct upgrade u;
	const char *why;

	if (upgrade_read(span_make(data, size), &a, &u, &why) == PARSE_DONE) {
		upgrade_refusal(&u, "dGhlIHNhbXBsZSBub25jZQ==");
		/* One byte less is not enough. */
		if (u.len > size || upgrade_read(span_make(data, u.len - 1),
		    &a, &u, &why) == PARSE_DONE)
			abort();
	}
	arena_free(&a);
	return 0;
}
