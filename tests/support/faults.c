/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of the disk, for tests: stands before libc's writing calls and lets
 * the Nth of them fail or end the process. Preloaded into a daemon
 * (cc -shared -fPIC), or compiled into a unit test, which calls fault_plan().
 *
 *   EKIDEN_FAULT       CALL:N[+]:ACTION   CALL is pwrite, writev, fdatasync,
 *                      fsync or any; N counts from 1; + means from then on;
 *                      ACTION is an errno's name; FULL, which is ENOSPC
 *                      except in a file's first pages, which have their
 *                      space; kill; or torn (half of the bytes are written,
 *                      or all synced, then the process ends)
 *   EKIDEN_FAULT_FILE  only calls on files whose path holds this text
 *   EKIDEN_FAULT_WHEN  a file that holds the plan, in the form of EKIDEN_FAULT;
 *                      calls count only while it exists, from 1 again when
 *                      its text is another one; kill and torn without +
 *                      take it away, so that the successor lives. Each call
 *                      that was failed adds a byte to the file + ".hits"
 *   EKIDEN_FAULT_ROLE  only in the process whose argv[0] is this
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FAULT_HEAD = 2 * 4096 }; /* LMDB's meta pages */

enum fault_action { FAULT_NONE, FAULT_ERRNO, FAULT_KILL, FAULT_TORN };

static struct {
	bool ready;
	char call[16];
	unsigned long nth, seen;
	bool from_then_on;
	enum fault_action action;
	int error;
	bool full;
	const char *file, *when;
	char text[64]; /* of `when` as last read */
	bool other_role;
} fault;

static const struct {
	const char *name;
	int error;
} fault_errors[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "FULL", ENOSPC },
	{ "EDQUOT", EDQUOT }, { "EROFS", EROFS }, { "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },
};

void fault_plan(const char *spec);
unsigned long fault_calls(void);

/* NULL takes the plan away; the count begins again. */
void
fault_plan(const char *spec)
{
	char action[16] = "", plus[2] = "";
	size_t i;

	fault.ready = true;
	fault.action = FAULT_NONE;
	fault.seen = 0;
	strcpy(fault.call, "any");
	if (spec == NULL)
		return;
	if (sscanf(spec, "%15[a-z]:%lu%1[+]:%15s", fault.call, &fault.nth,
	    plus, action) != 4 &&
	    sscanf(spec, "%15[a-z]:%lu:%15s", fault.call, &fault.nth,
	    action) != 3)
		return;
	fault.from_then_on = plus[0] == '+';
	if (strcmp(action, "kill") == 0)
		fault.action = FAULT_KILL;
	else if (strcmp(action, "torn") == 0)
		fault.action = FAULT_TORN;
	fault.full = strcmp(action, "FULL") == 0;
	for (i = 0; i < sizeof(fault_errors) / sizeof(*fault_errors); i++) {
		if (strcmp(action, fault_errors[i].name) == 0) {
			fault.action = FAULT_ERRNO;
			fault.error = fault_errors[i].error;
		}
	}
}

/* Writing calls seen since the plan was made. */
unsigned long
fault_calls(void)
{
	return fault.seen;
}

/* Is there a plan now? System calls as such: open() may be watched, too. */
static bool
fault_is_on(void)
{
	char text[sizeof(fault.text)] = "";
	int fd;

	if (fault.when == NULL)
		return true;
	fd = (int)syscall(SYS_openat, AT_FDCWD, fault.when,
	    O_RDONLY | O_CLOEXEC, 0);
	if (fd != -1) {
		if (syscall(SYS_read, fd, text, sizeof(text) - 1) <= 0)
			text[0] = '\0';
		syscall(SYS_close, fd);
	}
	if (strcmp(text, fault.text) != 0) {
		strcpy(fault.text, text);
		fault_plan(text);
	}
	return text[0] != '\0';
}

static bool
fault_is_about(int fd)
{
	char link[64], path[512];
	ssize_t n;

	if (!fault_is_on())
		return false;
	if (fault.file == NULL)
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strstr(path, fault.file) != NULL;
}

static void
fault_leaves_no_trap(void)
{
	if (fault.when != NULL && !fault.from_then_on)
		syscall(SYS_unlinkat, AT_FDCWD, fault.when, 0);
}

/* For those who wait until it happened. */
static void
fault_count_hit(void)
{
	char path[512];
	int fd;

	if (fault.when == NULL)
		return;
	snprintf(path, sizeof(path), "%s.hits", fault.when);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd == -1)
		return;
	syscall(SYS_write, fd, "x", 1);
	syscall(SYS_close, fd);
}

/* What is to happen to this call, which is about the file from `at` on? */
static enum fault_action
fault_strike(const char *call, int fd, off_t at)
{
	const char *role;
	int saved = errno;
	bool hit = false;

	if (!fault.ready) {
		fault_plan(getenv("EKIDEN_FAULT"));
		fault.file = getenv("EKIDEN_FAULT_FILE");
		fault.when = getenv("EKIDEN_FAULT_WHEN");
		role = getenv("EKIDEN_FAULT_ROLE");
		fault.other_role = role != NULL &&
		    strcmp(role, program_invocation_name) != 0;
	}
	if (!fault.other_role && fault_is_about(fd) &&
	    (strcmp(fault.call, "any") == 0 ||
	    strcmp(fault.call, call) == 0)) {
		fault.seen++;
		hit = fault.seen == fault.nth ||
		    (fault.from_then_on && fault.seen > fault.nth);
		hit = hit && (!fault.full || at >= FAULT_HEAD);
	}
	if (hit && fault.action == FAULT_ERRNO)
		fault_count_hit();
	errno = saved;
	if (!hit || fault.action == FAULT_NONE)
		return FAULT_NONE;
	if (fault.action == FAULT_KILL || fault.action == FAULT_TORN)
		fault_leaves_no_trap();
	if (fault.action == FAULT_KILL)
		syscall(SYS_exit_group, 137);
	if (fault.action == FAULT_ERRNO)
		errno = fault.error;
	return fault.action;
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t at)
{
	switch (fault_strike("pwrite", fd, at)) {
	case FAULT_ERRNO:
		return -1;
	case FAULT_TORN:
		syscall(SYS_pwrite64, fd, p, len / 2, at);
		syscall(SYS_exit_group, 137);
		break;
	case FAULT_KILL:
	case FAULT_NONE:
		break;
	}
	return syscall(SYS_pwrite64, fd, p, len, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t len, off_t at)
{
	return pwrite(fd, p, len, at);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	switch (fault_strike("writev", fd, FAULT_HEAD)) {
	case FAULT_ERRNO:
		return -1;
	case FAULT_TORN:
		syscall(SYS_writev, fd, v, n / 2);
		syscall(SYS_exit_group, 137);
		break;
	case FAULT_KILL:
	case FAULT_NONE:
		break;
	}
	return syscall(SYS_writev, fd, v, n);
}

int
fdatasync(int fd)
{
	switch (fault_strike("fdatasync", fd, FAULT_HEAD)) {
	case FAULT_ERRNO:
		return -1;
	case FAULT_TORN:
		syscall(SYS_fdatasync, fd);
		syscall(SYS_exit_group, 137);
		break;
	case FAULT_KILL:
	case FAULT_NONE:
		break;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	switch (fault_strike("fsync", fd, FAULT_HEAD)) {
	case FAULT_ERRNO:
		return -1;
	case FAULT_TORN:
		syscall(SYS_fsync, fd);
		syscall(SYS_exit_group, 137);
		break;
	case FAULT_KILL:
	case FAULT_NONE:
		break;
	}
	return (int)syscall(SYS_fsync, fd);
}
