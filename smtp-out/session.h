/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One delivery session: the work of one ready queue, over one connection at a
 * time. Its states are below, with what holds in each; session_enter() is the
 * one place that changes them and sets the wait that goes with the new one.
 *
 *   session.c      life: opened, messages in, ended
 *   connect.c      the plan: names, dialling, banner, EHLO, STARTTLS
 *   transaction.c  one message: commands in groups, replies, content
 *
 * A session ends in session_end(), which is the last act of whoever calls it.
 */
#ifndef SMTP_OUT_SESSION_H
#define SMTP_OUT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/base/ip.h"
#include "lib/io/stream.h"
#include "lib/io/tls_client.h"
#include "lib/ipc/delivery.h"
#include "lib/mail/ehlo.h"
#include "lib/mail/record.h"
#include "lib/mail/reply.h"
#include "smtp-out/mail.h"
#include "smtp-out/out.h"
#include "smtp-out/plan.h"
#include "smtp-out/terms.h"
#include "smtp-out/transaction.h"

enum session_state {
	/* no connection, nothing under way; waits for a message */
	SESSION_WAITING,
	/* host names are being looked up; no plan yet */
	SESSION_RESOLVING,
	/* plan.at is behind `host`; `dial` waits for the connection */
	SESSION_DIALLING,
	/* from here on `stream` is open; nothing was said by us */
	SESSION_BANNER,
	/* EHLO or LHLO is said; so it is in HELLO_TLS, under TLS */
	SESSION_HELLO,
	/* STARTTLS is said */
	SESSION_STARTTLS,
	/* the handshake is under way; what comes is not SMTP */
	SESSION_HANDSHAKE,
	SESSION_HELLO_TLS,
	/* greeted, no transaction, nothing asked: the peer must be silent */
	SESSION_IDLE,
	/* tx has a message; replies are due for commands sent */
	SESSION_ENVELOPE,
	/* 354 came; content is being written, the peer must be silent */
	SESSION_CONTENT,
	/* the dot is written; its reply is due (LMTP: several) */
	SESSION_DOT,
	/* ended and reported; says QUIT and goes */
	SESSION_QUITTING,
	SESSION_STATES
};

struct session {
	struct session *next, **prev;
	struct out *out;
	uint64_t id;
	enum delivery_kind kind;
	enum session_state state;
	struct uuid uuid;         /* of log records */
	struct timer timer;       /* the state's wait */
	bool closing;             /* told to finish */
	bool in_replies, dead;    /* freed when the reply loop is left */
	bool known;               /* to the queue manager there is now */
	bool orphan;              /* of a queue manager that is gone: what it
				     sent and is not here yet comes again */

	/* terms, in `arena` */
	struct arena arena;
	struct terms terms;
	struct span ready_queue, domain;
	struct next_hop *hosts;
	uint32_t n_hosts;
	bool keep_order;

	/* messages in hand; the first is the one in transaction */
	struct mail *mails, **mails_last;
	uint32_t n_mails;

	/* the plan */
	struct plan plan;
	bool planned;
	struct plan_entry host;   /* the one in use */
	struct buf causes;        /* why hosts failed */
	uint32_t failures, unplumbed;
	bool no_tls;              /* a handshake failed: go without */
	bool tls_broke;
	bool worked;              /* a transaction began */
	struct buf lost;          /* why the last connection was lost */

	/* the connection */
	struct io dial;
	bool dialling, open;      /* which of dial and stream is in use */
	struct stream stream;
	struct reply reply;
	struct ehlo ehlo;
	struct arena conn;        /* what holds for one connection */
	struct tls_facts tls;     /* in conn; no version: in clear */
	char local[IP_TEXT_MAX], peer[IP_TEXT_MAX];
	uint64_t deliveries;      /* messages on this connection */
	struct transaction tx;
};

const char *session_state_name(enum session_state state);

/* SESSION_OPEN; a double of a session there is changes nothing. */
void session_open(struct out *o, const struct session_open *open);
struct session *session_find(const struct out *o, uint64_t id);
/* A message arrived; the session takes it over. */
void session_mail(struct session *s, struct mail *m);
/* SESSION_CLOSE, or the queue manager is gone: finish what is in hand. */
void session_close(struct session *s);
/* Host names that were waited for may be known now. */
void session_resolved(struct session *s);
void session_held(const struct session *s, struct session_held *h,
    struct arena *a);
/* Without a word to anybody, at the end of the process. */
void session_free(struct session *s);

/* ---- for connect.c and transaction.c ------------------------------------ */

extern const struct stream_events session_stream_events;

void session_enter(struct session *s, enum session_state state);
/* The state's wait is over at another time than session_enter() said. */
void session_wait(struct session *s, int64_t ms);
/* Ended: report it, drop what is in hand, say QUIT if there is a peer. */
void session_end(struct session *s, enum session_end why, const char *text);
/* Decide all that is pending in the first mail, and report it. */
void session_mail_fails(struct session *s, enum fate fate,
    const struct answer *answer);
/* The message in hand is decided as far as it can be now: report it. */
void session_mail_done(struct session *s);
/* Greeted, or done with a message: the next one, or wait for it. */
void session_next(struct session *s);
/*
 * The connection cannot be used any more in the middle of the work; the
 * message in hand was dealt with. Goes on by reconnect_strategy.
 */
void session_lost(struct session *s, const char *why);
/* Close the connection, if there is one. */
void session_hang_up(struct session *s, bool say_quit);
/* Fields of a record that come from session and connection. */
void session_record(const struct session *s, const struct mail *m,
    struct record *rec);
/* Has the peer said something that nothing was asked for? */
bool session_interrupted(const struct session *s);
void session_say(struct session *s, const char *text);
/* A delivery into files, done at once. */
void local_deliver(struct session *s);

/* ---- connect.c ---------------------------------------------------------- */

/* Make the plan, or go on with it. */
void connect_start(struct session *s);
/* To the next entry; ends the session when there is none. */
void connect_next(struct session *s);
/* A reply, while greeting. */
void connect_reply(struct session *s);
/* This host will not do; why is kept for the record. Goes to the next. */
void connect_failed(struct session *s, const char *why);
void connect_secured(struct session *s, const char *why);

#endif
