/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reply means for the recipients it speaks of and for the connection.
 * A table, to be read beside the delivery rules; pure.
 */
#ifndef SMTP_OUT_VERDICT_H
#define SMTP_OUT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum phase { PHASE_MAIL, PHASE_RCPT, PHASE_DATA, PHASE_DOT, PHASES };

enum fate {
	FATE_PENDING,   /* not decided */
	FATE_DELIVERED,
	FATE_BOUNCED,
	FATE_DEFERRED,  /* another attempt, later */
};

/* What the connection does after the reply. */
enum next {
	NEXT_GO_ON,  /* the reply that the command hoped for */
	NEXT_KEEP,   /* refused; the connection is good, RSET goes first */
	NEXT_CLOSE,
};

struct verdict {
	enum fate fate; /* FATE_PENDING with NEXT_GO_ON, except at the dot */
	enum next next;
};

struct verdict verdict_of(enum phase phase, uint16_t code);

/* Does a reply to RCPT say that the transaction holds too many? */
enum too_many { TOO_MANY_NO, TOO_MANY_MAYBE, TOO_MANY_YES };

enum too_many verdict_too_many(uint16_t code, bool has_enhanced,
    uint16_t subject, uint16_t detail);
/*
 * Is this recipient left for the next transaction of this connection?
 * first: of its transaction; alone: the only one in it; was_cut: it was left
 * over from the transaction before already.
 */
bool verdict_cuts(enum too_many t, bool first, bool alone, bool was_cut);

#endif
