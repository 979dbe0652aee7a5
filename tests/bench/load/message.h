/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent: envelope and header written anew for each message, over one
 * of a few bodies made at the start. No body line opens with a dot.
 */
#ifndef TESTS_BENCH_LOAD_MESSAGE_H
#define TESTS_BENCH_LOAD_MESSAGE_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "tests/bench/load/options.h"

enum { MESSAGE_BODIES = 8, MESSAGE_RUN_MAX = 24 };

struct messages {
	const struct load_options *opt;
	char run[MESSAGE_RUN_MAX]; /* this run, in Message-ID */
	size_t size;               /* of each body */
	char *bodies[MESSAGE_BODIES];
	struct buf header; /* of the message at hand */
	int64_t date_ms;   /* when `date` was made */
	char date[40];
};

void messages_init(struct messages *m, const struct load_options *opt);
void messages_free(struct messages *m);

void message_mail(const struct messages *m, struct buf *out, bool with_size);
/* The RCPT line of recipient `at` of the message. */
void message_rcpt(const struct messages *m, struct buf *out, uint64_t seq,
    uint64_t at);
/*
 * The header, with its empty line; valid until the next call. X-Transmission is
 * "SEQ.ATTEMPT": a message that is sent again has another one.
 */
struct span message_header(struct messages *m, uint64_t seq,
    unsigned attempt);
/* The body and the dot line. */
struct span message_body(const struct messages *m, uint64_t seq);

#endif
