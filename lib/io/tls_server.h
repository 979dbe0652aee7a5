/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a listener shows in TLS handshakes: certificate chain and key, and the
 * authorities that a client's certificate is checked against where one is
 * sent. Sessions hold on to what they began with, whatever is freed meanwhile.
 * tls_server_start() must come before the jail closes, since the library reads
 * its own configuration the first time.
 */
#ifndef LIB_IO_TLS_SERVER_H
#define LIB_IO_TLS_SERVER_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"

struct ssl_st; /* OpenSSL's SSL */
struct tls_pem;
struct tls_server;

/* Borrowed for the call. */
struct tls_server_opts {
	const struct tls_pem *chain;     /* NULL = self-signed */
	const struct tls_pem *key;       /* of the chain */
	const struct tls_pem *client_ca; /* NULL = clients are not asked */
	struct span hostname;            /* of a self-signed certificate */
};

void tls_server_start(void);
/* NULL, and why (for the caller to free) when these do not serve. */
struct tls_server *tls_server_new(const struct tls_server_opts *opts,
    char **why_out);
void tls_server_free(struct tls_server **server);
/* A session for stream_accept_tls(), which takes it over. */
struct ssl_st *tls_server_session(struct tls_server *server);

/* A finished handshake; all of it in the arena. */
struct tls_facts {
	struct span cipher;   /* "TLS_AES_256_GCM_SHA384" */
	struct span version;  /* "TLSv1.3" */
	struct span *subject; /* "C=US", "CN=host": a verified client's */
	size_t nsubject;
};

void tls_facts_get(struct ssl_st *ssl, struct arena *a,
    struct tls_facts *out);

#endif
