/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sender: a connection (again and again, when it is lost) that sends one
 * message after the other. All of them live as long as the process.
 */
#ifndef TESTS_BENCH_LOAD_SESSION_H
#define TESTS_BENCH_LOAD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/common/conn.h"

struct load;

enum load_step {
	STEP_DONE,     /* will send no more */
	STEP_RETRY,    /* in l->retry, with or without a connection */
	STEP_PACED,    /* in l->paced, connected */
	STEP_BANNER,   /* from here on: the reply that comes next */
	STEP_EHLO,
	STEP_STARTTLS,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_BODY,
	STEP_RSET,
	STEP_QUIT,
};

struct load_session {
	struct load *l;
	struct bench_conn conn;
	unsigned life; /* which connection this is */
	enum load_step step;
	struct load_session *next; /* in a queue */
	int64_t due_ms;            /* in l->retry: when */
	int64_t heard_ms;          /* last sign of life, for the timeout */
	struct buf held;           /* part of a reply line */
	/* what the server offers */
	bool pipelining, starttls, sizes;
	/* the message in hand */
	bool has_seq;
	uint64_t seq;
	unsigned attempt; /* how often its content was sent */
	int64_t begun_us;
	uint64_t rcpts_answered, rcpts_taken;
	unsigned failed; /* code of the first refusal; 0: none */
	bool worked;     /* this connection took a message */
};

/* Connect. */
void load_session_start(struct load_session *s);
void load_session_event(struct load_session *s, uint32_t events);
/* Its wait is over: go on with a message or a connection. */
void load_session_continue(struct load_session *s);
/* Has waited too long for a reply. */
void load_session_timed_out(struct load_session *s);

#endif
