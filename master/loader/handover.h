/* SPDX-License-Identifier: Apache-2.0 */
/* The plan and the configuration, told to master. */
#ifndef MASTER_LOADER_HANDOVER_H
#define MASTER_LOADER_HANDOVER_H

struct suite;

/* Returns once master has it all; takes the descriptor over. */
void handover_send(int fd, const struct suite *suite);

#endif
