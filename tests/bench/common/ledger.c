/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/base/log.h"

void
ledger_open(struct ledger *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (path == NULL)
		return;
	l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (l->fd == -1)
		fatal("ledger %s", path);
}

void
ledger_flush(struct ledger *l)
{
	while (buf_len(&l->lines) > 0) {
		ssize_t n = write(l->fd, buf_data(&l->lines),
		    buf_len(&l->lines));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			fatal("ledger");
		buf_take(&l->lines, (size_t)n);
	}
}

void
ledger_close(struct ledger *l)
{
	if (l->fd == -1)
		return;
	ledger_flush(l);
	close(l->fd);
	l->fd = -1;
	buf_free(&l->lines);
}
