/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: reads the key files of one role and ends. Started by master, as whoever
 * started that, because keys are often for root alone. It gets the loader's
 * list of names, reads these files and no others, becomes the account of the
 * role that the keys are for, closes its jail, and only then looks at what is
 * in them. What serves goes to master as a sealed memory file, for that role;
 * one thing wrong, and nothing goes anywhere but a line that says what.
 *
 * So the loader, which runs scripts, can name files but never gets a byte of
 * them, and what is no certificate or key is given to nobody.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "lib/io/sealed.h"
#include "lib/io/tls_server.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/control.h"
#include "lib/proc/jail.h"
#include "lib/settings/key_check.h"
#include "lib/settings/key_list.h"
#include "lib/settings/problem.h"

enum { KEYS_MASTER_FD = 3, ARG_UID = 256, ARG_GID, ARG_ROOT };

static const struct jail jail = { .may = JAIL_MEMFD };

static const struct option arguments[] = {
	{ "uid", required_argument, NULL, ARG_UID },
	{ "gid", required_argument, NULL, ARG_GID },
	{ "root", required_argument, NULL, ARG_ROOT },
	{ 0 },
};

static uint32_t
id_argument(const char *text)
{
	uint64_t v;

	if (text_u64(span_of(text), 0, UINT32_MAX - 1, &v) != 0)
		fatalx("bad id %s", text);
	return (uint32_t)v;
}

static void
read_arguments(struct jail_user *user, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", arguments, NULL)) != -1) {
		switch (c) {
		case ARG_UID:
			user->uid = id_argument(optarg);
			user->change = true;
			break;
		case ARG_GID:
			user->gid = id_argument(optarg);
			break;
		case ARG_ROOT:
			user->root = optarg;
			break;
		default:
			exit(2);
		}
	}
}

static void
list_read(int fd, uint64_t len, struct key_list *out)
{
	uint8_t *bytes = sealed_is_whole(fd, len) ? sealed_read(fd, len) : NULL;
	struct reader r;

	close(fd);
	if (bytes == NULL)
		fatalx("the list of keys cannot be read");
	reader_init(&r, span_make(bytes, len));
	key_list_get(&r, out);
	if (!reader_end(&r))
		fatalx("the list of keys is malformed");
	explicit_bzero(bytes, len);
	free(bytes);
}

static void
answer(struct channel *ch, uint64_t id, enum role role,
    const struct key_list *list)
{
	struct control_keys k = { .role = role };
	struct buf bytes = { 0 };
	int fd;

	key_list_put_known(&bytes, list);
	k.len = buf_len(&bytes);
	fd = sealed_make("ekiden-keys", buf_span(&bytes));
	buf_wipe(&bytes);
	control_keys_put(channel_begin(ch, MSG_KEYS_DONE, id), &k);
	channel_end_fd(ch, fd);
	close(fd);
	channel_flush(ch);
}

/* The whole work; it does not return. */
static void
on_keys_read(void *arg, struct channel *ch, uint64_t id, struct reader *r,
    int fd)
{
	const struct jail_user *user = arg;
	struct problems problems = { 0 };
	struct key_list list;
	struct control_keys k;
	struct buf text = { 0 };
	int status;

	control_keys_get(r, &k);
	if (!reader_end(r))
		fatalx("master's word is malformed");
	list_read(fd, k.len, &list);
	status = key_list_read_files(&list, false, &problems);
	jail_drop(user);
	jail_close(&jail);
	if (status == 0)
		status = key_list_check(&list, &problems);
	problems_print(&problems, &text);
	if (write(STDERR_FILENO, buf_data(&text), buf_len(&text)) == -1)
		log_warn("writing to stderr");
	if (status == 0)
		answer(ch, id, k.role, &list);
	key_list_free(&list);
	problems_free(&problems);
	buf_free(&text);
	exit(status == 0 ? 0 : 1);
}

static void
on_master_lost(void *owner, struct channel *ch)
{
	(void)owner;
	(void)ch;
	exit(1);
}

static const struct channel_handler handlers[] = {
	{ MSG_KEYS_READ, on_keys_read },
	{ .handle = NULL },
};

static const struct channel_events events = { .handlers = handlers,
	.lost = on_master_lost };

int
main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	static struct jail_user user;
	struct loop *loop;

	log_init("keys", false, LOG_LEVEL_INFO);
	if (fcntl(KEYS_MASTER_FD, F_GETFD) == -1) {
		fprintf(stderr, "keys is started by 'ekiden run'\n");
		return 2;
	}
	read_arguments(&user, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
	tls_server_start();
	loop = loop_new();
	channel_new(loop, KEYS_MASTER_FD, ROLE_KEYS, ROLE_MASTER, 0, &events,
	    &user);
	loop_run(loop);
	return 0;
}
