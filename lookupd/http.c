/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "lib/resolve/host.h"
#include "lib/resolve/resolver.h"
#include "lib/web/field.h"
#include "lib/web/url.h"
#include "lookupd/dial.h"
#include "lookupd/http_pool.h"
#include "lookupd/resolvers.h"

enum { WHY_MAX = 900, SHOWN_MAX = 300 };

/*
 * One request over all its redirects: a host is looked up, then there is a
 * transfer; never both.
 */
struct http_request {
	struct http *h;
	struct http_request *prev, *next;
	struct http_ask ask;
	struct arena arena; /* of addresses that were redirected to */
	struct url url;
	struct span method;
	bool has_body, strange; /* strange: an origin that was not asked for */
	struct http_field *fields; /* those that still go along */
	size_t n_fields;
	unsigned redirects;
	struct host_ask *resolving;
	struct http_transfer *transfer;
	struct timer deadline;
	struct deferred begin;
	const char *refused; /* why it will not even begin */
	size_t held;
};

void
http_prepare(struct http *h, struct loop *loop, struct resolvers *resolvers,
    struct tls_client *tls)
{
	h->loop = loop;
	h->resolvers = resolvers;
	h->tls = tls;
	http_pools_start();
}

/* ---- the end of a request ------------------------------------------------ */

static void
request_free(struct http_request *r)
{
	struct http *h = r->h;

	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		h->requests = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	h->n_requests--;
	h->held -= r->held;
	host_cancel(&r->resolving);
	http_transfer_free(&r->transfer);
	loop_undefer(h->loop, &r->begin);
	timer_done(&r->deadline);
	arena_free(&r->arena);
	free(r->fields);
	free(r);
}

void
http_cancel(struct http_request **rp)
{
	if (*rp != NULL)
		request_free(*rp);
	*rp = NULL;
}

/* "GET https://host/path: why", without what may be secret. */
static void
request_fail(struct http_request *r, const char *why)
{
	struct buf shown = { .base = NULL };
	char place[SHOWN_MAX], text[WHY_MAX];

	url_put_shown(&shown, &r->url);
	text_printable(buf_span(&shown), place, sizeof(place));
	snprintf(text, sizeof(text), "%.*s %s: %s",
	    (int)(r->method.len < 20 ? r->method.len : 20), r->method.p,
	    place, why);
	buf_free(&shown);
	r->ask.done(r->ask.arg, NULL, text);
	request_free(r);
}

static void
on_deadline(void *arg)
{
	struct http_request *r = arg;
	char text[WHY_MAX];

	snprintf(text, sizeof(text), "%s within %lld.%01lld seconds: a longer "
	    "timeout can be set",
	    r->resolving != NULL ? "the host's name was not looked up" :
	    "there was no whole response", (long long)r->ask.timeout_ms / 1000,
	    (long long)r->ask.timeout_ms % 1000 / 100);
	request_fail(r, text);
}

/* ---- where it goes ------------------------------------------------------- */

static void request_resolve(struct http_request *r);

static bool
on_grow(void *arg, size_t bytes)
{
	struct http_request *r = arg;

	if (bytes > HTTP_HELD_MAX - r->h->held)
		return false;
	r->held += bytes;
	r->h->held += bytes;
	return true;
}

/* RFC 9110 section 15.4: these are followed; others are answers. */
static bool
is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static bool
location_of(const struct http_transfer *t, struct span *out)
{
	struct http_field f;
	size_t at = 0;

	while (http_transfer_field(t, &at, &f)) {
		if (span_ieq_str(f.name, "Location")) {
			*out = f.value;
			return true;
		}
	}
	return false;
}

/* Fields that must not, or need not, go where the redirect leads. */
static bool
is_left_out(struct span name, bool strange, bool bodyless)
{
	static const char *const secret[] = { "Authorization", "Cookie",
		"Proxy-Authorization" };
	static const char *const of_body[] = { "Content-Type",
		"Content-Length", "Content-Encoding", "Content-Language",
		"Content-Location" };
	size_t i;

	for (i = 0; strange && i < sizeof(secret) / sizeof(*secret); i++) {
		if (span_ieq_str(name, secret[i]))
			return true;
	}
	for (i = 0; bodyless && i < sizeof(of_body) / sizeof(*of_body); i++) {
		if (span_ieq_str(name, of_body[i]))
			return true;
	}
	return span_ieq_str(name, "Host");
}

static void
leave_out(struct http_request *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_fields; i++) {
		if (!is_left_out(r->fields[i].name, r->strange, !r->has_body))
			r->fields[n++] = r->fields[i];
	}
	r->n_fields = n;
}

/* NULL, or why it is not followed. */
static const char *
redirect_read(struct http_request *r, struct span location, struct url *out)
{
	const char *why;

	if (url_join(&r->url, location, &r->arena, out, &why) == -1 ||
	    (out->scheme != URL_HTTP && out->scheme != URL_HTTPS))
		return "it was redirected to what is no http or https "
		    "address";
	if (url_is_secure(&r->url) && !url_is_secure(out))
		return "it was redirected from https to http, which is not "
		    "followed: ask the other address itself";
	if (r->redirects >= r->ask.redirects)
		return "it was redirected too often";
	return NULL;
}

static void
transfer_drop(struct http_request *r)
{
	size_t bytes = http_transfer_body(r->transfer).len;

	r->held -= bytes;
	r->h->held -= bytes;
	http_transfer_free(&r->transfer);
}

static void
request_redirect(struct http_request *r, struct span location)
{
	unsigned status = http_transfer_status(r->transfer);
	struct url to;
	const char *why = redirect_read(r, location, &to);

	if (why != NULL) {
		request_fail(r, why);
		return;
	}
	r->redirects++;
	r->strange = r->strange || !url_same_origin(&r->url, &to);
	r->url = to;
	/* As browsers do: only 307 and 308 ask the same again. */
	if (status != 307 && status != 308) {
		r->method = SPAN_LIT("GET");
		r->has_body = false;
	}
	leave_out(r);
	transfer_drop(r);
	request_resolve(r);
}

static void
on_done(void *arg, const char *why)
{
	struct http_request *r = arg;
	struct span location;

	if (why != NULL) {
		request_fail(r, why);
		return;
	}
	if (r->ask.redirects > 0 &&
	    is_redirect(http_transfer_status(r->transfer)) &&
	    location_of(r->transfer, &location)) {
		request_redirect(r, location);
		return;
	}
	r->ask.done(r->ask.arg, r->transfer, NULL);
	request_free(r);
}

/* ---- pools --------------------------------------------------------------- */

/* NULL when there are too many. */
static struct http_pool *
pool_get(struct http *h, const struct http_client *c, bool make)
{
	const int64_t key[2] = { c->idle_ms, c->accept_invalid_certs };
	struct span name = span_make(key, sizeof(key));
	struct http_pool *p = map_get(&h->pools, name);

	if (p != NULL || !make || h->pools.count >= HTTP_POOLS_MAX)
		return p;
	p = http_pool_new(h->loop, c->idle_ms);
	map_set(&h->pools, name, p);
	return p;
}

void
http_drop_idle(struct http *h, const struct http_client *client)
{
	struct http_pool *p = pool_get(h, client, false);

	if (p != NULL)
		http_pool_drop_idle(p);
}

/* ---- how it begins ------------------------------------------------------- */

static void
request_transfer(struct http_request *r, const struct ip *addrs, size_t n)
{
	struct http_pool *pool = pool_get(r->h, &r->ask.client, true);
	const struct http_exchange x = {
		.tls = r->h->tls,
		.url = &r->url,
		.addrs = addrs,
		.n_addrs = n,
		.method = r->method,
		.fields = r->fields,
		.n_fields = r->n_fields,
		.has_body = r->has_body,
		.body = r->has_body ? r->ask.body : span_of(NULL),
		.accept_invalid_certs = r->ask.client.accept_invalid_certs,
		.verbose = r->ask.client.verbose,
		.grow = on_grow,
		.done = on_done,
		.arg = r,
	};

	if (pool == NULL) {
		request_fail(r, "there are clients with more than 64 "
		    "different values of pool_idle_timeout: use fewer");
		return;
	}
	r->transfer = http_transfer_start(pool, &x);
	if (r->transfer == NULL)
		request_fail(r, "libcurl does not take the request");
}

static void
on_host(void *arg, const struct host_result *result)
{
	struct http_request *r = arg;
	char text[WHY_MAX];

	r->resolving = NULL;
	if (result->ok && result->n != 0) {
		request_transfer(r, result->addrs, result->n);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", result->ok ?
	    result->exists ? "its host has no address" :
	    "there is no such host (NXDOMAIN)" :
	    "its host's name cannot be looked up now", result->ok ?
	    "check the name and the resolver" : result->why);
	request_fail(r, text);
}

static void
request_resolve(struct http_request *r)
{
	struct host_ask *resolving;
	struct ip known[2];
	uint32_t n = dial_known(r->url.host, known);

	if (n != 0) {
		request_transfer(r, known, n);
		return;
	}
	resolving = host_ask(r->h->resolvers->first->dns, r->url.host, true,
	    true, on_host, r);
	/* NULL: it went on, and may be over. */
	if (resolving != NULL)
		r->resolving = resolving;
}

/* ---- asking -------------------------------------------------------------- */

static size_t
requests_of(const struct http *h, const void *asker)
{
	const struct http_request *r;
	size_t n = 0;

	for (r = h->requests; r != NULL; r = r->next)
		n += r->ask.asker == asker;
	return n;
}

static const char *
refusal(const struct http *h, const struct http_ask *ask)
{
	size_t i;

	if (h->n_requests >= HTTP_REQUESTS_MAX ||
	    requests_of(h, ask->asker) >= HTTP_ASKER_MAX)
		return "too many requests are under way: ask again later";
	if (ask->body.len > HTTP_HELD_MAX - h->held)
		return "too many bytes of requests are under way: ask again "
		    "later";
	if (!web_is_token(ask->method))
		return "this is no method";
	for (i = 0; i < ask->n_fields; i++) {
		if (!web_is_token(ask->fields[i].name) ||
		    !web_is_value(ask->fields[i].value))
			return "a field of the request is malformed";
	}
	return NULL;
}

static struct http_request *
request_new(struct http *h, const struct http_ask *ask)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->h = h;
	r->ask = *ask;
	r->method = ask->method;
	r->has_body = ask->has_body;
	r->fields = xreallocarray(NULL, ask->n_fields + 1,
	    sizeof(*r->fields));
	if (ask->n_fields != 0)
		memcpy(r->fields, ask->fields,
		    ask->n_fields * sizeof(*r->fields));
	r->n_fields = ask->n_fields;
	r->held = ask->body.len;
	h->held += r->held;
	timer_init(&r->deadline, h->loop, on_deadline, r);
	if ((r->next = h->requests) != NULL)
		r->next->prev = r;
	h->requests = r;
	h->n_requests++;
	return r;
}

static void
on_begin(void *arg)
{
	struct http_request *r = arg;
	const char *why = r->refused;

	if (why == NULL && (url_parse(r->ask.url, &r->arena, &r->url,
	    &why) == -1 || r->url.scheme > URL_HTTPS))
		why = "this is no http or https address";
	if (why != NULL) {
		r->ask.done(r->ask.arg, NULL, why);
		request_free(r);
		return;
	}
	timer_set(&r->deadline, r->ask.timeout_ms);
	request_resolve(r);
}

struct http_request *
http_request(struct http *h, const struct http_ask *ask)
{
	const char *refused = refusal(h, ask);
	struct http_request *r = request_new(h, ask);

	r->refused = refused;
	/* Never done before the caller knows what it asked for. */
	r->begin = (struct deferred){ .run = on_begin, .arg = r };
	loop_defer(h->loop, &r->begin);
	return r;
}
