/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of HTTP, kept for reuse: libcurl's multi interface on our loop.
 * Clients with the same options share a pool. The files that include libcurl
 * are http_pool.c and http_transfer.c.
 */
#ifndef LOOKUPD_HTTP_POOL_H
#define LOOKUPD_HTTP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_pool;
struct loop;

/* An easy handle of libcurl, and who hears of its end. */
struct http_job {
	void *easy;
	/* code is a CURLcode. May free the job. */
	void (*done)(struct http_job *job, int code);
};

/*
 * Once per process, before the jail: libcurl reads its configuration and
 * OpenSSL's.
 */
void http_pools_start(void);

struct http_pool *http_pool_new(struct loop *loop, int64_t idle_ms);
/* done of jobs under way is not called. */
void http_pool_free(struct http_pool **p);
/* Begin; done is called later, never from in here. -1: it cannot. */
int http_pool_add(struct http_pool *p, struct http_job *job);
/* done will not be called. */
void http_pool_remove(struct http_pool *p, struct http_job *job);
/* Close the connections as soon as none is in use. */
void http_pool_drop_idle(struct http_pool *p);

#endif
