/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses in header fields (RFC 5322 section 3.4, with the obsolete forms
 * that are still written). Names are decoded to UTF-8, local parts are without
 * their quotes. All spans lie in an arena.
 */
#ifndef LIB_MIME_MAILBOX_H
#define LIB_MIME_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"

struct charsets;

enum { MIME_ADDRESSES_MAX = 20000 }; /* in one field, groups counted */

struct mime_mailbox {
	struct span name; /* p NULL: none */
	struct span local, domain;
	struct mime_mailbox *next;
};

struct mime_address {
	bool is_group;
	struct span name;          /* of a group */
	struct mime_mailbox *list; /* of a group its mailboxes; else one */
	struct mime_address *next;
};

struct mime_addresses {
	struct mime_address *first;
	size_t n;
};

/* What a field may hold. */
enum mime_address_kind {
	MIME_ADDRESS_LIST, /* To, Cc, Reply-To: mailboxes and groups */
	MIME_MAILBOX_LIST, /* From: no groups */
	MIME_ONE_MAILBOX,  /* Sender */
};

/* 0, or -1 and a reason. charsets may be NULL. */
int mime_addresses_parse(struct arena *a, const struct charsets *charsets,
    struct span text, enum mime_address_kind kind, struct mime_addresses *out,
    const char **why_out);

/* "local@domain", the local part quoted where it must be. */
void mime_addr_spec_put(const struct mime_mailbox *m, struct buf *out);
/* As the value of a field, one address to a line. */
void mime_addresses_put(const struct mime_addresses *list, struct buf *out);

#endif
