/* SPDX-License-Identifier: Apache-2.0 */
/* The character sets of this process. Only for lib/policy. */
#ifndef LIB_POLICY_CHARSET_H
#define LIB_POLICY_CHARSET_H

struct charsets;

/* Once, before the jail; a second time is nothing. */
void policy_charsets_open(void);
/* NULL before: then those that need no file are known. */
const struct charsets *policy_charsets(void);

#endif
