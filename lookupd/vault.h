/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of a HashiCorp Vault, of its key/value engine of version 2 or 1. The
 * address and token that are not said are those of the environment, VAULT_ADDR
 * and VAULT_TOKEN, as they were at start.
 */
#ifndef LOOKUPD_VAULT_H
#define LOOKUPD_VAULT_H

struct ask;
struct vault;

enum { VAULT_TIMEOUT_MS = 30000 };

struct vault *vault_new(void);
/*
 * LOOKUP_VAULT: {mount, path, key, address, token}. Gives the text of that
 * field of the secret.
 */
void vault_ask(struct ask *a);
void vault_cancel(struct ask *a);

#endif
