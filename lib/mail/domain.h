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

/*
 * Sub-domains of letters, digits and inner hyphens, parted by dots (RFC 5321
 * section 4.1.2), and U-labels when allowed (RFC 6531). No trailing dot.
 */
bool domain_valid(struct span s, bool allow_8bit);
/*
 * The comparable form on the heap, one trailing dot dropped; address literals
 * are lower-cased only. -1 for what no name can be.
 */
int domain_normalise(struct span s, char **out);
/* Same name once normalised; without allocation for ASCII names. */
bool domain_same(struct span a, struct span b);

#endif
