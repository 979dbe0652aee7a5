/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/sink.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "tests/bench/common/conn.h"
#include "tests/bench/common/process.h"
#include "tests/bench/common/tls.h"
#include "tests/bench/sink/session.h"

enum { SINK_EVENTS = 256 };

static void
watch(struct sink *k, int fd, void *who)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = who };

	if (epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == -1)
		fatal("epoll_ctl");
}

static void
ehlo_reply(struct buf *out, const char *hostname, unsigned extensions)
{
	buf_addf(out, "250%c%s\r\n", extensions != 0 ? '-' : ' ', hostname);
	for (unsigned bit = 1; bit <= EXT_STARTTLS; bit <<= 1) {
		unsigned later = extensions & ~(2 * bit - 1);

		if (extensions & bit)
			buf_addf(out, "250%c%s\r\n", later != 0 ? '-' : ' ',
			    sink_extension_name(bit));
	}
}

void
sink_init(struct sink *k, const struct sink_options *opt)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2, 0 };
	struct ip at = opt->listen;
	char text[IP_TEXT_MAX];

	k->opt = opt;
	k->signal_fd = process_signal_fd(signals);
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->epoll_fd == -1)
		fatal("epoll_create1");
	ledger_open(&k->ledger, opt->ledger);
	store_open(&k->store, opt->store);
	if (opt->extensions & EXT_STARTTLS)
		k->tls = bench_tls_server(opt->cert, opt->key);
	ehlo_reply(&k->ehlo, opt->hostname, opt->extensions);
	ehlo_reply(&k->ehlo_in_tls, opt->hostname,
	    opt->extensions & ~(unsigned)EXT_STARTTLS);
	k->listen_fd = bench_listen(&at);
	if (k->listen_fd == -1)
		fatal("listen on %s", ip_port_format(&opt->listen, text));
	watch(k, k->listen_fd, &k->listen_fd);
	watch(k, k->signal_fd, &k->signal_fd);
	printf("listening on %s\n", ip_port_format(&at, text));
	fflush(stdout);
}

static void
accept_all(struct sink *k)
{
	int fd;

	while ((fd = accept4(k->listen_fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1)
		sink_session_open(k, fd);
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		log_warn("accept");
}

static void
signals_read(struct sink *k)
{
	struct signalfd_siginfo si;

	while (read(k->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGUSR1:
			counters_print(&k->count);
			break;
		case SIGUSR2:
			counters_print(&k->count);
			counters_clear(&k->count);
			break;
		default:
			k->done = true;
		}
	}
}

static void
dispatch(struct sink *k, const struct epoll_event *ev)
{
	if (ev->data.ptr == &k->listen_fd)
		accept_all(k);
	else if (ev->data.ptr == &k->signal_fd)
		signals_read(k);
	else
		sink_session_event(ev->data.ptr, ev->events);
}

/* Milliseconds until the first held reply is due; -1: none is held. */
static int
late_wait_ms(const struct sink *k)
{
	int64_t ms;

	if (k->late == NULL)
		return -1;
	ms = sink_session_due_ms(k->late) - clock_mono_ms();
	return ms > 0 ? (int)ms : 0;
}

void
sink_run(struct sink *k)
{
	struct epoll_event ev[SINK_EVENTS];
	int n;

	while (!k->done) {
		n = epoll_wait(k->epoll_fd, ev, SINK_EVENTS, late_wait_ms(k));
		if (n == -1 && errno != EINTR)
			fatal("epoll_wait");
		for (int i = 0; i < n; i++)
			dispatch(k, &ev[i]);
		while (k->late != NULL && late_wait_ms(k) == 0)
			sink_session_resume(k->late);
		/* What the ledger lacks must not be acknowledged. */
		ledger_flush(&k->ledger);
		while (k->dirty != NULL)
			sink_session_send(k->dirty);
	}
	counters_print(&k->count);
}

void
sink_free(struct sink *k)
{
	ledger_close(&k->ledger);
	seen_free(&k->seen);
	buf_free(&k->ehlo);
	buf_free(&k->ehlo_in_tls);
	SSL_CTX_free(k->tls);
	close(k->listen_fd);
	close(k->signal_fd);
	close(k->epoll_fd);
}
