/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/base/ip.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/wire.h"
#include "lib/io/tls_pem.h"

enum { TLS_WHY_MAX = 256, TLS_NAME_PARTS_MAX = 32, TLS_NAME_PART_MAX = 256 };

/* One set of options. */
struct context {
	SSL_CTX *ctx;
	uint32_t number; /* of its sessions */
};

struct tls_client {
	X509_STORE *authorities;
	struct map contexts; /* by options */
	struct map sessions; /* by context and key */
	uint32_t next_number;
	int ex_index;        /* of a connection's struct resumption */
	char why[TLS_WHY_MAX];
};

/* Where a connection's sessions go; freed with its SSL. */
struct resumption {
	struct tls_client *client;
	struct buf key;
};

static const struct {
	const char *name;
	uint64_t flag;
} flags[] = {
	{ "ALL", SSL_OP_ALL },
	{ "NO_QUERY_MTU", SSL_OP_NO_QUERY_MTU },
	{ "COOKIE_EXCHANGE", SSL_OP_COOKIE_EXCHANGE },
	{ "NO_TICKET", SSL_OP_NO_TICKET },
	{ "CISCO_ANYCONNECT", SSL_OP_CISCO_ANYCONNECT },
	{ "NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
	    SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION },
	{ "NO_COMPRESSION", SSL_OP_NO_COMPRESSION },
	{ "ALLOW_UNSAFE_LEGACY_RENEGOTIATION",
	    SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION },
	{ "SINGLE_ECDH_USE", SSL_OP_SINGLE_ECDH_USE },
	{ "SINGLE_DH_USE", SSL_OP_SINGLE_DH_USE },
	{ "CIPHER_SERVER_PREFERENCE", SSL_OP_CIPHER_SERVER_PREFERENCE },
	{ "TLS_ROLLBACK_BUG", SSL_OP_TLS_ROLLBACK_BUG },
	{ "NO_SSLV2", SSL_OP_NO_SSLv2 },
	{ "NO_SSLV3", SSL_OP_NO_SSLv3 },
	{ "NO_SSL_MASK", SSL_OP_NO_SSL_MASK },
	{ "NO_TLSV1", SSL_OP_NO_TLSv1 },
	{ "NO_TLSV1_1", SSL_OP_NO_TLSv1_1 },
	{ "NO_TLSV1_2", SSL_OP_NO_TLSv1_2 },
	{ "NO_TLSV1_3", SSL_OP_NO_TLSv1_3 },
	{ "NO_DTLSV1", SSL_OP_NO_DTLSv1 },
	{ "NO_DTLSV1_2", SSL_OP_NO_DTLSv1_2 },
	{ "NO_RENEGOTIATION", SSL_OP_NO_RENEGOTIATION },
	{ "ENABLE_MIDDLEBOX_COMPAT", SSL_OP_ENABLE_MIDDLEBOX_COMPAT },
	{ "PRIORITIZE_CHACHA", SSL_OP_PRIORITIZE_CHACHA },
};

/* ---- the process's part ------------------------------------------------- */

static void
resumption_free(void *parent, void *value, CRYPTO_EX_DATA *ad, int index,
    long argl, void *argp)
{
	struct resumption *r = value;

	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (r == NULL)
		return;
	buf_free(&r->key);
	free(r);
}

/*
 * The authorities are read whole: the folder of hashed names, which is looked
 * into as needed, will be out of reach.
 */
static void
authorities_load(X509_STORE *store)
{
	static const char bundle[] = "/etc/ssl/certs/ca-certificates.crt";
	const char *from_env = getenv(X509_get_default_cert_file_env());
	const char *files[] = { from_env, X509_get_default_cert_file(),
		bundle };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (files[i] == NULL)
			continue;
		if (X509_STORE_load_file(store, files[i]) == 1) {
			ERR_clear_error();
			return;
		}
	}
	ERR_clear_error();
	log_warnx("no certificate authorities were found: "
	    "no server's certificate will be good");
}

/*
 * Checking a certificate's dates asks for the time zone, which the C library
 * looks up in a file each time unless TZ names it.
 */
static void
time_zone_load(void)
{
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
}

struct tls_client *
tls_client_new(void)
{
	struct tls_client *c = xcalloc(1, sizeof(*c));
	SSL_CTX *first;

	time_zone_load();
	c->authorities = X509_STORE_new();
	c->ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL,
	    resumption_free);
	/* The first context makes the library read its own configuration. */
	first = SSL_CTX_new(TLS_client_method());
	if (c->authorities == NULL || c->ex_index == -1 || first == NULL)
		fatalx("cannot set up TLS");
	SSL_CTX_free(first);
	authorities_load(c->authorities);
	return c;
}

static void
context_free(void *value)
{
	struct context *ctx = value;

	SSL_CTX_free(ctx->ctx);
	free(ctx);
}

static void
session_free(void *value)
{
	SSL_SESSION_free(value);
}

void
tls_client_free(struct tls_client **cp)
{
	struct tls_client *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	map_free(&c->sessions, session_free);
	map_free(&c->contexts, context_free);
	X509_STORE_free(c->authorities);
	free(c);
}

/* ---- contexts ----------------------------------------------------------- */

/* A session to resume from was given to us; keeping it is saying 1. */
static int
session_came(SSL *ssl, SSL_SESSION *session)
{
	struct tls_client *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct resumption *r = SSL_get_ex_data(ssl, c->ex_index);
	SSL_SESSION *old;

	if (r == NULL || buf_len(&r->key) == 0)
		return 0;
	if (c->sessions.count >= TLS_SESSIONS_MAX)
		map_free(&c->sessions, session_free);
	old = map_set(&c->sessions, buf_span(&r->key), session);
	SSL_SESSION_free(old);
	return 1;
}

static int
context_flags(SSL_CTX *ctx, const struct tls_options *o, char *why)
{
	size_t i, j, n = sizeof(flags) / sizeof(*flags);

	for (i = 0; i < o->n_flags; i++) {
		for (j = 0; j < n && strcmp(flags[j].name, o->flags[i]) != 0;
		     j++)
			;
		if (j == n) {
			snprintf(why, TLS_WHY_MAX, "openssl_options: unknown "
			    "flag %.64s", o->flags[i]);
			return -1;
		}
		SSL_CTX_set_options(ctx, flags[j].flag);
	}
	return 0;
}

static int
context_lists(SSL_CTX *ctx, const struct tls_options *o, char *why)
{
	char *text = span_dup(o->ciphers);
	int ok;

	ok = o->ciphers.len == 0 || SSL_CTX_set_cipher_list(ctx, text) == 1;
	free(text);
	if (!ok) {
		snprintf(why, TLS_WHY_MAX,
		    "openssl_cipher_list cannot be used");
		return -1;
	}
	text = span_dup(o->suites);
	ok = o->suites.len == 0 || SSL_CTX_set_ciphersuites(ctx, text) == 1;
	free(text);
	if (!ok) {
		snprintf(why, TLS_WHY_MAX,
		    "openssl_cipher_suites cannot be used");
		return -1;
	}
	return 0;
}

static int
context_own(SSL_CTX *ctx, const struct tls_options *o, char *why)
{
	char *fault = NULL;

	if (o->chain == NULL && o->key == NULL)
		return 0;
	if (o->chain == NULL || o->key == NULL) {
		snprintf(why, TLS_WHY_MAX, "tls_certificate and "
		    "tls_private_key need each other");
		return -1;
	}
	if (tls_pem_show(ctx, o->chain, o->key, &fault) == 0)
		return 0;
	snprintf(why, TLS_WHY_MAX, "tls_certificate and tls_private_key "
	    "cannot be used: %s", fault);
	free(fault);
	return -1;
}

static SSL_CTX *
context_make(struct tls_client *c, const struct tls_options *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		fatalx("cannot make a TLS context");
	SSL_CTX_set1_cert_store(ctx, c->authorities);
	SSL_CTX_set_verify(ctx, o->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
	    NULL);
	SSL_CTX_set_app_data(ctx, c);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, session_came);
	if (context_flags(ctx, o, c->why) == 0 &&
	    context_lists(ctx, o, c->why) == 0 &&
	    context_own(ctx, o, c->why) == 0)
		return ctx;
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return NULL;
}

void
tls_client_trust(struct tls_client *c, struct ssl_ctx_st *ctx)
{
	SSL_CTX_set1_cert_store(ctx, c->authorities);
}

static void
options_key(const struct tls_options *o, struct buf *out)
{
	const struct span none = { NULL, 0 };
	size_t i;

	put_bool(out, o->verify);
	put_span(out, o->ciphers);
	put_span(out, o->suites);
	put_span(out, o->chain != NULL ? tls_pem_id(o->chain) : none);
	put_span(out, o->key != NULL ? tls_pem_id(o->key) : none);
	for (i = 0; i < o->n_flags; i++)
		put_str(out, o->flags[i]);
}

/* NULL when the options cannot be used. */
static struct context *
context_get(struct tls_client *c, const struct tls_options *o)
{
	struct buf key = { 0 };
	struct context *one;
	SSL_CTX *ctx;

	options_key(o, &key);
	one = map_get(&c->contexts, buf_span(&key));
	if (one == NULL && (ctx = context_make(c, o)) != NULL) {
		/* Connections under way keep theirs by its count. */
		if (c->contexts.count >= TLS_CONTEXTS_MAX)
			map_free(&c->contexts, context_free);
		one = xcalloc(1, sizeof(*one));
		one->ctx = ctx;
		one->number = ++c->next_number;
		map_set(&c->contexts, buf_span(&key), one);
	}
	buf_free(&key);
	return one;
}

/* ---- connections -------------------------------------------------------- */

static int
connection_names(SSL *ssl, const struct tls_options *o, struct span host)
{
	char *name;
	struct ip ip;
	int ok = 1;

	if (host.len == 0)
		return o->verify ? -1 : 0;
	name = span_dup(host);
	if (ip_parse(host, &ip) == 0) {
		if (o->verify)
			ok = X509_VERIFY_PARAM_set1_ip_asc(
			    SSL_get0_param(ssl), name);
	} else {
		ok = SSL_set_tlsext_host_name(ssl, name) == 1;
		if (ok && o->verify) {
			SSL_set_hostflags(ssl,
			    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
			ok = SSL_set1_host(ssl, name);
		}
	}
	free(name);
	return ok == 1 ? 0 : -1;
}

static void
connection_resume(struct tls_client *c, SSL *ssl, uint32_t number,
    struct span host, struct span key)
{
	struct resumption *r = xcalloc(1, sizeof(*r));
	SSL_SESSION *session;

	r->client = c;
	put_u32(&r->key, number);
	put_span(&r->key, host);
	put_span(&r->key, key);
	if (SSL_set_ex_data(ssl, c->ex_index, r) != 1)
		fatalx("out of memory");
	session = map_get(&c->sessions, buf_span(&r->key));
	if (session != NULL)
		SSL_set_session(ssl, session);
}

struct ssl_st *
tls_client_start(struct tls_client *c, const struct tls_options *o,
    struct span host, struct span key, const char **why_out)
{
	struct context *one;
	SSL *ssl;

	*why_out = c->why;
	one = context_get(c, o);
	if (one == NULL)
		return NULL;
	ssl = SSL_new(one->ctx);
	if (ssl == NULL)
		fatalx("out of memory");
	SSL_set_connect_state(ssl);
	if (connection_names(ssl, o, host) != 0) {
		snprintf(c->why, sizeof(c->why),
		    "the host has no name that a certificate could show");
		ERR_clear_error();
		SSL_free(ssl);
		return NULL;
	}
	connection_resume(c, ssl, one->number, host, key);
	return ssl;
}

const char *
tls_client_why(struct ssl_st *ssl)
{
	long result = SSL_get_verify_result(ssl);

	if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE || result == X509_V_OK)
		return NULL;
	return X509_verify_cert_error_string(result);
}

static void
facts_subject(X509 *cert, struct arena *a, struct tls_facts *out)
{
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_ENTRY *entry;
	unsigned char *text;
	int i, len, n = X509_NAME_entry_count(name);
	const char *label;

	if (n > TLS_NAME_PARTS_MAX)
		n = TLS_NAME_PARTS_MAX;
	out->subject = arena_alloc(a, (size_t)n * sizeof(*out->subject));
	for (i = 0; i < n; i++) {
		entry = X509_NAME_get_entry(name, i);
		label = OBJ_nid2sn(OBJ_obj2nid(
		    X509_NAME_ENTRY_get_object(entry)));
		len = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(entry));
		if (len < 0)
			continue;
		if (len > TLS_NAME_PART_MAX)
			len = TLS_NAME_PART_MAX;
		out->subject[out->n_subject++] = span_of(arena_printf(a,
		    "%s=%.*s", label, len, (const char *)text));
		OPENSSL_free(text);
	}
}

void
tls_client_facts(struct ssl_st *ssl, struct arena *a, struct tls_facts *out)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);

	*out = (struct tls_facts){ 0 };
	out->cipher = arena_span(a, span_of(SSL_get_cipher_name(ssl)));
	out->version = arena_span(a, span_of(SSL_get_version(ssl)));
	out->resumed = SSL_session_reused(ssl) == 1;
	out->verified = cert != NULL &&
	    SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE &&
	    SSL_get_verify_result(ssl) == X509_V_OK;
	if (cert != NULL)
		facts_subject(cert, a, out);
	X509_free(cert);
	ERR_clear_error();
}
