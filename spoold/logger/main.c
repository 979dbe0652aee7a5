/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spoold-logger: follows the event journal and writes the log segments. Runs as
 * ekiden-log. It reaches its log folders and the channels to the spool's writer
 * (JOURNAL_GROWN in, cursors out) and reader (entries in); no mail, no network.
 * Stopped for hours, it costs nothing but disk: the journal waits for it.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/template/template.h"
#include "spoold/logger/logger.h"

/* Stable for this machine, unless the operator gives one. */
static struct uuid
node_id(void)
{
	const char *given = getenv("KUMO_NODE_ID");
	unsigned char machine[64] = "";
	struct uuid id;
	ssize_t n;
	int fd;

	if (given != NULL && uuid_parse(span_of(given), &id) == 0)
		return id;
	fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	n = fd != -1 ? read(fd, machine, sizeof(machine)) : -1;
	if (fd != -1)
		close(fd);
	if (n <= 0)
		return uuid_random();
	crypto_generichash(id.b, sizeof(id.b), machine, (size_t)n,
	    (const unsigned char *)"ekiden node", 11);
	id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

static void
prepare(void *state, struct daemon *d)
{
	struct logger *l = state;

	(void)d;
	if (sodium_init() == -1)
		fatalx("libsodium cannot start");
	l->node = node_id();
	template_prepare();
}

static void
opened(void *state, struct daemon *d)
{
	(void)d;
	follows_open(state);
}

static void
started(void *state, struct daemon *d)
{
	(void)d;
	logger_watch_start(state);
}

static void
reload(void *state, const struct suite *old)
{
	struct logger *l = state;
	struct channel *ch = logger_writer(l);

	(void)old;
	/*
	 * A new process would find its way by the cursors alone: so do we.
	 * What is behind the last safe point is written again.
	 */
	follows_close(l);
	l->have_cursors = false;
	follows_open(l);
	follows_new_life(l);
	if (ch != NULL)
		channel_send(ch, MSG_CURSOR_ASK, 0);
}

static void
stop(void *state)
{
	struct logger *l = state;
	unsigned i;

	if (l->n_follows == 0 || !l->have_cursors ||
	    logger_journal(l) == NULL || logger_writer(l) == NULL)
		daemon_exit(&l->d);
	for (i = 0; i < l->n_follows; i++)
		follow_ask(l, &l->follows[i]);
	for (i = 0; i < l->n_follows; i++) {
		if (!l->follows[i].asked)
			follow_stop(l, &l->follows[i]);
	}
}

int
main(int argc, char **argv)
{
	static const struct daemon_ops ops = {
		.role = ROLE_LOGGER,
		.jail.may = JAIL_WRITE_FILES | JAIL_READ_FILES,
		.handlers = logger_handlers,
		.prepare = prepare,
		.opened = opened,
		.started = started,
		.peer_up = logger_peer_up,
		.reload = reload,
		.stop = stop,
	};
	static struct logger l;

	daemon_main(&ops, &l.d, &l, argc, argv);
}
