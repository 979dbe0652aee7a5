/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/tls_server.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/tls_pem.h"

enum { SELF_SIGNED_DAYS = 3650, SUBJECT_PARTS_MAX = 32 };

struct tls_server {
	SSL_CTX *ctx;
};

void
tls_server_start(void)
{
	if (OPENSSL_init_ssl(0, NULL) != 1)
		fatalx("the TLS library does not start");
}

/* "what: reason", from the library's own list of errors. */
static char *
why_of(const char *what)
{
	char text[160] = "unknown reason";
	unsigned long code = ERR_peek_last_error();

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return xasprintf("%s: %s", what, text);
}

static int
add_alt_name(X509 *x, struct span hostname)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	int rc = -1;

	if (name == NULL || names == NULL || text == NULL ||
	    ASN1_STRING_set(text, hostname.p, (int)hostname.len) != 1)
		goto out;
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	text = NULL;
	if (sk_GENERAL_NAME_push(names, name) == 0)
		goto out;
	name = NULL;
	if (X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1)
		rc = 0;
out:
	ASN1_IA5STRING_free(text);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return rc;
}

/* X.520 allows 64 characters in a common name. */
static int
name_self(X509 *x, struct span hostname)
{
	X509_NAME *name = X509_get_subject_name(x);
	int len = hostname.len > 64 ? 64 : (int)hostname.len;

	if (len > 0 && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)hostname.p, len, -1, 0) != 1)
		return -1;
	if (X509_set_issuer_name(x, name) != 1)
		return -1;
	return hostname.len > 0 ? add_alt_name(x, hostname) : 0;
}

static int
use_self_signed(SSL_CTX *ctx, struct span hostname)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	int rc = -1;

	if (key == NULL || x == NULL)
		goto out;
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -86400) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x),
	    (long)SELF_SIGNED_DAYS * 86400) == NULL ||
	    X509_set_pubkey(x, key) != 1 || name_self(x, hostname) != 0 ||
	    X509_sign(x, key, EVP_sha256()) == 0)
		goto out;
	if (SSL_CTX_use_certificate(ctx, x) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, key) == 1)
		rc = 0;
out:
	X509_free(x);
	EVP_PKEY_free(key);
	return rc;
}

static SSL_CTX *
context_new(void)
{
	static const unsigned char id[] = "ekiden-smtpd";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		fatalx("no TLS context: %s", why_of("SSL_CTX_new"));
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	/* Tickets carry what a resumption needs; nothing is kept here. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

struct tls_server *
tls_server_new(const struct tls_server_opts *o, char **why_out)
{
	SSL_CTX *ctx = context_new();
	struct tls_server *server;

	*why_out = NULL;
	if (o->chain == NULL) {
		if (use_self_signed(ctx, o->hostname) != 0)
			*why_out = why_of("self-signed certificate");
	} else
		tls_pem_show(ctx, o->chain, o->key, why_out);
	if (*why_out == NULL && o->client_ca != NULL &&
	    tls_pem_trust(ctx, o->client_ca, why_out) == 0)
		/* One that is sent must verify; none at all is no error. */
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (*why_out != NULL) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	server = xcalloc(1, sizeof(*server));
	server->ctx = ctx;
	return server;
}

void
tls_server_free(struct tls_server **server)
{
	if (*server == NULL)
		return;
	SSL_CTX_free((*server)->ctx);
	free(*server);
	*server = NULL;
}

struct ssl_st *
tls_server_session(struct tls_server *server)
{
	SSL *ssl = SSL_new(server->ctx);

	if (ssl == NULL)
		fatalx("out of memory");
	return ssl;
}

/* "CN=host"; the value as UTF-8. */
static struct span
subject_part(X509_NAME_ENTRY *entry, struct arena *a)
{
	const char *type = OBJ_nid2sn(OBJ_obj2nid(
	    X509_NAME_ENTRY_get_object(entry)));
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	struct span out = { NULL, 0 };

	/* A name that ends early for one reader only is no name. */
	if (len >= 0 && memchr(text, '\0', (size_t)len) == NULL)
		out = span_of(arena_printf(a, "%s=%.*s", type, len,
		    (const char *)text));
	OPENSSL_free(text);
	return out;
}

static void
subject_get(X509 *x, struct arena *a, struct tls_facts *out)
{
	X509_NAME *name = X509_get_subject_name(x);
	int i, n = X509_NAME_entry_count(name);

	if (n > SUBJECT_PARTS_MAX)
		n = SUBJECT_PARTS_MAX;
	out->subject = arena_alloc(a, (size_t)n * sizeof(*out->subject));
	for (i = 0; i < n; i++) {
		struct span part = subject_part(X509_NAME_get_entry(name, i),
		    a);

		if (part.p != NULL)
			out->subject[out->nsubject++] = part;
	}
}

void
tls_facts_get(struct ssl_st *ssl, struct arena *a, struct tls_facts *out)
{
	X509 *x = SSL_get0_peer_certificate(ssl);

	*out = (struct tls_facts){ 0 };
	out->cipher = arena_span(a, span_of(SSL_get_cipher_name(ssl)));
	out->version = arena_span(a, span_of(SSL_get_version(ssl)));
	if (x != NULL && SSL_get_verify_result(ssl) == X509_V_OK)
		subject_get(x, a, out);
}
