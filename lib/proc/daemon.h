/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all daemons share: start, configuration from master, channels to the
 * other processes, reload, orderly end. A room's main.c fills a table and
 * calls daemon_main().
 *
 * Order in a child: new image with descriptor 3 to master -> KEYS, if the role
 * has any -> SETUP (configuration decoded into d->suite) -> prepare() with the
 * rights it was started with (what libraries read once; key files are read by
 * others, and their contents are in d->keys) -> account and root folder change
 * -> opened() (open the files the role lives on; its root folder is already the
 * new one) -> START: filter closes -> started() -> READY.
 * Channels may come before and after START; handlers only run after it.
 */
#ifndef LIB_PROC_DAEMON_H
#define LIB_PROC_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/proc/jail.h"
#include "lib/settings/suite.h"

enum { DAEMON_PEERS_MAX = 256 };

struct daemon;

struct daemon_ops {
	enum role role;
	struct jail jail;
	/* All messages this process accepts from its peers, NULL-ended. */
	const struct channel_handler *handlers;
	/* Each may be NULL. `state` is what daemon_main() was given. */
	void (*prepare)(void *state, struct daemon *d);
	void (*opened)(void *state, struct daemon *d);
	void (*started)(void *state, struct daemon *d);
	/* row: of the socket, in the tally. */
	void (*listener)(void *state, int fd, uint32_t index, uint32_t row);
	/* Before the first listener; the descriptor is closed after it. */
	void (*tally)(void *state, int fd);
	/* A channel is there (after started(), or again after a loss). */
	void (*peer_up)(void *state, struct channel *ch);
	/* It is gone: forget the pointer; it is closed after this call. */
	void (*peer_down)(void *state, struct channel *ch);
	/* What was full has room again. */
	void (*peer_drained)(void *state, struct channel *ch);
	/*
	 * d->suite is the new configuration, `old` is freed after the call:
	 * nothing may point into it any more. All listeners come again.
	 */
	void (*reload)(void *state, const struct suite *old);
	/* Finish; call daemon_exit() when nothing is left to do. */
	void (*stop)(void *state);
};

struct daemon {
	const struct daemon_ops *ops;
	void *state;
	struct loop *loop;
	unsigned index;        /* among processes of this role */
	struct suite suite;    /* configuration in force */
	/*
	 * Keys and certificates of this role, for as long as prepare() and
	 * reload() run: what is made of them stays, their text does not.
	 */
	struct key_list keys;
	uint32_t epoch;        /* counts configurations */
	bool started, stopping;
	struct channel *master;
	struct channel *peers[DAEMON_PEERS_MAX];
	unsigned n_peers;
	struct jail_user user;
	struct channel_events peer_events;
};

/* Does not return. */
void daemon_main(const struct daemon_ops *ops, struct daemon *d, void *state,
    int argc, char **argv) __attribute__((noreturn));
/* The live channel to a peer, or NULL. */
struct channel *daemon_peer(const struct daemon *d, enum role role,
    unsigned index);
/* How many peers of a role have a live channel; i-th of them. */
unsigned daemon_peer_count(const struct daemon *d, enum role role);
struct channel *daemon_peer_nth(const struct daemon *d, enum role role,
    unsigned n);
/* The --index of the command line, where it makes another process. */
unsigned daemon_index(int argc, char **argv);
/*
 * From opened() on, the spool's folder as the spool's own processes see it: it
 * is their root folder.
 */
const char *daemon_spool_path(const struct daemon *d);
/* The --role of the command line, for a program that serves two. */
bool daemon_role_is(int argc, char **argv, enum role role);
/* End with status 0 once pending frames are out. */
void daemon_exit(struct daemon *d) __attribute__((noreturn));

#endif
