/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and keys of the listeners: files are read once, before the
 * jail; what a listener shows is then made from these bytes, once for all
 * sessions that show the same.
 */
#ifndef SMTPD_KEYS_H
#define SMTPD_KEYS_H

#include "lib/base/map.h"
#include "lib/base/span.h"

struct listener;
struct suite;
struct tls_server;

/* Zero-initialised is empty. */
struct keys {
	struct map files;   /* path -> struct buf */
	struct map servers; /* what is shown -> struct keys_server */
};

/* Reads all key files that listeners name, peer and via included. */
void keys_read(struct keys *k, const struct suite *suite);
/* After a reload: complains about files that this process did not read. */
void keys_check(const struct keys *k, const struct suite *suite);
/* NULL when TLS cannot be had with these options; logged once. */
struct tls_server *keys_server(struct keys *k, const struct listener *params,
    struct span hostname);
void keys_free(struct keys *k);

#endif
