/* SPDX-License-Identifier: Apache-2.0 */
/* What each right of the jail allows, asked of a process in it. */
#include "lib/proc/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "tests/support/check.h"
#include "tests/support/service.h"

/* Each returns whether it could do its work. */

static bool
uses_memory(void)
{
	char *p[64], *big = xmalloc(64 << 20), seed[16];
	size_t i;

	memset(big, 1, 64 << 20);
	big = xreallocarray(big, 128, 1 << 20);
	for (i = 0; i < COUNT(p); i++)
		p[i] = xmalloc(i * 5000);
	for (i = 0; i < COUNT(p); i++)
		free(p[i]);
	free(big);
	return getrandom(seed, sizeof(seed), 0) == sizeof(seed);
}

static bool
compresses(void)
{
	static char in[1 << 20], out[1 << 20];
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 19);
	n = ZSTD_compress2(c, out, sizeof(out), in, sizeof(in));
	ZSTD_freeCCtx(c);
	return !ZSTD_isError(n);
}

static bool
logs(void)
{
	log_warn("errno in words");
	printf("to stdout\n");
	fflush(stdout);
	return true;
}

static int service_fd;

/* The service took a line, then it went away: that costs no process. */
static bool
logs_to_syslog(void)
{
	char line[200];

	log_warnx("one");
	if (recv(service_fd, line, sizeof(line), MSG_DONTWAIT) <= 0)
		return false;
	close(service_fd);
	log_warnx("two");
	return true;
}

static bool
aborts(void)
{
	abort();
}

static bool
maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int passed_fd;

static bool
maps_file(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, passed_fd, 0) !=
	    MAP_FAILED;
}

static bool
reads_file(void)
{
	int fd = open("/proc/self/stat", O_RDONLY);
	char c;

	return fd != -1 && read(fd, &c, 1) == 1;
}

static bool
writes_file(void)
{
	return open("/dev/null", O_WRONLY) != -1;
}

static bool
makes_memory_file(void)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	return write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
}

static bool
makes_tcp_socket(void)
{
	return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0) != -1;
}

static bool
makes_udp_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) != -1;
}

static bool
makes_a_pair(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0;
}

static bool
makes_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) != -1;
}

static bool
makes_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, 1) != -1;
}

static bool
makes_netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM, 0) != -1;
}

static bool
types_on_the_terminal(void)
{
	char c = 'x';

	return ioctl(STDERR_FILENO, TIOCSTI, &c) == 0;
}

static bool
asks_the_terminal(void)
{
	isatty(STDERR_FILENO);
	return true;
}

static bool
kills_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool
signals_parent_thread(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

static bool
limits_parent(void)
{
	struct rlimit rl;

	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &rl) == 0;
}

static bool
asks_own_limit(void)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) == 0;
}

static bool
runs_a_program(void)
{
	char *argv[] = { NULL };

	return execv("/bin/true", argv) == 0;
}

static bool
forks(void)
{
	return fork() != -1;
}

static bool
traces(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) == 0;
}

static void *
thread(void *arg)
{
	free(xmalloc(100000));
	return arg;
}

static bool
starts_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, thread, NULL) == 0 &&
	    pthread_join(t, NULL) == 0;
}

enum { YES = 0, DIES = SIGSYS, ABORTS = SIGABRT };

static const struct {
	const char *row;
	bool (*act)(void);
	unsigned may;
	int end;
} rows[] = {
	{ "memory", uses_memory, 0, YES },
	{ "zstd", compresses, 0, YES },
	{ "log", logs, 0, YES },
	{ "syslog", logs_to_syslog, 0, YES },
	{ "abort", aborts, 0, ABORTS },
	{ "terminal asked", asks_the_terminal, 0, YES },
	{ "terminal typed on", types_on_the_terminal, ~0U, DIES },
	{ "own limit", asks_own_limit, 0, YES },
	{ "code", maps_code, ~0U, DIES },
	{ "map", maps_file, JAIL_MAP_FILES, YES },
	{ "map denied", maps_file, ~0U & ~JAIL_MAP_FILES, DIES },
	{ "read", reads_file, JAIL_READ_FILES, YES },
	{ "read to write", reads_file, JAIL_WRITE_FILES, YES },
	{ "read denied", reads_file, JAIL_MEMFD | JAIL_MAP_FILES, DIES },
	{ "write", writes_file, JAIL_WRITE_FILES, YES },
	{ "write denied", writes_file, JAIL_READ_FILES, DIES },
	{ "memory file", makes_memory_file, JAIL_MEMFD, YES },
	{ "memory file denied", makes_memory_file, JAIL_WRITE_FILES, DIES },
	{ "tcp", makes_tcp_socket, JAIL_CONNECT, YES },
	{ "tcp denied", makes_tcp_socket, JAIL_UDP | JAIL_ACCEPT, DIES },
	{ "udp", makes_udp_socket, JAIL_UDP, YES },
	{ "udp denied", makes_udp_socket, JAIL_CONNECT, DIES },
	{ "unix", makes_unix_socket, JAIL_UNIX_CONNECT, YES },
	{ "unix denied", makes_unix_socket, JAIL_CONNECT | JAIL_UDP, DIES },
	{ "pair", makes_a_pair, JAIL_PAIRS, YES },
	{ "pair denied", makes_a_pair, ~0U & ~JAIL_PAIRS, DIES },
	{ "raw", makes_raw_socket, ~0U, DIES },
	{ "netlink", makes_netlink_socket, ~0U, DIES },
	{ "kill", kills_parent, ~0U, DIES },
	{ "tgkill", signals_parent_thread, ~0U, DIES },
	{ "prlimit", limits_parent, ~0U, DIES },
	{ "exec", runs_a_program, ~0U, DIES },
	{ "fork", forks, ~0U & ~JAIL_THREADS, DIES },
	{ "ptrace", traces, ~0U, DIES },
	{ "thread", starts_thread, JAIL_THREADS, YES },
	{ "thread denied", starts_thread, 0, DIES },
};

static void
holds(void **state)
{
	char folder[] = "/tmp/ekiden-jail-XXXXXX", service[64];
	int status, null = open("/dev/null", O_WRONLY);
	struct jail jail;
	size_t i;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(service, sizeof(service), "%s/log", folder);
	service_fd = service_bind(service);
	passed_fd = memfd_create("x", MFD_CLOEXEC);
	assert_int_equal(ftruncate(passed_fd, 4096), 0);
	for (i = 0; i < COUNT(rows); i++) {
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			dup2(null, STDERR_FILENO);
			dup2(null, STDOUT_FILENO);
			log_init("jail", service, LOG_LEVEL_INFO);
			jail.may = rows[i].may;
			jail_close(&jail);
			_exit(rows[i].act() ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (rows[i].end == YES ? status != 0 : !WIFSIGNALED(status) ||
		    WTERMSIG(status) != rows[i].end)
			fail_msg("%s: status %#x, want %s", rows[i].row,
			    (unsigned)status, rows[i].end == YES ? "0" :
			    strsignal(rows[i].end));
	}
	close(passed_fd);
	close(service_fd);
	close(null);
	unlink(service);
	rmdir(folder);
}

static void
drops_rights(void **state)
{
	struct jail_user u = { .change = true, .uid = 61234, .gid = 61235 };
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		jail_drop(&u);
		_exit(getuid() == 61234 && getegid() == 61235 &&
		    setuid(0) == -1 && open("/etc/shadow", O_RDONLY) == -1 ?
		    0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check_int("dropped", status, 0);
	pid = fork();
	if (pid == 0) {
		u.root = "/proc/self/fdinfo";
		jail_drop(&u);
		_exit(access("/bin/sh", F_OK) == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check_int("rooted", status, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(drops_rights),
	};

#if defined(__SANITIZE_ADDRESS__)
	/* No filter under a sanitizer: nothing to be seen. */
	return 0;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
