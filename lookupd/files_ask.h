/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.fs of handlers: LOOKUP_FILE is a question of lib/files/files.h. */
#ifndef LOOKUPD_FILES_ASK_H
#define LOOKUPD_FILES_ASK_H

struct ask;

void files_ask(struct ask *a);

#endif
