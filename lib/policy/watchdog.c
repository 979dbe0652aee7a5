/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/watchdog.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/log.h"

enum { STUCK_STATUS = 70 };

/* When the script that runs has to be done, by CLOCK_MONOTONIC; 0: none. */
static _Atomic int64_t done_by_ms;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Async-signal-safe calls only: the script may be inside of malloc. */
static void
on_tick(int signo)
{
	static const char text[] = "fatal: a script is stuck inside one "
	    "function of a library; the process ends and is started again\n";
	int64_t by = atomic_load_explicit(&done_by_ms, memory_order_relaxed);
	ssize_t n;

	(void)signo;
	if (by == 0 || now_ms() < by)
		return;
	n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n;
	_exit(STUCK_STATUS);
}

void
watchdog_start(void)
{
	struct itimerval every = { { 1, 0 }, { 1, 0 } };
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_tick;
	act.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &act, NULL);
	if (setitimer(ITIMER_REAL, &every, NULL) == -1)
		fatal("setitimer");
}

void
watchdog_set(int64_t limit_ms)
{
	atomic_store_explicit(&done_by_ms, limit_ms == 0 ? 0 :
	    now_ms() + limit_ms, memory_order_relaxed);
}
