/* SPDX-License-Identifier: Apache-2.0 */
/* Queue names: written again they are read as the same. */
#include <assert.h>

#include "lib/mail/queue_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_name q, again;
	struct buf one = { 0 }, two = { 0 };
	struct span host;
	uint16_t port;

	if (queue_name_parse(span_make(data, size), &q) != 0)
		return 0;
	queue_name_put(&one, &q);
	assert(buf_len(&one) <= size);
	assert(queue_name_parse(buf_span(&one), &again) == 0);
	queue_name_put(&two, &again);
	assert(span_eq(q.domain, again.domain));
	/* A colon in a tenant alone makes a campaign of what is before it. */
	if (q.campaign.len != 0 || span_find(q.tenant, ':') < 0) {
		assert(span_eq(buf_span(&one), buf_span(&two)));
		assert(span_eq(q.campaign, again.campaign));
		assert(span_eq(q.tenant, again.tenant));
	}
	if (queue_name_target(&q, &host, &port) == 0)
		assert(host.len > 0);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
