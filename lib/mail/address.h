/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mailboxes and paths (RFC 5321 section 4.1.2, RFC 6531). Spans point into the
 * text that was parsed. What parses holds no control, no NUL, no bad UTF-8.
 */
#ifndef LIB_MAIL_ADDRESS_H
#define LIB_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/span.h"

/* Octets; a path counts its angle brackets (RFC 5321 section 4.5.3.1). */
enum { ADDRESS_LOCAL_MAX = 64, ADDRESS_PATH_MAX = 256 };

struct address {
	struct span text;   /* local@domain as given; empty for <> */
	struct span local;  /* with its quotes, when quoted */
	struct span domain; /* with its brackets, when a literal;
			     * empty for <> and a bare postmaster */
	bool quoted;
	bool literal;
	bool has_8bit; /* needs SMTPUTF8 */
};

enum address_flag {
	ADDRESS_NULL_OK = 1,       /* <> */
	ADDRESS_POSTMASTER_OK = 2, /* <postmaster> without a domain */
};

/* A whole text "local@domain"; 0, or -1 and a reason. */
int address_parse(struct span s, struct address *out, const char **why_out);
/*
 * A path at the front of s, "<" [source route ":"] mailbox ">"; the route is
 * dropped. used_out counts the bytes with the brackets. flags: address_flag.
 */
int address_path_parse(struct span s, unsigned flags, struct address *out,
    size_t *used_out, const char **why_out);
bool address_is_null(const struct address *a);
/* Local parts byte for byte, domains as domain_same(). */
bool address_same(const struct address *a, const struct address *b);

#endif
