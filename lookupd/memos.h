/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suite's copy of what kumo.memoize remembers: caches by name, values by
 * key, the one used longest ago going first. One asker at a time computes a
 * value; who else wants it waits.
 */
#ifndef LOOKUPD_MEMOS_H
#define LOOKUPD_MEMOS_H

struct ask;
struct channel;
struct loop;
struct memos;

struct memos *memos_new(struct loop *loop);
void memos_free(struct memos **m);
/*
 * LOOKUP_MEMO: {what, name, key, ttl, capacity, populate, stale, value}, times
 * in milliseconds. "get" gives {state}: "here" with value and left, "yours"
 * (compute it, then say put, local or failed), "local" (it cannot be shared),
 * "late" (whoever computes did not end within `populate`). With stale a value
 * past its time is given while somebody computes the next.
 */
void memos_ask(struct ask *a);
void memos_cancel(struct ask *a);
/* What it was computing somebody else has to. */
void memos_forget_peer(struct memos *m, const struct channel *ch);

#endif
