/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/policy/lookup.h"

#include <string.h>

#include "lib/dns/dns.h"
#include "lib/ipc/policy.h"
#include "lib/settings/suite.h"
#include "qmgr/policy/mx.h"
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
		mx_ask(pd->mx, asked.domain, on_mx, q);
}

/* ---- addresses of a host ------------------------------------------------ */

enum { HOST_ADDRESSES_MAX = 100, LITERAL_TTL_MS = 3600 * 1000,
	FAILURE_TTL_MS = 5000, NEGATIVE_TTL_MS = 60 * 1000 };

struct lookup {
	struct question *q;
	unsigned open; /* answers that must still come */
	unsigned failed;
	struct host_answer answer;
	struct ip addrs[HOST_ADDRESSES_MAX];
};

static void
lookup_finish(struct lookup *l)
{
	struct question *q = l->q;
	struct buf *out;

	/* Trouble with one family does not hide what the other has. */
	l->answer.ok = l->failed == 0 || l->answer.n != 0;
	l->answer.addrs = l->addrs;
	if (!l->answer.ok || l->answer.ttl_ms < 1000)
		l->answer.ttl_ms = l->answer.ok ? 1000 : FAILURE_TTL_MS;
	if (l->answer.ok)
		l->answer.error = span_of(NULL);
	out = question_answer(q);
	if (out != NULL)
		host_answer_put(out, &l->answer);
	question_sent(q);
}

static void
lookup_take(struct lookup *l, const struct dns_answer *dns)
{
	int64_t ttl_ms = (int64_t)dns->ttl * 1000;
	size_t i;

	if (dns->status == DNS_FAILED) {
		l->failed++;
		l->answer.error = arena_span(&l->q->arena, span_of(dns->why));
		return;
	}
	if (dns->status != DNS_OK && ttl_ms == 0)
		ttl_ms = NEGATIVE_TTL_MS;
	if (ttl_ms < l->answer.ttl_ms)
		l->answer.ttl_ms = ttl_ms;
	if (dns->status == DNS_OK)
		l->answer.is_secure = l->answer.is_secure && dns->secure;
	for (i = 0; i < dns->n && l->answer.n < HOST_ADDRESSES_MAX; i++)
		l->addrs[l->answer.n++] = dns->v[i].addr;
}

static void
on_addresses(void *arg, const struct dns_answer *dns)
{
	struct lookup *l = arg;

	lookup_take(l, dns);
	if (--l->open == 0)
		lookup_finish(l);
}

/* An address in the place of a name is its own answer. */
static bool
answer_literal(struct lookup *l, const struct ask_host *asked)
{
	struct span name = asked->name;

	if (name.len != 0 && name.p[name.len - 1] == '.')
		name.len--;
	if (ip_parse(name, &l->addrs[0]) == -1)
		return false;
	l->answer.n = (l->addrs[0].family == IP_V4 ? asked->want_v4 :
	    asked->want_v6) ? 1 : 0;
	l->answer.is_secure = false;
	l->answer.ttl_ms = LITERAL_TTL_MS;
	lookup_finish(l);
	return true;
}

void
lookup_on_ask_host(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd)
{
	struct policyd *pd = arg;
	struct reader check = *body;
	struct ask_host asked;
	struct question *q;
	struct lookup *l;
	struct reader r;
	const char *name;

	(void)fd;
	ask_host_get(&check, &asked);
	if (!reader_end(&check)) {
		reader_fail(body);
		return;
	}
	q = question_new(pd, ch, id, MSG_ASK_HOST, MSG_HOST_IS, body);
	reader_init(&r, q->body);
	ask_host_get(&r, &asked);
	l = arena_alloc(&q->arena, sizeof(*l));
	l->q = q;
	l->answer.is_secure = true;
	l->answer.ttl_ms = LITERAL_TTL_MS;
	if (answer_literal(l, &asked))
		return;
	name = arena_str(&q->arena, asked.name);
	/* One more than is asked, so that an early answer ends nothing. */
	l->open = 1;
	if (asked.want_v4) {
		l->open++;
		dns_ask(pd->dns, name, DNS_A, on_addresses, l);
	}
	if (asked.want_v6) {
		l->open++;
		dns_ask(pd->dns, name, DNS_AAAA, on_addresses, l);
	}
	if (--l->open == 0)
		lookup_finish(l);
}
