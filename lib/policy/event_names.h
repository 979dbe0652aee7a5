/* SPDX-License-Identifier: Apache-2.0 */
/* The events a policy may handle. Only for lib/policy. */
#ifndef LIB_POLICY_EVENT_NAMES_H
#define LIB_POLICY_EVENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct event_name {
	const char *name;
	bool multiple; /* several handlers may be registered */
	bool raised;   /* false: nothing of this version raises it */
};

extern const struct event_name event_names[];
extern const size_t n_event_names;

#endif
