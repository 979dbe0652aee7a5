/* SPDX-License-Identifier: Apache-2.0 */
/* All messages this process accepts; peers that come and go. */
#ifndef QMGR_PEERS_H
#define QMGR_PEERS_H

#include "lib/ipc/channel.h"

extern const struct channel_handler qmgr_handlers[];

/* As struct daemon_ops has them. */
void qmgr_peer_up(void *state, struct channel *ch);
void qmgr_peer_down(void *state, struct channel *ch);

#endif
