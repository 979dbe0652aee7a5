/* SPDX-License-Identifier: Apache-2.0 */
/* The generator's one state, and the loop around it. */
#ifndef TESTS_BENCH_LOAD_LOAD_H
#define TESTS_BENCH_LOAD_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "tests/bench/common/latency.h"
#include "tests/bench/common/ledger.h"
#include "tests/bench/load/message.h"
#include "tests/bench/load/options.h"

enum { LOAD_READ_MAX = 64 * 1024, LOAD_ERROR_MAX = 256 };

struct load_session;

/* Sessions in a row, first in first out. */
struct load_queue {
	struct load_session *first, *last;
};

struct load {
	const struct load_options *opt;
	int epoll_fd;
	int signal_fd;
	SSL_CTX *tls;
	struct ledger ledger;
	struct messages messages;
	struct load_session *sessions;
	uint64_t active;   /* sessions that may still send */
	uint64_t next_seq;
	bool stopping;     /* no new message is begun */
	struct load_queue retry; /* wait for their retry_ms to pass */
	struct load_queue paced; /* wait for their turn under --rate */
	int64_t turn_us;         /* when that turn comes */
	struct buf scratch;
	/* results */
	struct latency latency;
	uint64_t acknowledged;
	uint64_t refused; /* given up: 5xx, and 4xx unless they keep going */
	uint64_t rcpt_refused; /* of acknowledged messages */
	uint64_t errors;       /* connections lost or refused, 4xx, 5xx */
	uint64_t connections;
	int64_t start_us;
	int64_t last_us; /* the last acknowledgement */
	char error[LOAD_ERROR_MAX]; /* the first one, for the summary */
	char read[LOAD_READ_MAX];
};

void load_init(struct load *l, const struct load_options *opt);
/* Send until all is acknowledged, given up or stopped. */
void load_run(struct load *l);
void load_free(struct load *l);

/* Keep the first error's text. */
void load_note_error(struct load *l, const char *text);

#endif
