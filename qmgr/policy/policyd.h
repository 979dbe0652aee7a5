/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the policy process. */
#ifndef QMGR_POLICY_POLICYD_H
#define QMGR_POLICY_POLICYD_H

#include "lib/proc/daemon.h"

struct door;
struct policy;
struct question;
struct resolver;

struct policyd {
	struct daemon daemon;
	struct resolver *resolver;
	struct door *door;
	struct policy *policy;
	struct question *questions; /* not answered yet */
	size_t n_questions;
	bool paused; /* peers are not read: too many questions */
};

#endif
