/* SPDX-License-Identifier: Apache-2.0 */
/* The one state of lookupd. */
#ifndef LOOKUPD_LOOKUPD_H
#define LOOKUPD_LOOKUPD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/proc/daemon.h"

struct ask;
struct counters;
struct memos;
struct queues;
struct throttles;

struct lookupd {
	struct daemon daemon;
	struct ask *asks; /* under way */
	size_t n_asks;
	bool paused;      /* too many: peers are read more slowly */
	struct counters *counters;
	struct memos *memos;
	struct queues *queues;
	struct throttles *throttles;
};

#endif
