/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata as encoded pairs of key and JSON text (lib/mail/envelope.h): what
 * is known of a connection, and the queue that a message's metadata names.
 */
#ifndef SMTPD_FACTS_H
#define SMTPD_FACTS_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct arena;
struct ip;
struct metas;
struct tls_facts;

/* Replace or append; json "" or "null" removes the key. */
void facts_set(struct buf *pairs, const char *key, struct span json);
void facts_set_text(struct buf *pairs, const char *key, struct span text);
/* What a connection starts with: the options' own, then the facts. */
struct facts_start {
	const struct metas *own;
	struct span hostname;
	const struct ip *peer, *local;         /* effective */
	const struct ip *raw_peer, *raw_local; /* of the wire */
};
void facts_connection(struct buf *pairs, const struct facts_start *m);
void facts_tls(struct buf *pairs, const struct tls_facts *f);

/* The text of a JSON text value, in the arena; false for other kinds. */
bool facts_text(struct span pairs, const char *key, struct arena *a,
    struct span *out);
/*
 * The scheduled queue of a message by its metadata and its recipient's domain
 * (normalised); in the arena. "null" means that it is dropped. -1 when the
 * metadata names what cannot be a queue.
 */
int facts_queue(struct span pairs, struct span domain, struct arena *a,
    struct span *out);

#endif
