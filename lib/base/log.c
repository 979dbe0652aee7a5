/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { SERVICE_HEAD = 32 };

/*
 * The one place with process-wide state: a library function must be able to
 * report a failing machine without being handed a logger.
 */
static struct {
	const char *ident;
	int fd; /* of the syslog service's socket, or -1 */
	struct sockaddr_un service;
	enum log_level level;
} log_state = { .ident = "ekiden", .fd = -1, .level = LOG_LEVEL_INFO };

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const int level_syslog[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

static bool
service_open(const char *path)
{
	struct sockaddr_un *to = &log_state.service;

	if (strlen(path) >= sizeof(to->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, strlen(path) + 1);
	log_state.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Time zones are files. */
	tzset();
	return log_state.fd != -1 && connect(log_state.fd,
	    (const struct sockaddr *)to, sizeof(*to)) == 0;
}

void
log_init(const char *ident, const char *socket, enum log_level level)
{
	if (log_state.fd != -1)
		close(log_state.fd);
	log_state.fd = -1;
	log_state.ident = ident;
	log_state.level = level;
	if (socket != NULL && !service_open(socket))
		log_warn("syslog service at %s", socket);
}

void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

bool
log_is_on(enum log_level level)
{
	return level <= log_state.level;
}

/* "<PRI>Mmm dd hh:mm:ss "   RFC 3164 section 4.1; ident and text follow */
static size_t
service_head(enum log_level level, char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t n = (size_t)snprintf(out, size, "<%d>",
	    LOG_MAIL | level_syslog[level]);

	return n + strftime(out + n, size - n, "%b %e %H:%M:%S ",
	    localtime_r(&now, &tm));
}

/* A service that was started anew is known by its path alone. */
static bool
service_takes(const char *line, size_t len)
{
	const int how = MSG_DONTWAIT | MSG_NOSIGNAL;

	return send(log_state.fd, line, len, how) != -1 ||
	    sendto(log_state.fd, line, len, how,
	    (const struct sockaddr *)&log_state.service,
	    sizeof(log_state.service)) != -1;
}

static void
no_controls(char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
		/* U+0080 to U+009F: controls too, two bytes long. */
		else if (line[i] == '\xc2' && (line[i + 1] & 0xe0) == 0x80)
			line[i] = line[i + 1] = '?';
	}
}

static void
emit(enum log_level level, int with_errno, const char *fmt, va_list ap)
{
	char space[SERVICE_HEAD + 2048], *line = space + SERVICE_HEAD;
	char head[SERVICE_HEAD];
	const size_t size = sizeof(space) - SERVICE_HEAD;
	size_t used, n_head;
	int n;

	if (level > log_state.level)
		return;
	n = snprintf(line, size, "%s[%d]: %s: ", log_state.ident,
	    (int)getpid(), level_names[level]);
	used = (size_t)n;
	n = vsnprintf(line + used, size - used, fmt, ap);
	if (n > 0)
		used += (size_t)n;
	if (used >= size - 1)
		used = size - 2;
	if (with_errno != 0 && used < size - 2) {
		n = snprintf(line + used, size - used, ": %s",
		    strerror(with_errno));
		if (n > 0)
			used += (size_t)n;
		if (used >= size - 1)
			used = size - 2;
	}
	no_controls(line, used);
	if (log_state.fd != -1) {
		n_head = service_head(level, head, sizeof(head));
		memcpy(line - n_head, head, n_head);
		if (service_takes(line - n_head, n_head + used) &&
		    level != LOG_LEVEL_ERROR)
			return;
	}
	line[used++] = '\n';
	/* One write: lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, used) == -1)
		return;
}

#define LOG_BODY(level, err)                                                   \
	do {                                                                   \
		va_list ap;                                                    \
		int saved = errno;                                             \
		va_start(ap, fmt);                                             \
		emit(level, (err) ? saved : 0, fmt, ap);                       \
		va_end(ap);                                                    \
		errno = saved;                                                 \
	} while (0)

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_DEBUG, false);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_INFO, false);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, true);
}

void
log_warnx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, false);
}

void
log_errorx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, false);
}

void
fatal(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, true);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, false);
	exit(1);
}
