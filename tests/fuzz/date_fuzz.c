/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and spans of time: what is read is written and read as the same. */
#include <assert.h>
#include <stddef.h>

#include "lib/base/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct moment *m, bool sub_seconds)
{
	char text[DATE_TEXT_MAX];
	struct moment again;
	const char *why;

	assert(m->s >= DATE_MIN && m->s <= DATE_MAX && m->ns < 1000000000);
	assert(date_parse_rfc3339(span_of(date_rfc3339(m, text)), &again,
	    &why) == 0);
	assert(again.s == m->s && again.ns == m->ns);
	assert(sub_seconds || m->ns == 0);
	assert(date_parse_rfc5322(span_of(date_rfc5322(m, text)), &again,
	    &why) == 0);
	assert(again.s == m->s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_make(data, size);
	struct buf out = { .base = NULL };
	char text[DURATION_TEXT_MAX];
	struct moment m = { 0, 0 }, again;
	const char *why = NULL;

	if (date_parse_rfc3339(in, &m, &why) == 0)
		check(&m, true);
	else
		assert(why != NULL);
	date_format(&m, in, &out);
	buf_free(&out);
	if (date_parse_rfc5322(in, &m, &why) == 0)
		check(&m, false);
	if (duration_parse(in, &m) == 0) {
		assert(m.s >= 0 && m.ns < 1000000000);
		assert(duration_parse(span_of(duration_format(&m, text)),
		    &again) == 0);
		assert(again.s == m.s && again.ns == m.ns);
	}
	return 0;
}
