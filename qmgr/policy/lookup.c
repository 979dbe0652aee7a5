/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/policy/lookup.h"

#include "lib/ipc/policy.h"
#include "lib/resolve/host.h"
#include "lib/resolve/mx.h"
#include "lib/resolve/resolver.h"
#include "qmgr/policy/policyd.h"
#include "qmgr/policy/question.h"

/* ---- mail exchangers ---------------------------------------------------- */

static void
on_mx(void *arg, const struct mx_answer *answer)
{
	struct question *q = arg;
	struct buf *out = question_answer(q);

	if (out != NULL)
		mx_answer_put(out, answer);
	question_sent(q);
}

void
lookup_on_ask_mx(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd)
{
	struct policyd *pd = arg;
	struct reader check = *body;
	struct arena arena = { .blocks = NULL };
	struct ask_mx asked;
	struct question *q;
	struct reader r;

	(void)fd;
	ask_mx_get(&check, &asked, &arena);
	arena_free(&arena);
	if (!reader_end(&check)) {
		reader_fail(body);
		return;
	}
	q = question_new(pd, ch, id, MSG_ASK_MX, MSG_MX_IS, body);
	reader_init(&r, q->body);
	ask_mx_get(&r, &asked, &q->arena);
	if (asked.n_mx_list != 0)
		mx_list_answer(asked.mx_list, asked.n_mx_list, on_mx, q);
	else
		mx_ask(pd->resolver->mx, asked.domain, on_mx, q);
}

/* ---- addresses of a host ------------------------------------------------ */

static void
on_host(void *arg, const struct host_result *result)
{
	struct question *q = arg;
	struct buf *out = question_answer(q);
	struct host_answer answer = {
		.ok = result->ok,
		.error = span_of(result->why),
		.is_secure = result->is_secure,
		.addrs = (struct ip *)result->addrs,
		.n = result->n,
		.ttl_ms = result->ttl_ms,
	};

	if (out != NULL)
		host_answer_put(out, &answer);
	question_sent(q);
}

void
lookup_on_ask_host(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd)
{
	struct policyd *pd = arg;
	struct reader check = *body;
	struct ask_host asked;
	struct question *q;
	struct reader r;

	(void)fd;
	ask_host_get(&check, &asked);
	if (!reader_end(&check)) {
		reader_fail(body);
		return;
	}
	q = question_new(pd, ch, id, MSG_ASK_HOST, MSG_HOST_IS, body);
	reader_init(&r, q->body);
	ask_host_get(&r, &asked);
	host_ask(pd->resolver->dns, asked.name, asked.want_v4, asked.want_v6,
	    on_host, q);
}
