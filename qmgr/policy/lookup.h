/* SPDX-License-Identifier: Apache-2.0 */
/* ASK_MX and ASK_HOST: the DNS for the queue manager and for delivery. */
#ifndef QMGR_POLICY_LOOKUP_H
#define QMGR_POLICY_LOOKUP_H

#include "lib/ipc/channel.h"

void lookup_on_ask_mx(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);
void lookup_on_ask_host(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);

#endif
