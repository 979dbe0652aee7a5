/* SPDX-License-Identifier: Apache-2.0 */
/* TLS contexts for measuring: certificates are never verified here. */
#ifndef TESTS_BENCH_COMMON_TLS_H
#define TESTS_BENCH_COMMON_TLS_H

#include <openssl/ssl.h>

SSL_CTX *bench_tls_client(void);
/* With the given PEM files, or (both NULL) a fresh self-signed P-256 key. */
SSL_CTX *bench_tls_server(const char *cert_file, const char *key_file);

#endif
