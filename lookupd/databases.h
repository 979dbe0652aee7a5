/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite databases that scripts have open. The asker chooses a handle's number;
 * it is one connection, so that a transaction over several questions stays on
 * it, and its questions are answered in order. What meets a lock is tried again
 * until the handle's time for it is over, and everybody else goes on meanwhile.
 */
#ifndef LOOKUPD_DATABASES_H
#define LOOKUPD_DATABASES_H

struct ask;
struct channel;
struct databases;
struct loop;

/* account: who this process is, for messages. */
struct databases *databases_new(struct loop *loop, const char *account);
void databases_free(struct databases **d);
/*
 * LOOKUP_SQLITE: {what, handle, path, busy_ms}. "open"; "execute" with sql and
 * params and n, or named, opens too unless `transaction` says that one is open:
 * then the answer is {lost}. It gives {result, transaction}. "close".
 */
void databases_ask(struct ask *a);
void databases_cancel(struct ask *a);
/* All that this peer had open is closed. */
void databases_forget_peer(struct databases *d, const struct channel *ch);

#endif
