/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH PLAIN and LOGIN (RFC 4954, RFC 4616), decided by the policy's
 * smtp_server_auth_plain: offered over TLS only, and only where there is such
 * a handler.
 */
#ifndef SMTPD_AUTH_H
#define SMTPD_AUTH_H

#include <stdbool.h>

#include "lib/base/span.h"

struct command;
struct session;

bool auth_is_offered(const struct session *s);
void auth_command(struct session *s, const struct command *c,
    struct span line);
/* A line of the dialogue, in SESSION_AUTH. */
void auth_line(struct session *s, struct span line);
/* Nobody is logged in any more; what is known of it is wiped. */
void auth_forget(struct session *s);

#endif
