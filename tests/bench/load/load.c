/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "tests/bench/common/process.h"
#include "tests/bench/common/tls.h"
#include "tests/bench/load/report.h"
#include "tests/bench/load/session.h"

enum { LOAD_EVENTS = 256, TICK_MS = 500, STOP_MS = 10000 };

void
load_init(struct load *l, const struct load_options *opt)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	l->opt = opt;
	l->signal_fd = process_signal_fd(signals);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd == -1 ||
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->signal_fd, &ev) == -1)
		fatal("epoll");
	if (opt->tls)
		l->tls = bench_tls_client();
	ledger_open(&l->ledger, opt->ledger);
	messages_init(&l->messages, opt);
	l->sessions = xcalloc(opt->sessions, sizeof(*l->sessions));
	l->start_us = l->turn_us = clock_mono_us();
	l->active = opt->sessions;
	for (uint64_t i = 0; i < opt->sessions; i++) {
		l->sessions[i].l = l;
		l->sessions[i].conn.fd = -1;
	}
	for (uint64_t i = 0; i < opt->sessions; i++)
		load_session_start(&l->sessions[i]);
}

void
load_note_error(struct load *l, const char *text)
{
	if (l->error[0] == '\0')
		snprintf(l->error, sizeof(l->error), "%s", text);
}

static struct load_session *
queue_take(struct load_queue *q)
{
	struct load_session *s = q->first;

	q->first = s->next;
	if (q->first == NULL)
		q->last = NULL;
	return s;
}

/* Wake whose time has come; the rest keeps its order. */
static void
queues_serve(struct load *l)
{
	int64_t now_ms = clock_mono_ms();
	struct load_session *last = l->paced.last, *s;

	while (l->retry.first != NULL &&
	    (l->stopping || l->retry.first->due_ms <= now_ms))
		load_session_continue(queue_take(&l->retry));
	/* A session without a turn queues again: one round at most. */
	while (l->paced.first != NULL &&
	    (l->stopping || clock_mono_us() >= l->turn_us)) {
		s = queue_take(&l->paced);
		load_session_continue(s);
		if (s == last)
			break;
	}
}

static int
wait_ms(const struct load *l)
{
	int64_t ms = TICK_MS, due;

	if (l->retry.first != NULL) {
		due = l->retry.first->due_ms - clock_mono_ms();
		ms = due < ms ? due : ms;
	}
	if (l->paced.first != NULL) {
		due = (l->turn_us - clock_mono_us() + 999) / 1000;
		ms = due < ms ? due : ms;
	}
	return ms > 0 ? (int)ms : 0;
}

/* Several times a second: ends of patience, and the line on the terminal. */
static void
tick(struct load *l, int64_t now_ms, bool progress)
{
	const struct load_options *o = l->opt;

	for (uint64_t i = 0; i < o->sessions; i++) {
		struct load_session *s = &l->sessions[i];

		if (s->step >= STEP_BANNER &&
		    now_ms - s->heard_ms > (int64_t)o->timeout_ms)
			load_session_timed_out(s);
	}
	if (progress)
		report_progress(l);
}

static void
signals_read(struct load *l)
{
	struct signalfd_siginfo si;

	while (read(l->signal_fd, &si, sizeof(si)) == sizeof(si))
		l->stopping = true;
}

static void
turn(struct load *l)
{
	struct epoll_event ev[LOAD_EVENTS];
	int n = epoll_wait(l->epoll_fd, ev, LOAD_EVENTS, wait_ms(l));

	if (n == -1 && errno != EINTR)
		fatal("epoll_wait");
	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr == NULL)
			signals_read(l);
		else
			load_session_event(ev[i].data.ptr, ev[i].events);
	}
	queues_serve(l);
	ledger_flush(&l->ledger);
}

void
load_run(struct load *l)
{
	bool progress = !l->opt->quiet && isatty(STDERR_FILENO);
	int64_t begin = clock_mono_ms(), next_tick = begin, now, stop_at = 0;

	while (l->active > 0) {
		turn(l);
		now = clock_mono_ms();
		if (l->opt->duration_ms != 0 &&
		    now - begin >= (int64_t)l->opt->duration_ms)
			l->stopping = true;
		if (l->stopping && stop_at == 0)
			stop_at = now + STOP_MS;
		/* What is still in hand by then stays without a reply. */
		if (stop_at != 0 && now >= stop_at)
			break;
		if (now >= next_tick) {
			next_tick = now + TICK_MS;
			tick(l, now, progress);
		}
	}
	if (progress)
		fputc('\n', stderr);
}

void
load_free(struct load *l)
{
	for (uint64_t i = 0; i < l->opt->sessions; i++) {
		bench_conn_close(&l->sessions[i].conn);
		buf_free(&l->sessions[i].held);
	}
	free(l->sessions);
	messages_free(&l->messages);
	buf_free(&l->scratch);
	ledger_close(&l->ledger);
	SSL_CTX_free(l->tls);
	close(l->signal_fd);
	close(l->epoll_fd);
}
