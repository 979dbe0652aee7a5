/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/verdict.h"

enum reply_kind {
	REPLY_2XX,
	REPLY_354, /* and other 3xx after DATA */
	REPLY_3XX,
	REPLY_421, /* the peer closes */
	REPLY_4XX, /* 503 too: it speaks of the sequence, not of the mail */
	REPLY_5XX,
	REPLY_ODD, /* 1xx, or nothing SMTP knows */
	REPLY_KINDS
};

static enum reply_kind
reply_kind(enum phase phase, uint16_t code)
{
	if (code == 421)
		return REPLY_421;
	if (code == 503)
		return REPLY_4XX;
	switch (code / 100) {
	case 2:
		return REPLY_2XX;
	case 3:
		return phase == PHASE_DATA ? REPLY_354 : REPLY_3XX;
	case 4:
		return REPLY_4XX;
	case 5:
		return REPLY_5XX;
	default:
		return REPLY_ODD;
	}
}

#define GO    { FATE_PENDING, NEXT_GO_ON }
#define DONE  { FATE_DELIVERED, NEXT_GO_ON }
#define LATER { FATE_DEFERRED, NEXT_KEEP }
#define NEVER { FATE_BOUNCED, NEXT_KEEP }
/* What the peer waits for after such a reply is anybody's guess. */
#define LEAVE { FATE_DEFERRED, NEXT_CLOSE }

static const struct verdict verdicts[REPLY_KINDS][PHASES] = {
	/*               MAIL   RCPT   DATA   dot */
	[REPLY_2XX] = { GO,    GO,    LEAVE, DONE },
	[REPLY_354] = { LATER, LATER, GO,    LEAVE },
	[REPLY_3XX] = { LATER, LATER, LATER, LEAVE },
	[REPLY_421] = { LEAVE, LEAVE, LEAVE, LEAVE },
	[REPLY_4XX] = { LATER, LATER, LATER, LATER },
	[REPLY_5XX] = { NEVER, NEVER, NEVER, NEVER },
	[REPLY_ODD] = { LEAVE, LEAVE, LEAVE, LEAVE },
};

struct verdict
verdict_of(enum phase phase, uint16_t code)
{
	return verdicts[reply_kind(phase, code)][phase];
}

enum too_many
verdict_too_many(uint16_t code, bool has_enhanced, uint16_t subject,
    uint16_t detail)
{
	if (has_enhanced)
		return subject == 5 && detail == 3 ? TOO_MANY_YES : TOO_MANY_NO;
	return code == 452 || code == 552 ? TOO_MANY_MAYBE : TOO_MANY_NO;
}

bool
verdict_cuts(enum too_many t, bool first, bool alone, bool was_cut)
{
	if (first || alone)
		return false;
	return t == TOO_MANY_YES || (t == TOO_MANY_MAYBE && !was_cut);
}
