/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.mpsc: queues of values that are one for the suite. */
#ifndef LOOKUPD_QUEUES_H
#define LOOKUPD_QUEUES_H

struct ask;
struct queues;

struct queues *queues_new(void);
void queues_free(struct queues **q);
/*
 * LOOKUP_QUEUE: {what, name, limit, value, n}. Every question defines the
 * queue; its first limit stays (0: none). "send" (waits for room), "try_send"
 * (gives whether there was), "recv" (waits; up to n values as a list, nil when
 * closed and empty), "try_recv" (the same, at once), "len", "is_closed",
 * "close".
 */
void queues_ask(struct ask *a);
void queues_cancel(struct ask *a);

#endif
