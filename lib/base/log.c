/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/*
 * The one place with process-wide state: a library function must be able to
 * report a failing machine without being handed a logger.
 */
static struct {
	const char *ident;
	bool use_syslog;
	enum log_level level;
} log_state = { "ekiden", false, LOG_LEVEL_INFO };

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const int level_syslog[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void
log_init(const char *ident, bool use_syslog, enum log_level level)
{
	log_state.ident = ident;
	log_state.use_syslog = use_syslog;
	log_state.level = level;
	if (use_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
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

static void
emit(enum log_level level, int with_errno, const char *fmt, va_list ap)
{
	char line[2048];
	size_t used, i;
	int n;

	if (level > log_state.level)
		return;
	n = snprintf(line, sizeof(line), "%s[%d]: %s: ", log_state.ident,
	    (int)getpid(), level_names[level]);
	used = (size_t)n;
	n = vsnprintf(line + used, sizeof(line) - used, fmt, ap);
	if (n > 0)
		used += (size_t)n;
	if (used >= sizeof(line) - 1)
		used = sizeof(line) - 2;
	if (with_errno != 0 && used < sizeof(line) - 2) {
		n = snprintf(line + used, sizeof(line) - used, ": %s",
		    strerror(with_errno));
		if (n > 0)
			used += (size_t)n;
		if (used >= sizeof(line) - 1)
			used = sizeof(line) - 2;
	}
	for (i = 0; i < used; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
		/* U+0080 to U+009F: controls too, two bytes long. */
		else if (line[i] == '\xc2' && (line[i + 1] & 0xe0) == 0x80)
			line[i] = line[i + 1] = '?';
	}
	if (log_state.use_syslog) {
		line[used] = '\0';
		syslog(level_syslog[level], "%s", strstr(line, "]: ") + 3);
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
