/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange of HTTP with one server whose addresses are known: a request,
 * and its response as it came. No redirect is followed, no proxy used, no
 * name looked up, no file read.
 */
#ifndef LOOKUPD_HTTP_TRANSFER_H
#define LOOKUPD_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"

struct http_pool;
struct http_transfer;
struct tls_client;
struct url;

enum {
	HTTP_HEADERS_MAX = 256 * 1024,    /* bytes of a response's fields */
	HTTP_BODY_MAX = 15 * 1024 * 1024, /* of a response */
};

struct http_field {
	struct span name, value;
};

/* All is borrowed until the end. */
struct http_exchange {
	struct tls_client *tls;   /* whose authorities are believed */
	const struct url *url;
	const struct ip *addrs;
	size_t n_addrs;
	struct span method;
	const struct http_field *fields;
	size_t n_fields;
	bool has_body;
	struct span body;
	bool accept_invalid_certs;
	bool verbose;
	/* More bytes came: false ends the exchange as too large. */
	bool (*grow)(void *arg, size_t bytes);
	/* why is NULL when there is a response, else what went wrong. */
	void (*done)(void *arg, const char *why);
	void *arg;
};

/* NULL when it cannot begin. done is called later, never from in here. */
struct http_transfer *http_transfer_start(struct http_pool *pool,
    const struct http_exchange *x);
/* Before or after done; the response goes with it. NULL is accepted. */
void http_transfer_free(struct http_transfer **t);

/* Once done. */
unsigned http_transfer_status(const struct http_transfer *t);
/* Fields in the order they came; false at the end. Start with *at = 0. */
bool http_transfer_field(const struct http_transfer *t, size_t *at,
    struct http_field *out);
struct span http_transfer_body(const struct http_transfer *t);

#endif
