/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words between master and its children. A child gets SETUP (the checked
 * configuration in a sealed memfd), LISTENER and PEER frames, then START; it
 * enters its jail, begins work and answers READY. PEER may come again later:
 * the old channel to that peer is dead, this is its successor. A child that
 * closed a channel because the peer broke its rules says PEER_BROKE (the body
 * is that of PEER): master replaces the less trusted of the two, whoever said
 * it, since nobody else would make them a new channel.
 *
 * The loader says what master must prepare: sockets to bind, folders to make
 * for a role, how many processes of a role to run, which key files a role needs
 * (PLAN_KEYS: a list in a sealed memfd, lib/settings/key_list.h); PLAN_DONE
 * carries the configuration's memfd.
 *
 * Master reads neither list nor keys. It passes the list on in KEYS_READ to a
 * process that reads the files for that role and gives back a sealed memfd in
 * KEYS_DONE, and passes that on in KEYS, before SETUP and before RELOAD; where
 * a role has no keys, there is no KEYS.
 *
 * TALLY carries memory that master and all smtpd share: lib/ipc/tally.h.
 */
#ifndef LIB_IPC_CONTROL_H
#define LIB_IPC_CONTROL_H

#include <stdint.h>

#include "lib/base/ip.h"
#include "lib/base/wire.h"
#include "lib/ipc/role.h"

struct control_peer {
	enum role role;
	uint32_t index;
};

struct control_listener {
	uint32_t index; /* in the configuration's list of listeners */
	uint32_t row;   /* of the socket, in the tally of sessions */
};

struct control_keys {
	enum role role; /* whose */
	uint64_t len;   /* bytes in the memfd */
};

struct control_setup {
	uint64_t config_len; /* bytes in the memfd */
	uint32_t epoch;      /* counts configurations */
};

enum control_listener_kind { LISTENER_SMTP, LISTENER_HTTP, LISTENER_KINDS };

struct control_bind {
	enum control_listener_kind kind;
	uint32_t index;
	struct ip at;
};

struct control_folder {
	enum role owner;
	char *path; /* heap */
};

struct control_count {
	enum role role;
	uint32_t n;
};

void control_peer_put(struct buf *b, const struct control_peer *p);
void control_peer_get(struct reader *r, struct control_peer *out);
void control_listener_put(struct buf *b, const struct control_listener *l);
void control_listener_get(struct reader *r, struct control_listener *out);
void control_keys_put(struct buf *b, const struct control_keys *k);
void control_keys_get(struct reader *r, struct control_keys *out);
void control_setup_put(struct buf *b, const struct control_setup *s);
void control_setup_get(struct reader *r, struct control_setup *out);
void control_bind_put(struct buf *b, const struct control_bind *c);
void control_bind_get(struct reader *r, struct control_bind *out);
void control_folder_put(struct buf *b, const struct control_folder *f);
void control_folder_get(struct reader *r, struct control_folder *out);
void control_count_put(struct buf *b, const struct control_count *c);
void control_count_get(struct reader *r, struct control_count *out);

#endif
