/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SMTP listener: kumo.start_esmtp_listener, `listeners:`. peer and via hold
 * listeners of which only the options that are set count.
 */
#ifndef LIB_SETTINGS_LISTENER_H
#define LIB_SETTINGS_LISTENER_H

#include "lib/settings/option.h"

/* In the order of lib/mail/data.h. */
enum invalid_line_endings {
	INVALID_LINE_ENDINGS_DENY,
	INVALID_LINE_ENDINGS_ALLOW,
	INVALID_LINE_ENDINGS_FIX,
};
enum batch_handling { BIFURCATE_ALWAYS, BATCH_BY_DOMAIN };
enum { LISTENER_DEPTH_MAX = 8 }; /* peer and via inside each other */

struct listener_overlay;

struct listener_overlays {
	struct listener_overlay *v;
	size_t n;
};

struct trace_headers {
#define OPTIONS "lib/settings/trace_headers.def"
#include "lib/settings/option_members.h"
};

#define OPTION_C_OVERLAYS struct listener_overlays

struct listener {
#define OPTIONS "lib/settings/listener.def"
#include "lib/settings/option_members.h"
};

struct listener_overlay {
	struct cidr net;
	struct listener params;
};

extern const struct option_table listener_table;
extern const struct option_table trace_headers_table;

void listener_defaults(struct listener *l);
/* Do certificate and key go together? 0, or -1 with a problem. */
int listener_check(const struct listener *l, int line,
    struct problems *problems);
/* With that check. */
int listener_read(struct listener *l, const struct value *map,
    struct problems *problems);
/* Options from an event (dynamic parameters): as inside peer, no listen. */
int listener_read_partial(struct listener *l, const struct value *map,
    struct problems *problems);
void listener_put(struct buf *b, const struct listener *l);
void listener_get(struct reader *r, struct listener *l);
void listener_free(struct listener *l);

/*
 * The options for one connection: the narrowest network of peer that has the
 * client, then of via that has the local address, then what those hold inside
 * them, each over what was before; meta is merged key by key. Either address
 * may be NULL. out borrows from l: give it back with listener_unresolve before
 * l is freed, never with listener_free. Its peer and via are empty.
 */
void listener_resolve(const struct listener *l, const struct ip *peer,
    const struct ip *via, struct listener *out);
/*
 * Lay partial options (dynamic parameters) over a resolved listener, which then
 * borrows from them too.
 */
void listener_apply(struct listener *resolved, const struct listener *partial,
    const struct ip *peer, const struct ip *via);
void listener_unresolve(struct listener *out);

#endif
