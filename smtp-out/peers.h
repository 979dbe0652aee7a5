/* SPDX-License-Identifier: Apache-2.0 */
/* What the other processes say to a delivery process. */
#ifndef SMTP_OUT_PEERS_H
#define SMTP_OUT_PEERS_H

#include "lib/ipc/channel.h"

extern const struct channel_handler out_handlers[];

void peers_up(void *state, struct channel *ch);
void peers_down(void *state, struct channel *ch);

#endif
