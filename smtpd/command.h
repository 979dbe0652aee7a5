/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a client: which are valid when, and what each does. */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include "lib/base/span.h"

struct refusal;
struct session;

/* One line without its CRLF; it may end the session. */
void command_run(struct session *s, struct span line);
/* Answer a line that is none; too many of these end the session. */
void command_refuse(struct session *s, const struct refusal *r,
    struct span line);

extern const struct refusal command_line_long, command_bare_end;

#endif
