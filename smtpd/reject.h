/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saying no: the reply, and its Rejection record. Replies of 421 4.3.2 (this
 * host is busy or stopping) are not recorded.
 */
#ifndef SMTPD_REJECT_H
#define SMTPD_REJECT_H

#include <stdint.h>

#include "lib/base/span.h"

struct refusal;
struct session;

/* command is the line that is answered, "." for content, or "". */
void reject(struct session *s, unsigned code, const char *enhanced,
    struct span text, struct span command);
void reject_refusal(struct session *s, const struct refusal *r,
    struct span command);
/* A record of what the client is not told in a reply of its own. */
void reject_quietly(struct session *s, unsigned code, struct span text,
    struct span command, const struct span *rcpts, uint32_t n);
/* As reject(), with the recipient that was refused. */
void reject_rcpt(struct session *s, const struct refusal *r,
    struct span command, struct span rcpt);

#endif
