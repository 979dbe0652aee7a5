/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>

#include "lib/dns/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT,
		DNS_TLSA, DNS_CNAME, DNS_SOA };
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;
	struct dns_record r;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		dns_message_read(span_make(data, size), types[i], &a, &arena);
		dns_rdata_read(span_make(data, size), 0, size, types[i], &r,
		    &arena);
		arena_reset(&arena);
	}
	arena_free(&arena);
	return 0;
}
