/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: one line per event on stderr (foreground) or to the socket of a
 * syslog service; errors, and what the service does not take, go to stderr all
 * the same: who starts the suite must see why it does not start.
 * Write `key=value` pairs, session id first; text from outside goes through
 * text_printable() first, and a line never holds a control character: the
 * writer replaces what is left.
 *
 * fatal/fatalx end the process with status 1 (with, without errno); the master
 * restarts it. log_warn appends strerror(errno), log_warnx does not.
 */
#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

#define LOG_SOCKET "/dev/log" /* where a syslog service listens */

/*
 * ident names the process in each line, socket is the path of a syslog
 * service or NULL; both are kept, not copied. The socket is opened here, once:
 * later there may be no right to.
 */
void log_init(const char *ident, const char *socket, enum log_level level);
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);

void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* An error that does not end the process (a policy's kumo.log_error). */
void log_errorx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));
void fatalx(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
