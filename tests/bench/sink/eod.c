/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/eod.h"

#include <string.h>

/* One byte further; *ended when it was the last of the end. */
static enum eod
eod_step(enum eod at, char c, int *ended)
{
	switch (at) {
	case EOD_LINE:
		if (c == '.')
			return EOD_DOT;
		break;
	case EOD_DOT:
		if (c == '\r')
			return EOD_DOT_CR;
		break;
	case EOD_CR:
		if (c == '\n')
			return EOD_LINE;
		break;
	case EOD_DOT_CR:
		if (c == '\n') {
			*ended = 1;
			return EOD_LINE;
		}
		break;
	case EOD_NONE:
		break;
	}
	return c == '\r' ? EOD_CR : EOD_NONE;
}

/*
 * Nothing is matched at p: on to the next dot that opens a line. Dots are
 * rare in text, line ends are not, so the dot is what is looked for.
 */
static size_t
eod_skip(enum eod *at, const char *p, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const char *dot = memchr(p + i, '.', len - i);

		if (dot == NULL)
			break;
		i = (size_t)(dot - p) + 1;
		if (i >= 3 && dot[-1] == '\n' && dot[-2] == '\r') {
			*at = EOD_DOT;
			return i;
		}
	}
	if (len >= 2 && p[len - 1] == '\n' && p[len - 2] == '\r')
		*at = EOD_LINE;
	else if (len >= 1 && p[len - 1] == '\r')
		*at = EOD_CR;
	return len;
}

int
eod_scan(enum eod *at, const char *p, size_t len, size_t *used_out)
{
	size_t i = 0;
	int ended = 0;

	while (i < len && !ended) {
		if (*at == EOD_NONE)
			i += eod_skip(at, p + i, len - i);
		else
			*at = eod_step(*at, p[i++], &ended);
	}
	*used_out = i;
	return ended;
}
