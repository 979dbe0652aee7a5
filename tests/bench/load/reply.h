/* SPDX-License-Identifier: Apache-2.0 */
/* A line of an SMTP reply (RFC 5321 section 4.2). */
#ifndef TESTS_BENCH_LOAD_REPLY_H
#define TESTS_BENCH_LOAD_REPLY_H

#include <stdbool.h>

#include "lib/base/span.h"

enum { REPLY_LINE_MAX = 4096 };

struct load_reply {
	unsigned code;
	bool last; /* no further line belongs to the reply */
	struct span text;
};

/* line: without CRLF. -1: this is no reply. */
int load_reply_parse(struct span line, struct load_reply *out);

#endif
