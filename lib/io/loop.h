/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a process: descriptors, timers, signals, and work put off
 * to the end of the turn (so that what one turn produced leaves in one write).
 * The only folder that includes libevent's headers.
 */
#ifndef LIB_IO_LOOP_H
#define LIB_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct loop;

struct loop *loop_new(void);
void loop_free(struct loop **loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Wall and monotonic milliseconds, read once per turn. */
int64_t loop_mono_ms(struct loop *loop);
int64_t loop_wall_ms(struct loop *loop);
/* For a library that runs on the same base (libunbound). */
struct event_base *loop_base(struct loop *loop);

enum { IO_READ = 1, IO_WRITE = 2 };

/*
 * A watched descriptor, embedded in its owner. Level-triggered. The callback
 * may close and free its owner: nothing of the watch is touched after it.
 */
struct io {
	struct loop *loop;
	int fd;
	int want;
	void (*ready)(void *arg, int what);
	void *arg;
	struct event *read, *write;
};

void io_init(struct io *io, struct loop *loop, int fd,
    void (*ready)(void *arg, int what), void *arg);
void io_want(struct io *io, int want);
/* Stop watching; the descriptor stays open and is the caller's. */
void io_done(struct io *io);

/* A single-shot timer, embedded in its owner. Moving it later is free. */
struct timer {
	struct loop *loop;
	void (*fire)(void *arg);
	void *arg;
	int64_t due_ms;   /* monotonic; 0 = off */
	int64_t armed_ms; /* when the event fires; 0 = not armed */
	struct event *event;
};

void timer_init(struct timer *t, struct loop *loop, void (*fire)(void *arg),
    void *arg);
void timer_set(struct timer *t, int64_t delay_ms);
void timer_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);
void timer_done(struct timer *t);

/* Work at the end of this turn; asking twice is once. */
struct deferred {
	struct deferred *next;
	void (*run)(void *arg);
	void *arg;
	bool queued;
};

void loop_defer(struct loop *loop, struct deferred *d);
void loop_undefer(struct loop *loop, struct deferred *d);

/* Calls back on the loop, not in the signal handler; for the loop's life. */
void loop_signal(struct loop *loop, int signo, void (*caught)(void *arg),
    void *arg);

#endif
