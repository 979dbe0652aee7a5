/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/common/process.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

int64_t
process_cpu_us(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000LL +
	    ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
}

void
process_raise_fd_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

void
process_json_decimal(struct jout *j, const char *key, double v)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%.3f", v);

	jout_key(j, span_of(key));
	jout_raw(j, span_make(text, (size_t)len));
}

int
process_signal_fd(const int *signals)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd == -1)
		fatal("signalfd");
	return fd;
}

uint64_t
process_number(const char *option, const char *text, uint64_t min,
    uint64_t max)
{
	uint64_t v;

	if (text_u64(span_of(text), min, max, &v) == -1)
		fatalx("--%s wants a number from %ju to %ju, not '%s'", option,
		    (uintmax_t)min, (uintmax_t)max, text);
	return v;
}
