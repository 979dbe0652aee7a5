/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the reception of mail. The structs are the caller's and must stay
 * until the callback came or the call was cancelled; a script that keeps its
 * msg or conn_meta longer finds an empty shell.
 */
#ifndef LIB_POLICY_SMTP_EVENTS_H
#define LIB_POLICY_SMTP_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"
#include "lib/policy/policy.h"

struct listener;
struct listener_domain;

/*
 * Metadata as encoded pairs of key and JSON text (lib/mail/envelope.h). pairs
 * may point anywhere to begin with; a change makes it point into own, which is
 * given back with policy_meta_free.
 */
struct policy_meta {
	struct span pairs;
	struct buf own;
	struct span auth_info; /* of a connection: JSON, "" for nobody */
};

/* json is the value as JSON text; "null" removes the key. */
void policy_meta_set(struct policy_meta *m, struct span key,
    struct span json);
void policy_meta_free(struct policy_meta *m);

enum policy_edit {
	POLICY_EDIT_SENDER = 1,
	POLICY_EDIT_RCPTS = 2,
	POLICY_EDIT_META = 4,
	POLICY_EDIT_PREFIX = 8, /* header fields were put in front */
	POLICY_EDIT_BODY = 16,  /* own bytes now: no longer a shared body; what
				 * is known of its header and of 8-bit content
				 * must be found out again */
};

/*
 * One message: content is prefix followed by body. What a handler changes is
 * replaced here and named in edits; new bytes lie in the arena (meta's in
 * meta.own). The rest is as it was, so an unedited body stays shared.
 */
struct policy_message {
	struct uuid id;
	struct span sender; /* "" is the null sender */
	struct span *rcpts;
	uint32_t n_rcpts;
	struct policy_meta meta;
	struct span prefix;
	struct span body;
	struct arena *arena;
	unsigned edits;    /* enum policy_edit */
	unsigned attempts; /* to deliver it; at reception none was made */
};

enum policy_result {
	POLICY_OK,
	POLICY_REJECT,     /* reply with code and text */
	POLICY_DISCONNECT, /* the same, then close */
	POLICY_DISCONNECT_421, /* reply, then "421 ... disconnecting due to
				* previous error", then close */
	POLICY_TROUBLE,    /* 421 4.3.0 HOST technical difficulties, close */
};

struct policy_verdict {
	enum policy_result result;
	uint16_t code;    /* of reject and disconnect: 400 to 599 */
	struct span text; /* one printable line, for the callback's time; of
			   * trouble: what went wrong (logged already) */
};

typedef void policy_verdict_fn(void *arg, const struct policy_verdict *v);
/* domain is NULL for none, and valid for the callback's time only. */
typedef void policy_domain_fn(void *arg, const struct policy_verdict *v,
    const struct listener_domain *domain);

/*
 * get_listener_domain(domain, listener, conn_meta). listener is "ip:port".
 * Without a handler the answer is none, see policy_has: then the suite's
 * domains decide.
 */
uint64_t policy_listener_domain(struct policy *p, struct span domain,
    struct span listener, struct policy_meta *conn, policy_domain_fn *done,
    void *arg);
/*
 * smtp_server_message_received(msg, conn_meta). After anything but OK the
 * message's edits mean nothing.
 */
uint64_t policy_message_received(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg);


/*
 * smtp_server_get_dynamic_parameters(listener, conn_meta). partial holds what
 * was set (see listener_read_partial), valid for the callback's time; NULL:
 * nothing. What is wrong with it is trouble.
 */
typedef void policy_parameters_fn(void *arg, const struct policy_verdict *v,
    const struct listener *partial);
uint64_t policy_smtp_parameters(struct policy *p, struct span listener,
    struct policy_meta *conn, policy_parameters_fn *done, void *arg);

/* smtp_server_connection_accepted(conn_meta) */
uint64_t policy_smtp_connected(struct policy *p, struct policy_meta *conn,
    policy_verdict_fn *done, void *arg);

/*
 * smtp_server_ehlo(domain, conn_meta, extensions). The list is the one to
 * announce, for the callback's time; NULL: as it was.
 */
typedef void policy_ehlo_fn(void *arg, const struct policy_verdict *v,
    const struct span *extensions, uint32_t n);
uint64_t policy_smtp_ehlo(struct policy *p, struct span domain,
    struct policy_meta *conn, const struct span *extensions, uint32_t n,
    policy_ehlo_fn *done, void *arg);

/*
 * smtp_server_auth_plain(authz, authc, password, conn_meta). When ok, info is
 * who it is as JSON (see conn_meta:auth_info), for the callback's time.
 */
typedef void policy_auth_fn(void *arg, const struct policy_verdict *v,
    bool ok, struct span info);
uint64_t policy_smtp_auth_plain(struct policy *p, struct span authz,
    struct span authc, struct span password, struct policy_meta *conn,
    policy_auth_fn *done, void *arg);

/* smtp_server_mail_from and smtp_server_rcpt_to (address, conn_meta) */
uint64_t policy_smtp_mail_from(struct policy *p, struct span address,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg);
uint64_t policy_smtp_rcpt_to(struct policy *p, struct span address,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg);

/* smtp_server_data(msg, conn_meta): one message with all recipients. */
uint64_t policy_smtp_data(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_verdict_fn *done, void *arg);

/*
 * smtp_server_split_transaction(msg, conn_meta). Groups in the message's
 * arena; NULL: none was made, the listener's options decide.
 */
struct policy_group {
	struct span *rcpts;
	uint32_t n;
};
typedef void policy_split_fn(void *arg, const struct policy_verdict *v,
    const struct policy_group *groups, uint32_t n);
uint64_t policy_smtp_split(struct policy *p, struct policy_message *m,
    struct policy_meta *conn, policy_split_fn *done, void *arg);

/*
 * smtp_server_rewrite_response(code, text, command, conn_meta), at once: the
 * handler may not wait, and its errors change nothing. command "" is nil.
 * What it says instead is put into *code and text_out; false: nothing.
 */
bool policy_smtp_rewrite(struct policy *p, unsigned *code, struct span text,
    struct span command, struct policy_meta *conn, struct buf *text_out);

#endif
