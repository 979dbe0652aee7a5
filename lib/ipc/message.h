/* SPDX-License-Identifier: Apache-2.0 */
/* The list of messages (messages.def) as an enum and a table. */
#ifndef LIB_IPC_MESSAGE_H
#define LIB_IPC_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/role.h"

enum message {
#define MSG(name, from, to, fd, max, answer) MSG_##name,
#include "lib/ipc/messages.def"
#undef MSG
	MSG_COUNT
};

enum message_fd { MESSAGE_FD_NO, MESSAGE_FD_MAY, MESSAGE_FD_MUST };

struct message_row {
	const char *name;
	enum role from, to;
	enum message_fd fd;
	uint32_t max_body;
};

/* NULL when there is no such type. */
const struct message_row *message_row(unsigned type);
const char *message_name(unsigned type);
/* May `from` say this to `to`? */
bool message_allowed(unsigned type, enum role from, enum role to);

#endif
