/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key file as the TLS library has it: the certificates, and the private key
 * where there is one, of one PEM text. Read once, so that the text can be wiped
 * at once; contexts made of it share its parts by count and may outlive it.
 */
#ifndef LIB_IO_TLS_PEM_H
#define LIB_IO_TLS_PEM_H

#include "lib/base/span.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct tls_pem;

enum tls_pem_use {
	TLS_PEM_CHAIN = 1,       /* our certificate, those behind it follow */
	TLS_PEM_KEY = 2,         /* its private key */
	TLS_PEM_AUTHORITIES = 4, /* whose certificates are believed */
};

/* Never NULL: what it lacks is told by the functions below. */
struct tls_pem *tls_pem_read(struct span text);
void tls_pem_free(struct tls_pem **pem);
/* The same for the same text, another for any other; no secret. */
struct span tls_pem_id(const struct tls_pem *pem);
/*
 * Why it cannot serve so, with a remedy, as it reads behind the file's name;
 * NULL when it can.
 */
const char *tls_pem_fault(const struct tls_pem *pem, enum tls_pem_use use);
/*
 * Put the chain and its key into a context; chain and key may be one. 0, or -1
 * and why (for the caller to free): "the certificate ...", "the key ...".
 */
int tls_pem_show(struct ssl_ctx_st *ctx, const struct tls_pem *chain,
    const struct tls_pem *key, char **why_out);
/* Believe these authorities; 0 or -1 as above. */
int tls_pem_trust(struct ssl_ctx_st *ctx, const struct tls_pem *authorities,
    char **why_out);
/* As tls_pem_show with a context of no use: NULL, or why for the caller. */
char *tls_pem_pair_fault(const struct tls_pem *chain,
    const struct tls_pem *key);

#endif
