/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/tls_pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

enum { ID_SIZE = 32 };

struct tls_pem {
	STACK_OF(X509) *certs; /* in the order of the text */
	EVP_PKEY *key;         /* NULL: none that can be used */
	bool cert_damaged;     /* there is one that cannot be read */
	bool key_damaged, key_locked;
	unsigned char id[ID_SIZE];
};

static BIO *
bio_of(struct span text)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.len);

	if (bio == NULL)
		fatalx("out of memory");
	return bio;
}

/* A passphrase is never asked for. */
static int
no_passphrase(char *out, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)out;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

/* Is what ended a search the end of the text? Clears the errors. */
static bool
only_ended(void)
{
	unsigned long code = ERR_peek_last_error();

	ERR_clear_error();
	return code == 0 || (ERR_GET_LIB(code) == ERR_LIB_PEM &&
	    ERR_GET_REASON(code) == PEM_R_NO_START_LINE);
}

/* The first may be of the form that says what it is trusted for. */
static void
certs_read(struct tls_pem *pem, struct span text)
{
	BIO *bio = bio_of(text);
	bool asked = false;
	X509 *x;

	pem->certs = sk_X509_new_null();
	if (pem->certs == NULL)
		fatalx("out of memory");
	x = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, &asked);
	while (x != NULL) {
		if (sk_X509_push(pem->certs, x) == 0)
			fatalx("out of memory");
		x = PEM_read_bio_X509(bio, NULL, no_passphrase, &asked);
	}
	pem->cert_damaged = !only_ended();
	BIO_free(bio);
}

static void
key_read(struct tls_pem *pem, struct span text)
{
	static const char mark[] = "PRIVATE KEY-----";
	BIO *bio = bio_of(text);

	pem->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
	    &pem->key_locked);
	if (pem->key == NULL && !pem->key_locked)
		pem->key_damaged = text.len > 0 && memmem(text.p, text.len,
		    mark, sizeof(mark) - 1) != NULL;
	ERR_clear_error();
	BIO_free(bio);
}

struct tls_pem *
tls_pem_read(struct span text)
{
	struct tls_pem *pem = xcalloc(1, sizeof(*pem));

	certs_read(pem, text);
	key_read(pem, text);
	if (EVP_Digest(text.p, text.len, pem->id, NULL, EVP_sha256(),
	    NULL) != 1)
		fatalx("the TLS library makes no digest");
	return pem;
}

void
tls_pem_free(struct tls_pem **pemp)
{
	struct tls_pem *pem = *pemp;

	*pemp = NULL;
	if (pem == NULL)
		return;
	sk_X509_pop_free(pem->certs, X509_free);
	EVP_PKEY_free(pem->key);
	free(pem);
}

struct span
tls_pem_id(const struct tls_pem *pem)
{
	return span_make(pem->id, sizeof(pem->id));
}

/* ---- what is wrong ------------------------------------------------------- */

const char *
tls_pem_fault(const struct tls_pem *pem, enum tls_pem_use use)
{
	if (use == TLS_PEM_KEY) {
		if (pem->key_locked)
			return "holds a key that is locked by a passphrase: "
			    "store it without one";
		if (pem->key_damaged)
			return "holds a damaged private key: store it anew";
		return pem->key != NULL ? NULL : "holds no private key: it "
		    "must be PEM, with a line -----BEGIN PRIVATE KEY-----";
	}
	if (pem->cert_damaged)
		return "holds a damaged certificate: store it anew";
	return sk_X509_num(pem->certs) > 0 ? NULL : "holds no certificate: it "
	    "must be PEM, with a line -----BEGIN CERTIFICATE-----";
}

/* "the key WORDS (the library's reason)" */
static char *
why_of(const char *what, const char *words)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	char *text = xasprintf("%s %s%s%s%s", what, words,
	    reason != NULL ? " (" : "", reason != NULL ? reason : "",
	    reason != NULL ? ")" : "");

	ERR_clear_error();
	return text;
}

/* ---- use ----------------------------------------------------------------- */

static int
show_chain(SSL_CTX *ctx, const struct tls_pem *pem, char **why_out)
{
	const char *fault = tls_pem_fault(pem, TLS_PEM_CHAIN);
	int i;

	if (fault != NULL) {
		*why_out = why_of("the certificate's text", fault);
		return -1;
	}
	if (SSL_CTX_use_certificate(ctx, sk_X509_value(pem->certs, 0)) != 1) {
		*why_out = why_of("the certificate", "cannot be used");
		return -1;
	}
	for (i = 1; i < sk_X509_num(pem->certs); i++) {
		if (SSL_CTX_add1_chain_cert(ctx,
		    sk_X509_value(pem->certs, i)) == 1)
			continue;
		*why_out = why_of("a certificate of the chain",
		    "cannot be used");
		return -1;
	}
	return 0;
}

int
tls_pem_show(SSL_CTX *ctx, const struct tls_pem *chain,
    const struct tls_pem *key, char **why_out)
{
	const char *fault = tls_pem_fault(key, TLS_PEM_KEY);

	if (show_chain(ctx, chain, why_out) != 0)
		return -1;
	if (fault != NULL) {
		*why_out = why_of("the key's text", fault);
		return -1;
	}
	if (X509_check_private_key(sk_X509_value(chain->certs, 0),
	    key->key) != 1) {
		ERR_clear_error();
		*why_out = xstrdup("the key does not belong to the "
		    "certificate");
		return -1;
	}
	if (SSL_CTX_use_PrivateKey(ctx, key->key) == 1)
		return 0;
	*why_out = why_of("the key", "cannot be used");
	return -1;
}

int
tls_pem_trust(SSL_CTX *ctx, const struct tls_pem *authorities, char **why_out)
{
	const char *fault = tls_pem_fault(authorities, TLS_PEM_AUTHORITIES);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *x;
	int i;

	if (fault != NULL) {
		*why_out = why_of("the authorities' text", fault);
		return -1;
	}
	for (i = 0; i < sk_X509_num(authorities->certs); i++) {
		x = sk_X509_value(authorities->certs, i);
		if (X509_STORE_add_cert(store, x) == 1 &&
		    SSL_CTX_add_client_CA(ctx, x) == 1)
			continue;
		*why_out = why_of("an authority", "cannot be used");
		return -1;
	}
	return 0;
}

char *
tls_pem_pair_fault(const struct tls_pem *chain, const struct tls_pem *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	char *why = NULL;

	if (ctx == NULL)
		fatalx("cannot make a TLS context");
	tls_pem_show(ctx, chain, key, &why);
	SSL_CTX_free(ctx);
	return why;
}
