/* SPDX-License-Identifier: Apache-2.0 */
/* What a Vault says of a secret: a pure function of the answer's bytes. */
#ifndef LOOKUPD_VAULT_ANSWER_H
#define LOOKUPD_VAULT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/span.h"

enum { VAULT_ANSWER_MAX = 1024 * 1024 };

/*
 * The text of the secret's field: NULL and a copy on the heap, of len_out
 * bytes, or a constant that says why there is none. The key/value engine of
 * version 1 has the fields one level higher: old.
 */
const char *vault_answer_read(struct span json, bool old, const char *field,
    char **out, size_t *len_out);

#endif
