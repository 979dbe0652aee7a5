/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts ask of Redis. */
#ifndef LOOKUPD_REDIS_ASK_H
#define LOOKUPD_REDIS_ASK_H

struct ask;

/* LOOKUP_REDIS: {server: a struct redis_opts as bytes, words}. */
void redis_ask_start(struct ask *a);
void redis_ask_cancel(struct ask *a);

#endif
