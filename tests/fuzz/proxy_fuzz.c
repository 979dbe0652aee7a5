/* SPDX-License-Identifier: Apache-2.0 */
/* PROXY headers: within their limits, and a longer read changes no answer. */
#include <assert.h>
#include <string.h>

#include "lib/mail/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy whole, part;
	const char *why;
	size_t used, used_part, n;
	enum parse rc, rc_part;

	rc = proxy_parse(span_make(data, size), &whole, &used, &why);
	assert(rc != PARSE_BAD || why != NULL);
	assert(rc != PARSE_MORE || size < PROXY_V2_MAX);
	assert(rc != PARSE_DONE || (used <= size && used <= PROXY_V2_MAX));
	for (n = 0; n < size && n <= PROXY_V2_MAX; n++) {
		rc_part = proxy_parse(span_make(data, n), &part, &used_part,
		    &why);
		if (rc_part == PARSE_MORE)
			continue;
		assert(rc_part == rc);
		if (rc == PARSE_DONE) {
			assert(used == used_part);
			assert(whole.has_addresses == part.has_addresses);
			assert(ip_eq(&whole.source, &part.source));
		}
	}
	return 0;
}
