/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of the web (RFC 3986): http, https, ws and wss. Reading one is a
 * pure function. What is read is in its normal form: scheme and host in lower
 * case, names of other scripts as A-labels, dot segments taken out of the
 * path, and what may not stand in a request line percent-encoded.
 */
#ifndef LIB_WEB_URL_H
#define LIB_WEB_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"

enum { URL_MAX = 16384 };

enum url_scheme { URL_HTTP, URL_HTTPS, URL_WS, URL_WSS, URL_SCHEMES };

struct url {
	enum url_scheme scheme;
	bool has_user, has_query, has_fragment;
	struct span user, password; /* as they were written */
	struct span host;  /* without brackets, without a dot at the end */
	struct ip addr;    /* of a host that is one; its port stays 0 */
	uint16_t port;     /* the scheme's own if none was given */
	struct span path;  /* begins with a slash */
	struct span query, fragment; /* without their ? and # */
};

/*
 * 0, or -1 with a reason, a constant: it says what the text is, as in "it has
 * no host". What is read lives in the arena.
 */
int url_parse(struct span text, struct arena *a, struct url *out,
    const char **why_out);
/*
 * The reference of a Location field as seen from base (RFC 3986 section 5.2);
 * out may share parts with base.
 */
int url_join(const struct url *base, struct span reference, struct arena *a,
    struct url *out, const char **why_out);

bool url_is_secure(const struct url *u);
/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

enum url_part { URL_WITH_USER = 1, URL_WITH_FRAGMENT = 2 };
/* Append the whole; parts says which of what is left out otherwise. */
void url_put(struct buf *out, const struct url *u, unsigned parts);
/* As a Host field has it: the port only if it is not the scheme's own. */
void url_put_host(struct buf *out, const struct url *u);
/*
 * For people: without user, query and fragment, which may be secrets; a query
 * that is left out shows as "?...".
 */
void url_put_shown(struct buf *out, const struct url *u);

/* Append text with %HH decoded; what is no such pair stays. */
void url_decode(struct buf *out, struct span text);
/*
 * Append text as part of a path: what is neither unreserved nor a slash is
 * encoded.
 */
void url_put_path(struct buf *out, struct span text);
/*
 * Append "name=value" as a form does (application/x-www-form-urlencoded),
 * behind an ampersand unless `first`.
 */
void url_put_pair(struct buf *out, struct span name, struct span value,
    bool first);

#endif
