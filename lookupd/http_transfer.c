/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/http_transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/wire.h"
#include "lib/io/tls_client.h"
#include "lib/web/url.h"
#include "lookupd/http_pool.h"

enum { WHY_MAX = 512, VERBOSE_MAX = 256 };

struct http_transfer {
	struct http_job job; /* first */
	struct http_pool *pool;
	struct http_exchange x;
	bool running;
	char *url;
	struct curl_slist *headers, *resolve;
	long status;
	struct buf fields;  /* name, value, name ... */
	size_t field_bytes;
	struct buf body;
	bool body_began;
	const char *stopped; /* why we ended it ourselves */
	char error[CURL_ERROR_SIZE];
	char why[WHY_MAX];
};

/* ---- what comes ---------------------------------------------------------- */

/* A line of the head: a new head (after 100 Continue) begins with a status. */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct span line = span_make(p, size * n);
	ptrdiff_t colon;

	/* Fields behind the body can change nothing any more. */
	if (t->body_began)
		return size * n;
	t->field_bytes += line.len;
	if (t->field_bytes > HTTP_HEADERS_MAX) {
		t->stopped = "its response has more than 256 KB of fields";
		return 0;
	}
	/* RFC 9112 section 5.2: no server may send a folded line. */
	if (line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		return size * n;
	if (span_istarts(line, "HTTP/")) {
		buf_clear(&t->fields, 65536);
		return size * n;
	}
	while (line.len > 0 && (line.p[line.len - 1] == '\n' ||
	    line.p[line.len - 1] == '\r'))
		line.len--;
	colon = span_find(line, ':');
	if (colon > 0) {
		put_span(&t->fields, span_make(line.p, (size_t)colon));
		put_span(&t->fields,
		    span_trim(span_from(line, (size_t)colon + 1)));
	}
	return size * n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	size_t len = size * n;

	t->body_began = true;
	if (len > HTTP_BODY_MAX - buf_len(&t->body)) {
		t->stopped = "its response is larger than 15 MB";
		return CURL_WRITEFUNC_ERROR;
	}
	if (!t->x.grow(t->x.arg, len)) {
		t->stopped = "too many bytes of responses are held at once: "
		    "ask for less at a time";
		return CURL_WRITEFUNC_ERROR;
	}
	buf_add(&t->body, p, len);
	return len;
}

/* What libcurl says of the connection; what is sent and comes is private. */
static int
on_words(CURL *easy, curl_infotype kind, char *p, size_t len, void *arg)
{
	char text[VERBOSE_MAX];

	(void)easy;
	(void)arg;
	while (len > 0 && p[len - 1] == '\n')
		len--;
	if (kind == CURLINFO_TEXT)
		log_info("http: %s", text_printable(span_make(p, len), text,
		    sizeof(text)));
	return 0;
}

/* ---- what goes ----------------------------------------------------------- */

/*
 * All names are known, addresses aside: libcurl's own resolver would start a
 * thread, which ends the process here.
 */
static int
on_resolve(void *state, void *reserved, void *arg)
{
	struct http_transfer *t = arg;

	(void)state;
	(void)reserved;
	return t->x.url->addr.family == IP_NONE;
}

static CURLcode
on_tls(CURL *easy, void *ctx, void *arg)
{
	struct http_transfer *t = arg;

	(void)easy;
	tls_client_trust(t->x.tls, ctx);
	return CURLE_OK;
}

static void
list_add(struct curl_slist **list, const struct buf *text)
{
	struct curl_slist *more = curl_slist_append(*list,
	    (const char *)buf_data(text));

	if (more == NULL)
		fatalx("out of memory");
	*list = more;
}

/* "+" keeps it as long as DNS_CACHE_TIMEOUT says. */
static void
set_addresses(struct http_transfer *t)
{
	const struct url *u = t->x.url;
	struct buf b = { .base = NULL };
	char text[IP_TEXT_MAX];
	size_t i;

	if (u->addr.family != IP_NONE)
		return;
	buf_addf(&b, "+%.*s:%u:", SPAN_FMT(u->host), u->port);
	for (i = 0; i < t->x.n_addrs; i++)
		buf_addf(&b, t->x.addrs[i].family == IP_V6 ? "%s[%s]" :
		    "%s%s", i == 0 ? "" : ",",
		    ip_format(&t->x.addrs[i], text));
	buf_add_byte(&b, '\0');
	list_add(&t->resolve, &b);
	buf_free(&b);
	curl_easy_setopt(t->job.easy, CURLOPT_RESOLVE, t->resolve);
	curl_easy_setopt(t->job.easy, CURLOPT_DNS_CACHE_TIMEOUT, 600L);
}

static bool
has_field(const struct http_exchange *x, const char *name)
{
	size_t i;

	for (i = 0; i < x->n_fields; i++) {
		if (span_ieq_str(x->fields[i].name, name))
			return true;
	}
	return false;
}

static void
set_fields(struct http_transfer *t)
{
	static const char *const not_added[] = { "Content-Type", "Expect" };
	struct buf b = { .base = NULL };
	const struct http_field *f;
	size_t i;

	for (i = 0; i < t->x.n_fields; i++) {
		f = &t->x.fields[i];
		buf_clear(&b, 65536);
		/* libcurl's form for a field without a value. */
		buf_addf(&b, "%.*s%s", SPAN_FMT(f->name),
		    f->value.len == 0 ? ";" : ": ");
		buf_add_span(&b, f->value);
		buf_add_byte(&b, '\0');
		list_add(&t->headers, &b);
	}
	/* What libcurl would add of its own. */
	for (i = 0; i < sizeof(not_added) / sizeof(*not_added); i++) {
		if (has_field(&t->x, not_added[i]))
			continue;
		buf_clear(&b, 65536);
		buf_addf(&b, "%s:", not_added[i]);
		buf_add_byte(&b, '\0');
		list_add(&t->headers, &b);
	}
	buf_free(&b);
	curl_easy_setopt(t->job.easy, CURLOPT_HTTPHEADER, t->headers);
}

static void
set_request(struct http_transfer *t, char *method)
{
	CURL *e = t->job.easy;
	bool get = span_eq_str(t->x.method, "GET");

	if (t->x.has_body || !get) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)t->x.body.len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS,
		    t->x.body.len != 0 ? t->x.body.p : "");
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_connection(struct http_transfer *t)
{
	CURL *e = t->job.easy;
	long verify = t->x.accept_invalid_certs ? 0 : 1;

	curl_easy_setopt(e, CURLOPT_URL, t->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* The environment is not asked for a proxy. */
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, t);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, verify);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, verify * 2);
	curl_easy_setopt(e, CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
	curl_easy_setopt(e, CURLOPT_RESOLVER_START_DATA, t);
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
	    (curl_off_t)HTTP_BODY_MAX);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_words);
	curl_easy_setopt(e, CURLOPT_VERBOSE, (long)t->x.verbose);
}

/* ---- the end ------------------------------------------------------------- */

/* What to do about it; the rest speaks for itself. */
static const char *
remedy(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return "check that the server runs and that it can be "
		    "reached from here";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "its certificate must be for this name and of an "
		    "authority that this host knows; a new authority is known "
		    "from the next start";
	case CURLE_SSL_CONNECT_ERROR:
		return "check that the server speaks TLS 1.2 or later there";
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "check that the server speaks HTTP there";
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return "the server broke off; its own log may say why";
	default:
		return NULL;
	}
}

static void
explain(struct http_transfer *t, CURLcode code)
{
	char detail[CURL_ERROR_SIZE];
	const char *what = t->error[0] != '\0' ? t->error :
	    curl_easy_strerror(code), *hint = remedy(code);

	if (t->stopped == NULL && code == CURLE_FILESIZE_EXCEEDED)
		t->stopped = "its response is larger than 15 MB";
	if (t->stopped != NULL)
		what = t->stopped;
	text_printable(span_of(what), detail, sizeof(detail));
	snprintf(t->why, sizeof(t->why), "%s%s%s", detail,
	    t->stopped == NULL && hint != NULL ? ": " : "",
	    t->stopped == NULL && hint != NULL ? hint : "");
}

static void
on_done(struct http_job *job, int code)
{
	struct http_transfer *t = (struct http_transfer *)job;

	t->running = false;
	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &t->status);
	if (code == CURLE_OK && t->stopped == NULL) {
		t->x.done(t->x.arg, NULL);
		return;
	}
	explain(t, (CURLcode)code);
	t->x.done(t->x.arg, t->why);
}

struct http_transfer *
http_transfer_start(struct http_pool *pool, const struct http_exchange *x)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));
	struct buf url = { .base = NULL };
	char *method = span_dup(x->method);

	t->pool = pool;
	t->x = *x;
	t->job.done = on_done;
	t->job.easy = curl_easy_init();
	if (t->job.easy == NULL)
		fatalx("out of memory");
	url_put(&url, x->url, 0);
	t->url = span_dup(buf_span(&url));
	buf_free(&url);
	set_connection(t);
	set_addresses(t);
	set_request(t, method);
	set_fields(t);
	free(method);
	if (http_pool_add(pool, &t->job) == -1)
		http_transfer_free(&t);
	else
		t->running = true;
	return t;
}

void
http_transfer_free(struct http_transfer **tp)
{
	struct http_transfer *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	if (t->running)
		http_pool_remove(t->pool, &t->job);
	curl_easy_cleanup(t->job.easy);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->resolve);
	buf_free(&t->fields);
	buf_free(&t->body);
	free(t->url);
	free(t);
}

/* ---- the response -------------------------------------------------------- */

unsigned
http_transfer_status(const struct http_transfer *t)
{
	return (unsigned)t->status;
}

bool
http_transfer_field(const struct http_transfer *t, size_t *at,
    struct http_field *out)
{
	struct reader r;

	if (*at >= buf_len(&t->fields))
		return false;
	reader_init(&r, span_from(buf_span(&t->fields), *at));
	out->name = reader_span(&r, HTTP_HEADERS_MAX);
	out->value = reader_span(&r, HTTP_HEADERS_MAX);
	*at = buf_len(&t->fields) - reader_left(&r);
	return true;
}

struct span
http_transfer_body(const struct http_transfer *t)
{
	return buf_span(&t->body);
}
