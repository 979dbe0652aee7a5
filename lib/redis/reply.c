/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/redis/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct redis_replies {
	redisReader *reader;
	size_t bytes, values; /* of the reply being read */
	char *error;          /* the first one in it */
	const char *why;      /* nothing more can be read */
	char text[192];
};

/* ---- what the reader makes of a reply ----------------------------------- */

/* False when the reply is larger than any may be. */
static bool
count(struct redis_replies *r, size_t bytes)
{
	r->bytes += bytes;
	return ++r->values <= REDIS_REPLY_VALUES_MAX &&
	    r->bytes <= REDIS_REPLY_BYTES_MAX;
}

static void *
placed(const redisReadTask *task, struct value *v)
{
	if (task->parent != NULL)
		value_list_add(task->parent->obj, v);
	return v;
}

static void *
create_string(const redisReadTask *task, char *p, size_t len)
{
	struct redis_replies *r = task->privdata;

	if (!count(r, len))
		return NULL;
	if (task->type == REDIS_REPLY_ERROR && r->error == NULL)
		r->error = xmemdupz(p, len);
	return placed(task, value_text(0, span_make(p, len)));
}

static void *
create_array(const redisReadTask *task, int n)
{
	if (n < 0 || n > REDIS_REPLY_VALUES_MAX || !count(task->privdata, 0))
		return NULL;
	return placed(task, value_list(0));
}

static void *
create_integer(const redisReadTask *task, long long n)
{
	if (!count(task->privdata, 0))
		return NULL;
	return placed(task, value_int(0, n));
}

static void *
create_nil(const redisReadTask *task)
{
	if (!count(task->privdata, 0))
		return NULL;
	return placed(task, value_null(0));
}

static void
free_object(void *obj)
{
	struct value *v = obj;

	value_free(&v);
}

static redisReplyObjectFunctions functions = {
	create_string, create_array, create_integer, create_nil, free_object,
};

/* ---- replies ------------------------------------------------------------ */

struct redis_replies *
redis_replies_new(void)
{
	struct redis_replies *r = xcalloc(1, sizeof(*r));

	r->reader = redisReaderCreateWithFunctions(&functions);
	if (r->reader == NULL)
		abort();
	r->reader->privdata = r;
	return r;
}

void
redis_replies_free(struct redis_replies **rp)
{
	struct redis_replies *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	redisReaderFree(r->reader);
	free(r->error);
	free(r);
}

void
redis_replies_feed(struct redis_replies *r, struct span bytes)
{
	if (r->why == NULL && bytes.len > 0 &&
	    redisReaderFeed(r->reader, bytes.p, bytes.len) != REDIS_OK)
		r->why = "no memory for its reply";
}

static const char *
why_bad(struct redis_replies *r)
{
	if (r->values > REDIS_REPLY_VALUES_MAX ||
	    r->bytes > REDIS_REPLY_BYTES_MAX ||
	    strstr(r->reader->errstr, "memory") != NULL)
		return "its reply is larger than 16 MB or 200000 values";
	snprintf(r->text, sizeof(r->text), "it does not speak Redis' protocol "
	    "(%s)", r->reader->errstr);
	return r->text;
}

enum redis_read
redis_replies_next(struct redis_replies *r, struct redis_reply *out,
    const char **why_out)
{
	void *obj = NULL;

	memset(out, 0, sizeof(*out));
	if (r->why == NULL &&
	    redisReaderGetReply(r->reader, &obj) != REDIS_OK)
		r->why = why_bad(r);
	if (r->why == NULL && obj == NULL &&
	    r->reader->len - r->reader->pos > REDIS_REPLY_BYTES_MAX)
		r->why = "its reply is larger than 16 MB or 200000 values";
	*why_out = r->why;
	if (r->why != NULL)
		return REDIS_READ_BAD;
	if (obj == NULL)
		return REDIS_READ_MORE;
	out->value = obj;
	if (r->error != NULL) {
		value_free(&out->value);
		out->error = r->error;
		r->error = NULL;
	}
	r->bytes = r->values = 0;
	return REDIS_READ_REPLY;
}

void
redis_reply_free(struct redis_reply *reply)
{
	value_free(&reply->value);
	free(reply->error);
	reply->error = NULL;
}
