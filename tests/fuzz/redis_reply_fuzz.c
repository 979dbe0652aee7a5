/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's replies: the same whole and in pieces, within limits; each is also
 * taken for slots of a cluster and its error for a redirection. The whole is a
 * URL too. First byte: size of pieces.
 */
#include <assert.h>
#include <stdlib.h>

#include "lib/redis/command.h"
#include "lib/redis/reply.h"
#include "lib/redis/slots.h"
#include "lib/settings/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
reply_use(struct redis_reply *reply)
{
	struct redis_redirect to;
	struct redis_slots *s;

	assert((reply->value == NULL) != (reply->error == NULL));
	if (reply->error != NULL) {
		if (redis_redirect_read(span_of(reply->error), &to))
			assert(to.slot < REDIS_SLOTS && to.port > 0);
		free(redis_error_text(span_of(reply->error)));
	} else {
		s = redis_slots_read(reply->value, SPAN_LIT("asked"));
		redis_slots_free(&s);
	}
	redis_reply_free(reply);
}

/* How many replies came; *end_out: why no more. */
static size_t
replies_count(struct span in, size_t step, enum redis_read *end_out)
{
	struct redis_replies *r = redis_replies_new();
	struct redis_reply reply;
	struct span part;
	const char *why;
	size_t n = 0;

	do {
		part = span_make(in.p, in.len < step ? in.len : step);
		in = span_from(in, part.len);
		redis_replies_feed(r, part);
		while ((*end_out = redis_replies_next(r, &reply, &why)) ==
		    REDIS_READ_REPLY) {
			reply_use(&reply);
			n++;
		}
	} while (in.len > 0 && *end_out == REDIS_READ_MORE);
	redis_replies_free(&r);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum redis_read whole_end, end;
	struct redis_url url;
	const char *why;
	struct span in;
	size_t whole;

	if (size < 2)
		return 0;
	in = span_make(data + 1, size - 1);
	whole = replies_count(in, in.len, &whole_end);
	assert(replies_count(in, data[0] % 64 + 1U, &end) == whole);
	assert(end == whole_end);
	if (redis_url_parse(in, &url, &why) == 0) {
		assert(url.host != NULL && url.port > 0);
		redis_url_free(&url);
	} else
		assert(why != NULL);
	return 0;
}
