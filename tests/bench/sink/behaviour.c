/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

static const struct word {
	const char *name;
	enum act act;
	unsigned code; /* 0: the word takes none */
} words[] = {
	/* Longer words first: a word may begin another. */
	{ "tempfail-once", ACT_TEMPFAIL_ONCE, 0 },
	{ "drop-rcpt", ACT_DROP_RCPT, 0 },
	{ "defer", ACT_REPLY, 451 },
	{ "reject", ACT_REPLY, 550 },
	{ "shutdown", ACT_REPLY_CLOSE, 421 },
	{ "data", ACT_DATA_REPLY, 451 },
	{ "slow", ACT_SLOW, 0 },
	{ "stall", ACT_STALL, 0 },
	{ "drop", ACT_DROP, 0 },
};

const char behaviour_help[] =
    "A recipient's local part, or the first label of its domain, may choose\n"
    "what happens; anything behind the word after - + or _ is free text, and\n"
    "-NNN sets the reply code where one is named:\n"
    "  defer, defer-NNN       RCPT is answered 451 (NNN)\n"
    "  reject, reject-NNN     RCPT is answered 550 (NNN)\n"
    "  shutdown, shutdown-NNN RCPT is answered 421 (NNN), connection closed\n"
    "  data-NNN               end of data is answered 451 (NNN)\n"
    "  slow                   RCPT and end of data are answered late\n"
    "  stall                  RCPT is never answered\n"
    "  drop-rcpt              connection closed instead of a reply to RCPT\n"
    "  drop                   connection closed instead of a reply to the\n"
    "                         end of data; the message counts as dropped\n"
    "  tempfail-once          451 the first time the address is seen\n";

static bool
word_matches(const struct word *w, struct span text, struct span *rest_out)
{
	size_t len = strlen(w->name);

	if (text.len < len || !span_ieq_str(span_make(text.p, len), w->name))
		return false;
	*rest_out = span_from(text, len);
	return rest_out->len == 0 || strchr("-+_", rest_out->p[0]) != NULL;
}

/* "-NNN" at the front of rest, or the word's own code. */
static unsigned
code_of(const struct word *w, struct span rest)
{
	uint64_t code;

	if (w->code != 0 && rest.len >= 4 && rest.p[0] == '-' &&
	    text_u64(span_make(rest.p + 1, 3), 200, 599, &code) == 0)
		return (unsigned)code;
	return w->code;
}

static bool
match(struct span text, struct behaviour *out)
{
	struct span rest;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!word_matches(&words[i], text, &rest))
			continue;
		out->act = words[i].act;
		out->code = code_of(&words[i], rest);
		return true;
	}
	return false;
}

struct behaviour
behaviour_of(struct span address)
{
	struct behaviour b = { ACT_ACCEPT, 250 };
	ptrdiff_t at = span_find(address, '@');
	struct span local = address, label = { NULL, 0 };

	if (at != -1) {
		local.len = (size_t)at;
		label = span_from(address, (size_t)at + 1);
		at = span_find(label, '.');
		if (at != -1)
			label.len = (size_t)at;
	}
	if (!match(local, &b))
		match(label, &b);
	return b;
}

bool
seen_before(struct seen *s, struct span address)
{
	uint64_t print = map_hash(address) | 1; /* 0 is an empty slot */
	size_t at = print % SEEN_MAX;

	if (s->slots == NULL)
		s->slots = xcalloc(SEEN_MAX, sizeof(*s->slots));
	for (; s->slots[at] != 0; at = (at + 1) % SEEN_MAX)
		if (s->slots[at] == print)
			return true;
	/* A quarter stays free: searches end soon. */
	if (s->count >= SEEN_MAX / 4 * 3)
		return true;
	s->slots[at] = print;
	s->count++;
	return false;
}

void
seen_free(struct seen *s)
{
	free(s->slots);
	s->slots = NULL;
	s->count = 0;
}
