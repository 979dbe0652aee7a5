/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/tls.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/base/log.h"

static SSL_CTX *
context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL)
		fatalx("TLS: no context");
	/* Output is kept in a buffer that moves while a write waits. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

SSL_CTX *
bench_tls_client(void)
{
	return context(TLS_client_method());
}

static void
use_fresh_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name;

	if (key == NULL || cert == NULL)
		fatalx("TLS: no certificate");
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 30L * 24 * 3600);
	X509_set_pubkey(cert, key);
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (X509_sign(cert, key, EVP_sha256()) == 0 ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		fatalx("TLS: the certificate is refused");
	X509_free(cert);
	EVP_PKEY_free(key);
}

SSL_CTX *
bench_tls_server(const char *cert_file, const char *key_file)
{
	SSL_CTX *ctx = context(TLS_server_method());

	if (cert_file == NULL) {
		use_fresh_certificate(ctx);
		return ctx;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
		fatalx("TLS: cannot use cert=%s key=%s", cert_file, key_file);
	return ctx;
}
