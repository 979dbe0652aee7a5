/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Public Suffix List: below which names anyone may register one. The only
 * file that knows libpsl.
 */
#ifndef LIB_MAIL_SUFFIX_H
#define LIB_MAIL_SUFFIX_H

#include "lib/base/span.h"

/*
 * Read the system's list, or take the library's own when that is newer. Once,
 * before a jail; without it no name has a suffix.
 */
void suffix_prepare(void);
/*
 * The part of name that is a public suffix ("co.uk"), or one label more
 * ("example.co.uk"), a trailing dot included; case does not matter. Of names
 * that no rule covers the last label is the suffix. Empty when there is none.
 */
struct span suffix_of(struct span name);
struct span suffix_domain_of(struct span name);

#endif
