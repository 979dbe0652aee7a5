/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes and paths: what parses is bounded, clean and parses again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
address_check(const struct address *a)
{
	struct address again;
	const char *why;
	size_t i;

	assert(a->local.len <= ADDRESS_LOCAL_MAX);
	assert(a->text.len <= ADDRESS_PATH_MAX - 2);
	assert(text_is_utf8(a->text));
	assert(a->has_8bit == text_has_8bit(a->text));
	for (i = 0; i < a->text.len; i++)
		assert((uint8_t)a->text.p[i] >= ' ' && a->text.p[i] != 0x7f);
	if (a->domain.len == 0)
		return;
	assert(a->text.len == a->local.len + 1 + a->domain.len);
	assert(address_parse(a->text, &again, &why) == 0);
	assert(address_same(a, &again) || a->has_8bit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct address a;
	const char *why;
	char *name;
	size_t used;

	if (address_parse(in, &a, &why) == 0) {
		assert(a.text.len == size);
		address_check(&a);
		if (domain_normalise(a.domain, &name) == 0) {
			assert(!text_has_8bit(span_of(name)));
			free(name);
		}
	}
	if (address_path_parse(in, ADDRESS_NULL_OK | ADDRESS_POSTMASTER_OK, &a,
	    &used, &why) == 0) {
		assert(used <= size && used <= ADDRESS_PATH_MAX);
		assert(data[0] == '<' && data[used - 1] == '>');
		address_check(&a);
	}
	return 0;
}
