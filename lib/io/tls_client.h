/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as a client: one OpenSSL context per set of options, kept; the system's
 * certificate authorities, read once before the jail; sessions kept for
 * resumption per context and key. A stream takes the SSL over
 * (stream_connect_tls).
 */
#ifndef LIB_IO_TLS_CLIENT_H
#define LIB_IO_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"

struct ssl_ctx_st;
struct ssl_st;
struct tls_client;
struct tls_pem;

enum {
	TLS_CONTEXTS_MAX = 256,  /* all are dropped when there are more */
	TLS_SESSIONS_MAX = 8192, /* likewise */
};

/* What a connection asks for; spans may be empty. */
struct tls_options {
	bool verify;               /* chain and host name */
	struct span ciphers;       /* TLS up to 1.2 */
	struct span suites;        /* TLS 1.3 */
	const char *const *flags;  /* names of OpenSSL's options */
	size_t n_flags;
	/* What we show; NULL = nothing. Borrowed for the call. */
	const struct tls_pem *chain, *key;
};

/* Reads the authorities: call it before the jail. Never NULL. */
struct tls_client *tls_client_new(void);
void tls_client_free(struct tls_client **c);
/* For a library that makes its own contexts: the same authorities. */
void tls_client_trust(struct tls_client *c, struct ssl_ctx_st *ctx);
/*
 * A connection to `host` (a name without trailing dot, or an address).
 * `key` says with whom a session may be shared. NULL when the options cannot
 * be used; *why_out then says why, until the next call.
 */
struct ssl_st *tls_client_start(struct tls_client *c,
    const struct tls_options *o, struct span host, struct span key,
    const char **why_out);
/* Why a handshake failed, better than the error alone knows; else NULL. */
const char *tls_client_why(struct ssl_st *ssl);

/* After a handshake: for the log. */
struct tls_facts {
	struct span cipher;   /* OpenSSL's name */
	struct span version;  /* "TLSv1.3" */
	struct span *subject; /* "C=US", "CN=mx.example.com", ... */
	uint32_t n_subject;
	bool verified;
	bool resumed;
};

void tls_client_facts(struct ssl_st *ssl, struct arena *a,
    struct tls_facts *out);

#endif
