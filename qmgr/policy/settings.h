/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASK_QUEUE, ASK_POOL, ASK_SOURCE, ASK_PATH: what the script's handler says;
 * without a handler what ekiden.yaml says; else what is documented as default.
 */
#ifndef QMGR_POLICY_SETTINGS_H
#define QMGR_POLICY_SETTINGS_H

#include "lib/ipc/channel.h"

struct policyd;

void settings_on_ask_queue(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);
void settings_on_ask_pool(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);
void settings_on_ask_source(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);
void settings_on_ask_path(void *arg, struct channel *ch, uint64_t id,
    struct reader *body, int fd);
/* The scripts were replaced: ask those again that were waiting. */
void settings_ask_again(struct policyd *pd);

#endif
