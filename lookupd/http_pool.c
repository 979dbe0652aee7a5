/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/http_pool.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/loop.h"

enum { CONNECTIONS_KEPT_MAX = 256 };

struct http_pool {
	struct loop *loop;
	CURLM *multi;
	struct timer timer; /* libcurl's one timer */
	struct timer idle;  /* nothing runs: when connections are closed */
	int64_t idle_ms;
	bool drop;          /* as soon as nothing runs */
	size_t jobs;
};

/* A socket that libcurl has us watch. */
struct watch {
	struct http_pool *pool;
	struct io io;
};

void
http_pools_start(void)
{
	CURLM *first;

	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		fatalx("cannot set up libcurl");
	/* What is looked at once is looked at now. */
	first = curl_multi_init();
	if (first == NULL)
		fatalx("cannot set up libcurl");
	curl_multi_cleanup(first);
}

/* ---- what libcurl did ---------------------------------------------------- */

static void
jobs_finish(struct http_pool *p)
{
	struct http_job *job;
	CURLMsg *message;
	char *data;
	CURLcode code;
	int left;

	while (p->multi != NULL &&
	    (message = curl_multi_info_read(p->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &data);
		job = (void *)data;
		http_pool_remove(p, job);
		job->done(job, (int)code);
	}
}

static void
act(struct http_pool *p, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(p->multi, fd, what, &running);
	jobs_finish(p);
}

static void
on_ready(void *arg, int what)
{
	struct watch *w = arg;

	/* The watch may be gone after this. */
	act(w->pool, w->io.fd, what == IO_READ ? CURL_CSELECT_IN :
	    CURL_CSELECT_OUT);
}

static void
on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- what libcurl wants -------------------------------------------------- */

static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http_pool *p = arg;
	struct watch *w = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			io_done(&w->io);
			free(w);
		}
		curl_multi_assign(p->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = xcalloc(1, sizeof(*w));
		w->pool = p;
		io_init(&w->io, p->loop, fd, on_ready, w);
		curl_multi_assign(p->multi, fd, w);
	}
	io_want(&w->io, (what & CURL_POLL_IN ? IO_READ : 0) |
	    (what & CURL_POLL_OUT ? IO_WRITE : 0));
	return 0;
}

/* It must not be called back from in here, so 0 is the next turn. */
static int
want_timer(CURLM *multi, long ms, void *arg)
{
	struct http_pool *p = arg;

	(void)multi;
	if (ms < 0)
		timer_cancel(&p->timer);
	else
		timer_set(&p->timer, ms);
	return 0;
}

/* ---- pools --------------------------------------------------------------- */

static void
multi_open(struct http_pool *p)
{
	p->multi = curl_multi_init();
	if (p->multi == NULL)
		fatalx("out of memory");
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS,
	    (long)CONNECTIONS_KEPT_MAX);
}

void
http_pool_drop_idle(struct http_pool *p)
{
	p->drop = p->jobs != 0;
	if (p->drop)
		return;
	timer_cancel(&p->idle);
	if (p->multi != NULL)
		curl_multi_cleanup(p->multi);
	p->multi = NULL;
	timer_cancel(&p->timer);
}

static void
on_idle(void *arg)
{
	http_pool_drop_idle(arg);
}

struct http_pool *
http_pool_new(struct loop *loop, int64_t idle_ms)
{
	struct http_pool *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->idle_ms = idle_ms;
	timer_init(&p->timer, loop, on_timer, p);
	timer_init(&p->idle, loop, on_idle, p);
	return p;
}

void
http_pool_free(struct http_pool **pp)
{
	struct http_pool *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	if (p->multi != NULL)
		curl_multi_cleanup(p->multi);
	timer_done(&p->timer);
	timer_done(&p->idle);
	free(p);
}

int
http_pool_add(struct http_pool *p, struct http_job *job)
{
	if (p->multi == NULL)
		multi_open(p);
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
	curl_easy_setopt(job->easy, CURLOPT_MAXAGE_CONN,
	    (long)(p->idle_ms + 999) / 1000);
	/* 0 would be libcurl's own idea of it. */
	curl_easy_setopt(job->easy, CURLOPT_FORBID_REUSE,
	    (long)(p->idle_ms == 0));
	if (curl_multi_add_handle(p->multi, job->easy) != CURLM_OK)
		return -1;
	p->jobs++;
	timer_cancel(&p->idle);
	return 0;
}

void
http_pool_remove(struct http_pool *p, struct http_job *job)
{
	curl_multi_remove_handle(p->multi, job->easy);
	if (--p->jobs == 0)
		timer_set(&p->idle, p->drop ? 0 : p->idle_ms);
}
