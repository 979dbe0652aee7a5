/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and keys that we show as a client: those whose files the
 * configuration names, as master had them read, and those whose text a path
 * has itself. They are looked up for each connection, so that what a reload
 * brings is shown by the next one.
 */
#ifndef SMTP_OUT_KEYS_H
#define SMTP_OUT_KEYS_H

#include <stdbool.h>

#include "lib/base/map.h"

struct egress_path;
struct key_list;
struct tls_pem;

/* Zero-initialised is empty. */
struct out_keys {
	struct map pems; /* name -> struct tls_pem */
};

/* What a path shows: both or none. Give it back after use. */
struct shown {
	const struct tls_pem *chain, *key;
	struct tls_pem *own_chain, *own_key; /* of text in the path */
};

/* These and no others from now on; the list is not needed after it. */
void out_keys_take(struct out_keys *k, const struct key_list *list);
/*
 * The path's option that names a file which was not known when the
 * configuration was loaded, and that file's name; NULL when all is there.
 */
const char *out_keys_unknown(const struct out_keys *k,
    const struct egress_path *path, const char **file_out);
/* What is unknown is not shown. */
void out_keys_shown(const struct out_keys *k, const struct egress_path *path,
    struct shown *out);
void shown_free(struct shown *s);

#endif
