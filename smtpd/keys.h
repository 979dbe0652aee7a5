/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and keys of the listeners of one configuration: what master had
 * read for us, parsed; what a listener shows is made from it, once for all
 * sessions that show the same. A session keeps what it began with, since it
 * holds on to its configuration.
 */
#ifndef SMTPD_KEYS_H
#define SMTPD_KEYS_H

#include "lib/base/map.h"
#include "lib/base/span.h"

struct key_list;
struct listener;
struct tls_server;

/* Zero-initialised is empty. */
struct keys {
	struct map pems;    /* name -> struct tls_pem */
	struct map servers; /* what is shown -> struct keys_server */
};

/* The list's texts are not needed any more after it. */
void keys_take(struct keys *k, const struct key_list *list);
/*
 * NULL when TLS cannot be had with these options; logged once. It is there
 * until the next call.
 */
struct tls_server *keys_server(struct keys *k, const struct listener *params,
    struct span hostname);
void keys_free(struct keys *k);

#endif
