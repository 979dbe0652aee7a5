/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

/* About 140 years: "never", and what is added to it does not overflow. */
static const int64_t delay_max_ms = INT64_C(1) << 42;

struct loop_signal {
	struct loop_signal *next;
	struct event *event;
	void (*caught)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct deferred *first, **last;
	struct loop_signal *signals;
	int64_t mono_ms, wall_ms; /* 0 = not read in this turn */
	bool stop;
};

struct loop *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct loop *loop = xcalloc(1, sizeof(*loop));

	if (config == NULL)
		fatalx("out of memory");
	/* Changes of interest go to the kernel once a turn. */
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	if (loop->base == NULL)
		fatalx("cannot make an event loop");
	loop->last = &loop->first;
	return loop;
}

void
loop_free(struct loop **loop)
{
	struct loop_signal *s, *next;

	if (*loop == NULL)
		return;
	for (s = (*loop)->signals; s != NULL; s = next) {
		next = s->next;
		event_free(s->event);
		free(s);
	}
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

static void
loop_run_deferred(struct loop *loop)
{
	struct deferred *d;

	while ((d = loop->first) != NULL) {
		loop->first = d->next;
		if (loop->first == NULL)
			loop->last = &loop->first;
		d->queued = false;
		d->run(d->arg);
	}
}

void
loop_run(struct loop *loop)
{
	loop->stop = false;
	loop_run_deferred(loop);
	while (!loop->stop) {
		loop->mono_ms = loop->wall_ms = 0;
		if (event_base_loop(loop->base, EVLOOP_ONCE) == -1)
			fatal("event loop");
		loop_run_deferred(loop);
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stop = true;
	event_base_loopbreak(loop->base);
}

int64_t
loop_mono_ms(struct loop *loop)
{
	if (loop->mono_ms == 0)
		loop->mono_ms = clock_mono_ms();
	return loop->mono_ms;
}

int64_t
loop_wall_ms(struct loop *loop)
{
	if (loop->wall_ms == 0)
		loop->wall_ms = clock_wall_ms();
	return loop->wall_ms;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

static void
io_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct io *io = arg;

	(void)fd;
	(void)what;
	io->ready(io->arg, IO_READ);
}

static void
io_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct io *io = arg;

	(void)fd;
	(void)what;
	io->ready(io->arg, IO_WRITE);
}

void
io_init(struct io *io, struct loop *loop, int fd,
    void (*ready)(void *arg, int what), void *arg)
{
	*io = (struct io){ .loop = loop, .fd = fd, .ready = ready, .arg = arg };
	io->read = event_new(loop->base, fd, EV_READ | EV_PERSIST, io_on_read,
	    io);
	io->write = event_new(loop->base, fd, EV_WRITE | EV_PERSIST,
	    io_on_write, io);
	if (io->read == NULL || io->write == NULL)
		fatalx("out of memory");
}

void
io_want(struct io *io, int want)
{
	int changed = want ^ io->want;

	if (changed & IO_READ) {
		if (want & IO_READ)
			event_add(io->read, NULL);
		else
			event_del(io->read);
	}
	if (changed & IO_WRITE) {
		if (want & IO_WRITE)
			event_add(io->write, NULL);
		else
			event_del(io->write);
	}
	io->want = want;
}

void
io_done(struct io *io)
{
	if (io->read == NULL)
		return;
	event_free(io->read);
	event_free(io->write);
	io->read = io->write = NULL;
	io->want = 0;
	io->fd = -1;
}

static void
timer_arm(struct timer *t, int64_t delay_ms)
{
	struct timeval tv;

	tv.tv_sec = delay_ms / 1000;
	tv.tv_usec = delay_ms % 1000 * 1000;
	t->armed_ms = loop_mono_ms(t->loop) + delay_ms;
	event_add(t->event, &tv);
}

static void
timer_on_fire(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;
	int64_t left;

	(void)fd;
	(void)what;
	t->armed_ms = 0;
	if (t->due_ms == 0)
		return;
	left = t->due_ms - loop_mono_ms(t->loop);
	if (left > 0) {
		timer_arm(t, left);
		return;
	}
	t->due_ms = 0;
	t->fire(t->arg);
}

void
timer_init(struct timer *t, struct loop *loop, void (*fire)(void *arg),
    void *arg)
{
	*t = (struct timer){ .loop = loop, .fire = fire, .arg = arg };
	t->event = event_new(loop->base, -1, 0, timer_on_fire, t);
	if (t->event == NULL)
		fatalx("out of memory");
}

void
timer_set(struct timer *t, int64_t delay_ms)
{
	if (delay_ms < 0)
		delay_ms = 0;
	else if (delay_ms > delay_max_ms)
		delay_ms = delay_max_ms;
	t->due_ms = loop_mono_ms(t->loop) + delay_ms;
	/* An event that fires too early finds the later time and waits on. */
	if (t->armed_ms == 0 || t->armed_ms > t->due_ms)
		timer_arm(t, delay_ms);
}

void
timer_cancel(struct timer *t)
{
	t->due_ms = 0;
}

bool
timer_is_set(const struct timer *t)
{
	return t->due_ms != 0;
}

void
timer_done(struct timer *t)
{
	if (t->event != NULL)
		event_free(t->event);
	t->event = NULL;
	t->due_ms = t->armed_ms = 0;
}

void
loop_defer(struct loop *loop, struct deferred *d)
{
	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	*loop->last = d;
	loop->last = &d->next;
}

void
loop_undefer(struct loop *loop, struct deferred *d)
{
	struct deferred **at;

	if (!d->queued)
		return;
	for (at = &loop->first; *at != d; at = &(*at)->next)
		;
	*at = d->next;
	if (*at == NULL)
		loop->last = at;
	d->queued = false;
}

static void
signal_on_catch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)fd;
	(void)what;
	s->caught(s->arg);
}

void
loop_signal(struct loop *loop, int signo, void (*caught)(void *arg), void *arg)
{
	struct loop_signal *s = xcalloc(1, sizeof(*s));

	s->caught = caught;
	s->arg = arg;
	s->event = evsignal_new(loop->base, signo, signal_on_catch, s);
	if (s->event == NULL || event_add(s->event, NULL) == -1)
		fatalx("cannot watch signal %d", signo);
	s->next = loop->signals;
	loop->signals = s;
}
