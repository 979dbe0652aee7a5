/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a client, from its first byte to its last. What is legal
 * when is in command.c's table; what is awaited, and how long, follows from
 * the state, which session_set() alone changes.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/uuid.h"
#include "lib/io/loop.h"
#include "lib/io/stream.h"
#include "lib/io/tls_server.h"
#include "lib/policy/smtp_events.h"
#include "smtpd/relay.h"

struct acceptor;
struct conf;
struct conf_listener;
struct listener;
struct outbox_entry;
struct refusal;
struct smtpd;
struct transaction;

enum session_state {
	/* Nothing was said; a PROXY header must come first. */
	SESSION_PROXY,
	/* The banner is out; the client has not said who it is. */
	SESSION_GREETED,
	/* It has; no transaction. */
	SESSION_READY,
	/* A sender is known, no recipient yet. */
	SESSION_MAIL,
	/* Sender and at least one recipient; no content yet. */
	SESSION_RCPT,
	/* Lines of content up to the dot. */
	SESSION_DATA,
	/* Between two chunks of content: only BDAT goes on. */
	SESSION_BDAT,
	/* chunk_left bytes of a chunk. */
	SESSION_CHUNK,
	/* chunk_left bytes of a chunk that is refused; then `later` is said. */
	SESSION_SKIP,
	/* The next line is a response to AUTH. */
	SESSION_AUTH,
	/* A policy decides; input waits. */
	SESSION_ASKING,
	/* The content is whole and on its way to the spool; input waits. */
	SESSION_STORING,
	/* A TLS handshake. */
	SESSION_SECURING,
	/* The last reply is on its way; input is thrown away. */
	SESSION_QUITTING,
	/* As before, and the client did not expect it: let it read first. */
	SESSION_LINGERING,
	/* Over; freed at the end of this turn. */
	SESSION_OVER,
	SESSION_STATES
};

struct session {
	struct session *next, *prev; /* in smtpd->sessions */
	struct smtpd *smtpd;
	uint32_t row; /* of the tally, in which we are counted */
	struct conf *conf;
	const struct conf_listener *at;
	const struct listener *params; /* effective options */
	struct listener *own;          /* params, when resolved for us */
	struct stream stream;
	struct timer timer;
	struct deferred end;
	enum session_state state;
	struct uuid id;
	char name[UUID_TEXT_MAX];
	/* The two ends, as the wire has them and as PROXY or XCLIENT told. */
	struct ip peer, local, raw_peer, raw_local;
	struct arena arena; /* of tls, auth and the listener's name */
	struct span helo;   /* on the heap; "" before HELO */
	bool esmtp;
	struct tls_facts *tls; /* NULL in clear */
	struct buf meta;       /* connection metadata, encoded pairs */
	struct rights_cache rights;
	struct transaction *tx; /* NULL outside of one */
	struct outbox_entry *stores; /* not answered yet */
	uint64_t policy_call;   /* to be cancelled with the session; 0 = none */
	struct policy_meta conn; /* meta, lent to a policy */
	bool event_calling;      /* the answer may come before the call ends */
	bool accepted, proxied;  /* the policy heard of it; PROXY was said */
	struct listener *dynamic; /* options by a policy; heap */
	struct {
		enum { AUTH_PLAIN, AUTH_LOGIN_USER, AUTH_LOGIN_PASSWORD } step;
		struct buf user, secret; /* wiped when done */
		struct span authz, authc; /* in the arena */
		struct span info;         /* JSON; heap */
		bool known;
	} auth;
	struct buf command; /* being answered; kept when a policy wants it */
	uint64_t chunk_left;
	bool chunk_last;
	bool deaf; /* the client says no more; it may wait for replies */
	const struct refusal *later;
	size_t line_excess;   /* bytes dropped of a line that is too long */
	uint64_t messages;    /* taken, in this session */
	unsigned offences;    /* refused commands since the last message */
	unsigned idle;        /* commands that lead nowhere, since then */
	int64_t content_from_ms; /* when content began */
	int64_t opened_ms;
};

/*
 * Takes the descriptor over; the session, which the tally has already, looks
 * after itself from here.
 */
void session_open(struct acceptor *a, int fd, const struct ip *peer);
/* The one place that changes the state; also starts its time anew. */
void session_set(struct session *s, enum session_state state);
const char *session_state_name(enum session_state state);
/* A reply that is no refusal; text may hold lines. */
void session_say(struct session *s, unsigned code, const char *enhanced,
    struct span text);
void session_reply(struct session *s, unsigned code, const char *enhanced,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Go on with what the client sent already. */
void session_input(struct session *s);
/* The ends are other ones now: options and metadata follow. */
void session_resolve(struct session *s);
void session_drop_dynamic(struct session *s);
void session_greet(struct session *s);
/* Begin the handshake; the client was told to. */
void session_secure(struct session *s, struct tls_server *server);
/* The client is not who it said any more. */
void session_forget_helo(struct session *s);
/* No transaction is open: READY, or the end when the suite stops. */
void session_ready(struct session *s);
/* Nothing more is said; see the states. */
void session_quit(struct session *s);
void session_linger(struct session *s);
/* Now, without another word. The session is freed at the end of the turn. */
void session_end(struct session *s, const char *why);
/* The suite stops: idle sessions end, others finish what they are at. */
void session_stop(struct session *s, bool now);
/* This host's name towards the client. */
struct span session_hostname(const struct session *s);

#endif
