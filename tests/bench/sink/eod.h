/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds CRLF.CRLF, the one end of a message (RFC 5321 section 4.1.1.4), in
 * content that arrives in pieces of any size. Bare CR and LF end nothing.
 */
#ifndef TESTS_BENCH_SINK_EOD_H
#define TESTS_BENCH_SINK_EOD_H

#include <stddef.h>

/* How much of the end the last bytes seen match. */
enum eod { EOD_NONE, EOD_CR, EOD_LINE, EOD_DOT, EOD_DOT_CR };

/* Where content starts: a first line that is a lone dot ends it too. */
#define EOD_START EOD_LINE

/*
 * Bytes of p that belong to the message, its end included, in *used_out.
 * Returns 1 when the end is among them, else 0 (then all were used).
 */
int eod_scan(enum eod *at, const char *p, size_t len, size_t *used_out);

#endif
