/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy at work in a daemon: one Lua state that loaded the scripts of the
 * suite's bundle and answers events. Nothing of it opens a file. Each event is
 * a coroutine with a budget of instructions, time and memory; what it leaves
 * behind is a decision, never a pointer.
 *
 * An event's answer comes through a callback, before or after the call that
 * asked returns. The handle tells the two apart: 0 means it came already; any
 * other one can be given to policy_cancel() when nobody waits any more.
 *
 * A suite without a policy gives a state that handles no event.
 */
#ifndef LIB_POLICY_POLICY_H
#define LIB_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

struct loop;
struct policy;
struct suite;

enum policy_error_kind {
	POLICY_NO_ERROR,
	POLICY_REJECTED,     /* kumo.reject */
	POLICY_DISCONNECTED, /* kumo.disconnect */
	POLICY_FAILED,       /* a fault of the script */
	POLICY_TOO_LONG,     /* it used up its instructions or time */
	POLICY_TOO_BIG,      /* it used up its memory */
};

/* What kumo.disconnect wants after the reply. */
enum policy_close {
	POLICY_CLOSE_IF_421,
	POLICY_CLOSE_AFTER_421, /* say 421 behind the reply, then close */
	POLICY_CLOSE,
};

/* Zero-initialised is "no error". Texts are on the heap. */
struct policy_error {
	enum policy_error_kind kind;
	uint16_t code;           /* of reject and disconnect: 200 to 599 */
	enum policy_close close; /* of disconnect */
	char *text;              /* printable; several problems are lines */
	char *traceback;         /* of faults; lines; NULL = none */
};

void policy_error_free(struct policy_error *e);

/*
 * Once per process that runs scripts, before its jail closes: what their
 * functions need of the file system, and the watchdog.
 */
void policy_prepare(void);
/*
 * Load the suite's bundle for a daemon. loop may be NULL (then no call may
 * wait). NULL with the error when a script fails to load. The suite is copied
 * from, not kept.
 */
struct policy *policy_load(struct loop *loop, const struct suite *suite,
    struct policy_error *error_out);
/* Calls under way are dropped without their callbacks. NULL is accepted. */
void policy_free(struct policy **p);
/* Is there a handler for this event? */
bool policy_has(const struct policy *p, const char *event);
/* The callback of that call will not come. A handle of old is harmless. */
void policy_cancel(struct policy *p, uint64_t call);

#endif
