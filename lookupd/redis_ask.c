/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/redis_ask.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"
#include "lookupd/redis.h"

static void
on_done(void *arg, struct redis_reply *reply, const char *error)
{
	struct ask *a = arg;
	struct value *v;

	if (reply == NULL) {
		ask_fail(a, "%s", error);
		return;
	}
	v = reply->value;
	reply->value = NULL;
	ask_answer(a, v);
}

void
redis_ask_start(struct ask *a)
{
	const struct value *list = value_get(a->args, "words"), *v;
	size_t n = list == NULL || list->kind != VALUE_LIST ? 0 :
	    list->u.list.n, i;
	struct span *words = xcalloc(n + 1, sizeof(*words));
	struct redis_call *call;

	for (i = 0; i < n; i++) {
		v = list->u.list.v[i];
		words[i] = v->kind != VALUE_TEXT ? span_of(NULL) :
		    span_make(v->u.text.p, v->u.text.len);
	}
	call = redis_send(a->l->redis, ask_text(a, "server"), words, n,
	    on_done, a);
	free(words);
	/* Without a call the ask has ended. */
	if (call != NULL)
		a->work = call;
}

void
redis_ask_cancel(struct ask *a)
{
	if (a->work != NULL)
		redis_cancel(a->work);
}
