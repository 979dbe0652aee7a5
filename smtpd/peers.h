/* SPDX-License-Identifier: Apache-2.0 */
/* What other processes say to this one, and their coming and going. */
#ifndef SMTPD_PEERS_H
#define SMTPD_PEERS_H

#include "lib/ipc/channel.h"

extern const struct channel_handler peers_handlers[];
void peers_up(void *state, struct channel *ch);
void peers_down(void *state, struct channel *ch);
void peers_drained(void *state, struct channel *ch);

#endif
