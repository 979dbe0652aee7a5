/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"

static void
verify_dropped(const struct jail_user *u)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&gr, &ge, &gs) == -1)
		fatal("reading the process's ids");
	if (r != u->uid || e != u->uid || s != u->uid || gr != u->gid ||
	    ge != u->gid || gs != u->gid || getgroups(0, NULL) != 0)
		fatalx("the change of account did not take effect");
	if (u->uid != 0 && setuid(0) != -1)
		fatalx("root could be regained");
}

void
jail_drop(const struct jail_user *u)
{
	if (u->change) {
		if (setgroups(0, NULL) == -1)
			fatal("setgroups");
		if (u->root != NULL &&
		    (chroot(u->root) == -1 || chdir("/") == -1))
			fatal("changing the root folder to %s", u->root);
		if (setresgid(u->gid, u->gid, u->gid) == -1 ||
		    setresuid(u->uid, u->uid, u->uid) == -1)
			fatal("changing to uid %u", (unsigned)u->uid);
		verify_dropped(u);
	}
	/* A change of account clears the parent-death signal: set it now. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		fatal("prctl");
}

/* Allowed to everyone: descriptors at hand, memory, time, own signals. */
static const int base_calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev),
	SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg),
	SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo),
	SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown), SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
	SCMP_SYS(pipe2), SCMP_SYS(getrlimit), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(membarrier), SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
};

static const struct {
	unsigned may;
	int call;
} role_calls[] = {
	{ JAIL_ACCEPT, SCMP_SYS(accept4) },
	{ JAIL_CONNECT | JAIL_UDP | JAIL_UNIX_CONNECT, SCMP_SYS(connect) },
	{ JAIL_CONNECT | JAIL_UDP, SCMP_SYS(bind) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(newfstatat) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(stat) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(lstat) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(statx) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(access) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(faccessat) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(faccessat2) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(getdents64) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(readlink) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(readlinkat) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(getcwd) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(fstatfs) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(statfs) },
	{ JAIL_READ_FILES | JAIL_WRITE_FILES, SCMP_SYS(flock) },
	{ JAIL_WRITE_FILES, SCMP_SYS(openat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(open) },
	{ JAIL_WRITE_FILES, SCMP_SYS(rename) },
	{ JAIL_WRITE_FILES, SCMP_SYS(renameat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(renameat2) },
	{ JAIL_WRITE_FILES, SCMP_SYS(link) },
	{ JAIL_WRITE_FILES, SCMP_SYS(linkat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(unlink) },
	{ JAIL_WRITE_FILES, SCMP_SYS(unlinkat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(mkdir) },
	{ JAIL_WRITE_FILES, SCMP_SYS(mkdirat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(fsync) },
	{ JAIL_WRITE_FILES, SCMP_SYS(fdatasync) },
	{ JAIL_WRITE_FILES, SCMP_SYS(msync) },
	{ JAIL_WRITE_FILES, SCMP_SYS(ftruncate) },
	{ JAIL_WRITE_FILES, SCMP_SYS(fallocate) },
	{ JAIL_WRITE_FILES, SCMP_SYS(fchmod) },
	{ JAIL_WRITE_FILES, SCMP_SYS(fchmodat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(chmod) },
	{ JAIL_WRITE_FILES, SCMP_SYS(umask) },
	{ JAIL_WRITE_FILES, SCMP_SYS(utimensat) },
	{ JAIL_WRITE_FILES, SCMP_SYS(pwrite64) },
	{ JAIL_WRITE_FILES, SCMP_SYS(pwritev) },
	{ JAIL_WRITE_FILES, SCMP_SYS(pwritev2) },
	{ JAIL_WRITE_FILES, SCMP_SYS(sync_file_range) },
	{ JAIL_MEMFD, SCMP_SYS(memfd_create) },
	{ JAIL_MEMFD, SCMP_SYS(ftruncate) },
	{ JAIL_MEMFD, SCMP_SYS(pwrite64) },
	{ JAIL_THREADS, SCMP_SYS(clone) },
	{ JAIL_THREADS, SCMP_SYS(clone3) },
};

static void
allow(scmp_filter_ctx ctx, int call)
{
	/* A call that this architecture lacks is no loss. */
	if (call < 0)
		return;
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0) != 0)
		fatalx("system call filter: rule for call %d", call);
}

static void
allow_socket(scmp_filter_ctx ctx, int family, int type)
{
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)type)) != 0)
		fatalx("system call filter: rule for sockets");
}

static void
allow_memory(scmp_filter_ctx ctx, const struct jail *jail)
{
	const scmp_datum_t kind = jail->may & JAIL_MAP_FILES ? 0 :
	    MAP_ANONYMOUS;

	/* Nothing that is mapped from now on may be run. */
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	    SCMP_A3(SCMP_CMP_MASKED_EQ, kind, kind)) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
		fatalx("system call filter: rule for memory");
}

/* Calls of which only a harmless form is allowed. */
static void
allow_partly(scmp_filter_ctx ctx)
{
	static const unsigned requests[] = { FIONREAD, FIONBIO, TCGETS };
	size_t i;

	/* Others could type on the terminal that the suite was started from. */
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, requests[i])) != 0)
			fatalx("system call filter: rule for ioctl");
	}
	/* Signals and limits: our own, as abort() needs them. */
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
	    SCMP_A0(SCMP_CMP_EQ, 0)) != 0)
		fatalx("system call filter: rule for our own process");
}

static void
filter_calls(const struct jail *jail)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t i;

	if (ctx == NULL)
		fatalx("system call filter: cannot begin");
	for (i = 0; i < sizeof(base_calls) / sizeof(*base_calls); i++)
		allow(ctx, base_calls[i]);
	allow_memory(ctx, jail);
	allow_partly(ctx);
	for (i = 0; i < sizeof(role_calls) / sizeof(*role_calls); i++) {
		if (jail->may & role_calls[i].may)
			allow(ctx, role_calls[i].call);
	}
	if (jail->may & JAIL_CONNECT) {
		allow_socket(ctx, AF_INET, SOCK_STREAM);
		allow_socket(ctx, AF_INET6, SOCK_STREAM);
	}
	if (jail->may & JAIL_UDP) {
		allow_socket(ctx, AF_INET, SOCK_DGRAM);
		allow_socket(ctx, AF_INET6, SOCK_DGRAM);
	}
	if (jail->may & JAIL_UNIX_CONNECT)
		allow_socket(ctx, AF_UNIX, SOCK_STREAM);
	if ((jail->may & JAIL_PAIRS) && seccomp_rule_add(ctx,
	    SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) != 0)
		fatalx("system call filter: rule for pairs of sockets");
	if ((jail->may & JAIL_READ_FILES) && !(jail->may & JAIL_WRITE_FILES)) {
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
			O_RDONLY)) != 0)
			fatalx("system call filter: rule for reading files");
	}
	if (seccomp_load(ctx) != 0)
		fatalx("system call filter: cannot load");
	seccomp_release(ctx);
}

void
jail_close(const struct jail *jail)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (!(jail->may & JAIL_THREADS) && getuid() != 0)
		setrlimit(RLIMIT_NPROC, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* A sanitizer's run-time needs calls that no role may make. */
	prctl(PR_SET_DUMPABLE, 0);
	filter_calls(jail);
#else
	(void)filter_calls;
#endif
}
