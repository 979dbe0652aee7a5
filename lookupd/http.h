/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP for scripts and for what lookupd needs itself: a request from its
 * address to its response, redirects followed, with limits of time, bytes and
 * number.
 */
#ifndef LOOKUPD_HTTP_H
#define LOOKUPD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/map.h"
#include "lookupd/http_transfer.h"

struct http_request;
struct loop;
struct resolvers;
struct tls_client;

enum {
	HTTP_REDIRECTS_MAX = 10,
	HTTP_REQUESTS_MAX = 4000,  /* under way */
	HTTP_ASKER_MAX = 1000,     /* of one asker */
	HTTP_POOLS_MAX = 64,       /* kinds of clients */
	HTTP_HELD_MAX = 256 * 1024 * 1024, /* bytes sent and received */
};

struct http {
	struct loop *loop;
	struct resolvers *resolvers;
	struct tls_client *tls;
	struct map pools;  /* by the options that make them */
	struct http_request *requests;
	size_t n_requests, held;
};

/* What a client is made with, as far as its connections are concerned. */
struct http_client {
	int64_t idle_ms; /* how long a connection is kept; 0: not at all */
	bool accept_invalid_certs;
	bool verbose;
};

/* Borrowed until done is called or the request is cancelled. */
struct http_ask {
	struct http_client client;
	struct span method, url;
	const struct http_field *fields;
	size_t n_fields;
	bool has_body;
	struct span body;
	int64_t timeout_ms;
	unsigned redirects; /* how many are followed */
	const void *asker;  /* whose requests are counted together */
	/*
	 * t is NULL when there is no response; why then says so, with the
	 * address. Both are gone after the call.
	 */
	void (*done)(void *arg, const struct http_transfer *t,
	    const char *why);
	void *arg;
};

/* Before the jail. */
void http_prepare(struct http *h, struct loop *loop,
    struct resolvers *resolvers, struct tls_client *tls);
/* done is called later, never from in here. */
struct http_request *http_request(struct http *h, const struct http_ask *ask);
/* done will not be called. Clears the caller's pointer. */
void http_cancel(struct http_request **r);
/* A client with these options was closed. */
void http_drop_idle(struct http *h, const struct http_client *client);

#endif
