/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domain names as mail compares them: lower-case ASCII, with U-labels turned
 * into A-labels (IDNA 2008, UTS 46 without transitional forms). The only file
 * that knows libidn2.
 */
#ifndef LIB_MAIL_DOMAIN_H
#define LIB_MAIL_DOMAIN_H

#include <stdbool.h>

#include "lib/base/span.h"

enum { DOMAIN_MAX = 255, DOMAIN_LABEL_MAX = 63 };

enum domain_flag {
	DOMAIN_8BIT = 1,       /* U-labels too (RFC 6531) */
	DOMAIN_UNDERSCORE = 2, /* "_" too: DNS has it, host names do not */
};

/*
 * Sub-domains of letters, digits and inner hyphens, parted by dots (RFC 5321
 * section 4.1.2). No trailing dot. Bytes above 0x7f are not checked further.
 */
bool domain_valid(struct span s, unsigned flags);
/*
 * The comparable form on the heap, one trailing dot dropped; address literals
 * are lower-cased only. -1 for what no name can be.
 */
int domain_normalise(struct span s, char **out);
/* Same name once normalised; without allocation for ASCII names. */
bool domain_same(struct span a, struct span b);

#endif
