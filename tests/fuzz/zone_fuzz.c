/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>

#include "lib/dns/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zones z = { .records = 0 };
	struct arena arena = { .blocks = NULL };
	struct dns_answer a;
	const char *why;
	int line;

	zones_add(&z, span_make(data, size), true, &line, &why);
	zones_ask(&z, "example.com", DNS_MX, &a, &arena);
	zones_ask(&z, "one.example.com", DNS_A, &a, &arena);
	arena_free(&arena);
	zones_free(&z);
	return 0;
}
