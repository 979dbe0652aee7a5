/* SPDX-License-Identifier: Apache-2.0 */
/* The sink's one state, and the loop around it. */
#ifndef TESTS_BENCH_SINK_SINK_H
#define TESTS_BENCH_SINK_SINK_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "lib/base/buf.h"
#include "tests/bench/common/ledger.h"
#include "tests/bench/sink/behaviour.h"
#include "tests/bench/sink/counters.h"
#include "tests/bench/sink/options.h"
#include "tests/bench/sink/store.h"

/* A read lands behind room for what the session kept from the last one. */
enum { SINK_HELD_MAX = 4096, SINK_READ_MAX = 256 * 1024 };

struct sink_session;

struct sink {
	const struct sink_options *opt;
	int epoll_fd;
	int listen_fd;
	int signal_fd;
	SSL_CTX *tls; /* NULL: STARTTLS is not offered */
	struct ledger ledger;
	struct store store;
	struct seen seen;
	struct counters count;
	uint64_t taken;         /* as count.messages, never cleared */
	struct buf ehlo;        /* reply in clear */
	struct buf ehlo_in_tls; /* without STARTTLS */
	struct sink_session *dirty; /* those with replies to send */
	struct sink_session *late;  /* replies held back, soonest first */
	struct sink_session *late_last;
	bool done;
	char read[SINK_HELD_MAX + SINK_READ_MAX];
};

void sink_init(struct sink *k, const struct sink_options *opt);
/* Serve until a signal or the number of messages asked for. */
void sink_run(struct sink *k);
void sink_free(struct sink *k);

#endif
