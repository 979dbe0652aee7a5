/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a Redis server is:
 * redis[s]://[USER][:PASSWORD@]HOST[:PORT][/[DB]][?protocol=resp2][#insecure]
 */
#ifndef LIB_SETTINGS_REDIS_URL_H
#define LIB_SETTINGS_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

enum { REDIS_PORT = 6379, REDIS_DB_MAX = 65535 };

/* Texts on the heap; user and password NULL: none. */
struct redis_url {
	char *host; /* a name or an address, without brackets */
	char *user, *password;
	uint16_t port;
	uint32_t db;
	bool tls;
	bool verify; /* of TLS: certificate and host name; not with #insecure */
};

/* 0, or -1 with a constant reason and nothing to free. */
int redis_url_parse(struct span text, struct redis_url *out,
    const char **why_out);
void redis_url_free(struct redis_url *u);

#endif
