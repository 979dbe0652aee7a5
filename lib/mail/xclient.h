/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute list of XCLIENT, by which a listed proxy tells who the real
 * client is. Whether the peer may say so is the caller's question.
 */
#ifndef LIB_MAIL_XCLIENT_H
#define LIB_MAIL_XCLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"
#include "lib/mail/refusal.h"

enum xclient_attribute {
	XCLIENT_NAME = 1,
	XCLIENT_ADDR = 2,
	XCLIENT_PORT = 4,
	XCLIENT_PROTO = 8,
	XCLIENT_HELO = 16,
	XCLIENT_LOGIN = 32,
	XCLIENT_DESTADDR = 64,
	XCLIENT_DESTPORT = 128,
};

struct xclient {
	unsigned given;       /* attributes named, whatever their value */
	unsigned unavailable; /* of these: [UNAVAILABLE] */
	unsigned tempunavail; /* of these: [TEMPUNAVAIL] */
	struct ip addr;       /* port 0; see port */
	struct ip destaddr;   /* port 0; see destport */
	uint16_t port;
	uint16_t destport;
	bool esmtp; /* PROTO=ESMTP */
	struct span name, helo, login; /* decoded, in the arena */
};

/* NULL, or why it is refused (501 5.5.4). */
const struct refusal *xclient_parse(struct span arg, struct arena *a,
    struct xclient *out);

#endif
