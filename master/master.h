/* SPDX-License-Identifier: Apache-2.0 */
/* The state of master: what was planned, what is bound, who runs. */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/io/loop.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "master/users.h"

#define EMPTY_ROOT "/run/ekiden/empty" /* of those who need no files */

enum { MASTER_LISTENERS_MAX = 64, MASTER_FOLDERS_MAX = 64,
	MASTER_CHILDREN_MAX = 256,
	PLAN_KEYS_MAX = 2 }; /* roles with keys: smtpd and smtp-out */

/* One role's. The descriptors are of sealed memory, or -1. */
struct plan_keys {
	enum role role;
	int list_fd; /* which files, from the loader */
	uint64_t list_len;
	int fd;      /* what is in them, from the process that read them */
	uint64_t len;
};

/* What the loader asked for. */
struct plan {
	struct control_bind binds[MASTER_LISTENERS_MAX];
	unsigned n_binds;
	struct control_folder folders[MASTER_FOLDERS_MAX];
	unsigned n_folders;
	uint32_t counts[ROLE_COUNT];
	struct plan_keys keys[PLAN_KEYS_MAX];
	unsigned n_keys;
	int config_fd; /* -1: none yet */
	uint64_t config_len;
};

struct listener_socket {
	enum control_listener_kind kind;
	uint32_t index;
	uint32_t row;    /* in the tally; stays with the socket */
	struct ip asked; /* as configured: port 0 stays 0 */
	int fd;
};

/* A process that reads keys for m->coming. */
struct key_reader {
	pid_t pid; /* 0: none */
	struct channel *ch;
	struct plan_keys *keys;
};

enum child_state {
	CHILD_DOWN,     /* not running; a timer may bring it back */
	CHILD_STARTING, /* running, READY not heard yet */
	CHILD_READY,
	CHILD_STOPPING, /* was told to stop */
};

struct child {
	struct master *m;
	enum role role;
	unsigned index;
	enum child_state state;
	pid_t pid;
	struct channel *ch;
	struct timer respawn;
	int64_t started_ms; /* monotonic */
	int64_t delay_ms;   /* back-off before the next start */
	bool owes_reload;   /* was sent a configuration, must say READY */
};

/* Who is waited for; see reload.h. */
enum reload_stage {
	RELOAD_NONE,
	RELOAD_FIRST, /* all but the queue manager */
	RELOAD_LAST,  /* the queue manager */
};

struct master {
	struct loop *loop;
	const char *config_dir, *policy;
	const char *syslog;  /* socket of the service; NULL: stderr */
	char *libexec;       /* folder of the daemons' programs */
	struct users users;
	struct plan plan;    /* in force */
	struct plan coming;  /* from a loader that still runs */
	bool loading;        /* a plan is being made */
	pid_t loader_pid;
	struct channel *loader;
	struct key_reader key_readers[PLAN_KEYS_MAX];
	struct timer key_patience;
	uint32_t epoch;
	struct listener_socket listeners[MASTER_LISTENERS_MAX];
	unsigned n_listeners;
	struct tally *tally;
	int tally_fd;
	struct child children[MASTER_CHILDREN_MAX];
	unsigned n_children;
	struct channel_events child_events;
	enum reload_stage reload_stage;
	bool reload_again;   /* it was asked for in the middle of one */
	struct timer reload_patience;
	bool running;        /* "initialization complete" was said */
	int stop_stage;      /* -1: not stopping */
	int64_t stop_asked_ms;
	struct timer stop_deadline;
};

#endif
