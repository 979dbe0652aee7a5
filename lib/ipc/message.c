/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/message.h"

#define FD_NO   MESSAGE_FD_NO
#define FD_MAY  MESSAGE_FD_MAY
#define FD_MUST MESSAGE_FD_MUST

static const struct message_row rows[MSG_COUNT] = {
#define MSG(name, from, to, fd, max, answer)                                   \
	[MSG_##name] = { #name, from, to, FD_##fd, max },
#include "lib/ipc/messages.def"
#undef MSG
};

const struct message_row *
message_row(unsigned type)
{
	return type < MSG_COUNT ? &rows[type] : NULL;
}

const char *
message_name(unsigned type)
{
	return type < MSG_COUNT ? rows[type].name : "?";
}

/* Delivery into files speaks the same words as delivery by SMTP. */
static bool
role_fits(enum role listed, enum role actual)
{
	return listed == ROLE_COUNT || listed == actual ||
	    (listed == ROLE_OUT && actual == ROLE_LOCAL);
}

bool
message_allowed(unsigned type, enum role from, enum role to)
{
	return type < MSG_COUNT && role_fits(rows[type].from, from) &&
	    role_fits(rows[type].to, to);
}
