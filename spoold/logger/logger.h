/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the logger: one `struct log` per configured log. */
#ifndef SPOOLD_LOGGER_LOGGER_H
#define SPOOLD_LOGGER_LOGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/proc/daemon.h"
#include "spoold/logger/log.h"

struct logger {
	struct daemon d;
	struct log **logs;
	unsigned n_logs;
	struct uuid node;
	uint64_t newest;     /* journal entry that is known to be committed */
	bool have_cursors;   /* logs know where to go on */
	bool low;            /* what the writer knows of our folders */
	unsigned ticks;
	struct timer tick;   /* rolls by time, retries, cursor commits */
	struct timer gather; /* lets entries gather before they are asked for */
};

#endif
