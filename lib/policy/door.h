/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door by which scripts reach what is outside their process: lookupd
 * carries it out, the coroutine that asked sleeps until the answer is there,
 * and everybody else goes on. A daemon has one door for all its policies, of
 * before a reload and after.
 */
#ifndef LIB_POLICY_DOOR_H
#define LIB_POLICY_DOOR_H

#include <stdint.h>

#include "lib/ipc/lookup.h"

struct channel;
struct door;
struct policy;

/* channel(arg, op) is the live channel to ask through, NULL when there is
 * none just now. */
struct door *door_new(struct channel *(*channel)(void *arg, enum lookup_op op),
    void *arg);
void door_free(struct door **d);
/* Handlers of this policy may go through it. The door outlives the policy. */
void policy_set_door(struct policy *p, struct door *d);
/* MSG_LOOKUP_IS. */
void door_on_answer(struct door *d, uint64_t id, struct reader *r);
/* The channel is gone: who waits on it gets an error. */
void door_lost(struct door *d, const struct channel *ch);

#endif
