/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/policy.h"

enum { HOST_ERROR_MAX = 256 };

struct question {
	struct host *host;
	char *name;
	size_t len;
};

static struct span
request_key(const uint64_t *request)
{
	return span_make(request, sizeof(*request));
}

static void
host_forget(struct host *h)
{
	free(h->addrs);
	free(h->error);
	h->addrs = NULL;
	h->error = NULL;
	h->n = 0;
	h->known = h->ok = h->is_secure = false;
}

static void
host_free(void *value)
{
	host_forget(value);
	free(value);
}

static void
question_free(void *value)
{
	struct question *q = value;

	free(q->name);
	free(q);
}

static void
question_send(struct channel *policy, uint64_t request,
    const struct question *q)
{
	struct ask_host ask = { .name = span_make(q->name, q->len),
		.want_v4 = true, .want_v6 = true };

	ask_host_put(channel_begin(policy, MSG_ASK_HOST, request), &ask);
	channel_end(policy);
}

/* Too many names: all go but those that are being asked. */
static void
hosts_shrink(struct hosts *h)
{
	struct map kept = { 0 };
	struct span name;
	struct host *host;
	void *value;
	size_t at = 0;

	if (h->by_name.count < HOSTS_MAX)
		return;
	while (map_next(&h->by_name, &at, &name, &value)) {
		host = value;
		if (host->request != 0)
			map_set(&kept, name, host);
		else
			host_free(host);
	}
	map_free(&h->by_name, NULL);
	h->by_name = kept;
}

const struct host *
hosts_look(struct hosts *h, struct channel *policy, struct span name,
    int64_t now_ms)
{
	struct host *host = map_get(&h->by_name, name);
	struct question *q;

	if (host == NULL) {
		hosts_shrink(h);
		host = xcalloc(1, sizeof(*host));
		map_set(&h->by_name, name, host);
	}
	if ((host->known && host->expires_ms > now_ms) || host->request != 0)
		return host;
	host_forget(host);
	host->request = ++h->next_request;
	host->asked_ms = now_ms;
	q = xcalloc(1, sizeof(*q));
	q->host = host;
	q->name = span_dup(name);
	q->len = name.len;
	map_set(&h->by_request, request_key(&host->request), q);
	if (policy != NULL)
		question_send(policy, host->request, q);
	return host;
}

static void
host_fail(struct host *h, struct span why, int64_t now_ms)
{
	char text[HOST_ERROR_MAX];

	h->known = true;
	h->ok = false;
	h->error = xstrdup(text_printable(why, text, sizeof(text) - 8));
	h->expires_ms = now_ms + HOSTS_FAILED_MS;
}

bool
hosts_answer(struct hosts *h, uint64_t request, const struct host_answer *a,
    int64_t now_ms)
{
	struct question *q = map_del(&h->by_request, request_key(&request));
	struct host *host;
	int64_t ttl = a->ttl_ms;

	if (q == NULL)
		return false;
	host = q->host;
	question_free(q);
	host->request = 0;
	if (!a->ok) {
		host_fail(host, a->error, now_ms);
		return true;
	}
	host->known = host->ok = true;
	host->is_secure = a->is_secure;
	host->n = a->n < HOST_ADDRS_MAX ? a->n : HOST_ADDRS_MAX;
	host->addrs = xcalloc(host->n, sizeof(*host->addrs));
	if (host->n != 0)
		memcpy(host->addrs, a->addrs, host->n * sizeof(*host->addrs));
	if (ttl < 1000)
		ttl = 1000; /* at least for the session that asked */
	if (ttl > HOSTS_TTL_MAX_MS)
		ttl = HOSTS_TTL_MAX_MS;
	host->expires_ms = now_ms + ttl;
	return true;
}

void
hosts_ask_again(struct hosts *h, struct channel *policy)
{
	struct question *q;
	void *value;
	size_t at = 0;

	while (map_next(&h->by_request, &at, NULL, &value)) {
		q = value;
		question_send(policy, q->host->request, q);
	}
}

bool
hosts_expire(struct hosts *h, int64_t now_ms)
{
	struct question *q;
	void *value;
	size_t at = 0;
	bool any = false;

	while (map_next(&h->by_request, &at, NULL, &value)) {
		q = value;
		if (now_ms - q->host->asked_ms < HOSTS_WAIT_MS)
			continue;
		map_del(&h->by_request, request_key(&q->host->request));
		q->host->request = 0;
		host_fail(q->host, SPAN_LIT("no answer from the resolver"),
		    now_ms);
		question_free(q);
		any = true;
		at = 0;
	}
	return any;
}

void
hosts_free(struct hosts *h)
{
	map_free(&h->by_request, question_free);
	map_free(&h->by_name, host_free);
}
