/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/loop.h"

#include <signal.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/io/sock.h"
#include "tests/support/check.h"

struct clockwork {
	struct loop *loop;
	struct timer a, b, end;
	int64_t start_ms;
	unsigned fired_a, fired_b;
	int64_t at_a_ms, at_b_ms;
};

static void
fire_a(void *arg)
{
	struct clockwork *c = arg;

	c->fired_a++;
	c->at_a_ms = clock_mono_ms() - c->start_ms;
}

static void
fire_b(void *arg)
{
	struct clockwork *c = arg;

	c->fired_b++;
	c->at_b_ms = clock_mono_ms() - c->start_ms;
}

static void
fire_end(void *arg)
{
	loop_stop(((struct clockwork *)arg)->loop);
}

static void
begin(struct clockwork *c)
{
	*c = (struct clockwork){ .loop = loop_new() };
	timer_init(&c->a, c->loop, fire_a, c);
	timer_init(&c->b, c->loop, fire_b, c);
	timer_init(&c->end, c->loop, fire_end, c);
	c->start_ms = clock_mono_ms();
}

static void
end(struct clockwork *c, int64_t after_ms)
{
	timer_set(&c->end, after_ms);
	loop_run(c->loop);
	timer_done(&c->a);
	timer_done(&c->b);
	timer_done(&c->end);
	timer_done(&c->end);
	loop_free(&c->loop);
}

static void
timers_move(void **state)
{
	struct clockwork c;

	(void)state;
	begin(&c);
	/* Later than armed: the old time passes without a word. */
	timer_set(&c.a, 5);
	timer_set(&c.a, 40);
	/* Earlier than armed. */
	timer_set(&c.b, 10000);
	timer_set(&c.b, 10);
	end(&c, 80);
	check_int("later", c.fired_a, 1);
	check_int("earlier", c.fired_b, 1);
	if (c.at_a_ms < 39 || c.at_b_ms < 9 || c.at_b_ms > c.at_a_ms)
		fail_msg("fired at %lld and %lld ms", (long long)c.at_a_ms,
		    (long long)c.at_b_ms);
}

static void
timers_are_cancelled(void **state)
{
	struct clockwork c;

	(void)state;
	begin(&c);
	timer_set(&c.a, 5);
	assert_true(timer_is_set(&c.a));
	timer_cancel(&c.a);
	assert_false(timer_is_set(&c.a));
	/* Cancelled and set anew while the event still waits. */
	timer_set(&c.b, 5);
	timer_cancel(&c.b);
	timer_set(&c.b, 20);
	end(&c, 40);
	check_int("cancelled", c.fired_a, 0);
	check_int("set anew", c.fired_b, 1);
	assert_true(c.at_b_ms >= 19);
}

static void
timers_take_any_delay(void **state)
{
	struct clockwork c;

	(void)state;
	begin(&c);
	timer_set(&c.a, INT64_MAX);
	timer_set(&c.b, INT64_MIN);
	end(&c, 20);
	check_int("never", c.fired_a, 0);
	check_int("at once", c.fired_b, 1);
}

struct job {
	struct loop *loop;
	struct deferred d;
	struct job *then, *undo;
	char name;
	char *log;
};

static void
job_run(void *arg)
{
	struct job *j = arg;
	size_t n = strlen(j->log);

	j->log[n] = j->name;
	j->log[n + 1] = '\0';
	if (j->then != NULL)
		loop_defer(j->loop, &j->then->d);
	if (j->undo != NULL)
		loop_undefer(j->loop, &j->undo->d);
}

/* In order, once each; what a job adds still belongs to this turn. */
static void
deferred_keeps_order(void **state)
{
	struct clockwork c;
	struct job j[5];
	char log[16] = "";
	size_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < COUNT(j); i++) {
		j[i] = (struct job){ .loop = c.loop, .name = (char)('a' + i),
			.log = log };
		j[i].d = (struct deferred){ .run = job_run, .arg = &j[i] };
	}
	j[1].then = &j[4];
	j[0].undo = &j[3];
	loop_defer(c.loop, &j[2].d);
	loop_defer(c.loop, &j[0].d);
	loop_defer(c.loop, &j[0].d);
	loop_defer(c.loop, &j[1].d);
	loop_defer(c.loop, &j[3].d);
	loop_undefer(c.loop, &j[4].d);
	end(&c, 0);
	check_str("order", log, "cabe");
}

/* The last one taken back: what comes next must not be lost. */
static void
deferred_tail_is_taken_back(void **state)
{
	struct clockwork c;
	struct job j[3];
	char log[16] = "";
	size_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < COUNT(j); i++) {
		j[i] = (struct job){ .loop = c.loop, .name = (char)('a' + i),
			.log = log };
		j[i].d = (struct deferred){ .run = job_run, .arg = &j[i] };
	}
	loop_defer(c.loop, &j[0].d);
	loop_undefer(c.loop, &j[0].d);
	loop_defer(c.loop, &j[1].d);
	loop_defer(c.loop, &j[2].d);
	loop_undefer(c.loop, &j[2].d);
	loop_defer(c.loop, &j[0].d);
	end(&c, 0);
	check_str("order", log, "ba");
}

struct watch {
	struct loop *loop;
	struct io io;
	unsigned reads, writes;
};

static void
watch_ready(void *arg, int what)
{
	struct watch *w = arg;
	char c;

	if (what == IO_READ) {
		w->reads++;
		if (read(w->io.fd, &c, 1) == 1 && c == 'q') {
			io_done(&w->io);
			loop_stop(w->loop);
		}
		return;
	}
	w->writes++;
	io_want(&w->io, IO_READ);
}

static void
watches_descriptors(void **state)
{
	struct watch w = { .loop = loop_new() };
	int fds[2];

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	io_init(&w.io, w.loop, fds[0], watch_ready, &w);
	io_want(&w.io, IO_READ | IO_WRITE);
	assert_int_equal(write(fds[1], "xyq", 3), 3);
	loop_run(w.loop);
	check_int("reads", w.reads, 3);
	check_int("writes", w.writes, 1);
	io_done(&w.io);
	close(fds[0]);
	close(fds[1]);
	loop_free(&w.loop);
}

static void
catches_signals(void **state)
{
	struct clockwork c;

	(void)state;
	begin(&c);
	loop_signal(c.loop, SIGUSR1, fire_a, &c);
	raise(SIGUSR1);
	check_int("not in the handler", c.fired_a, 0);
	end(&c, 20);
	check_int("on the loop", c.fired_a, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_move),
		cmocka_unit_test(timers_are_cancelled),
		cmocka_unit_test(timers_take_any_delay),
		cmocka_unit_test(deferred_keeps_order),
		cmocka_unit_test(deferred_tail_is_taken_back),
		cmocka_unit_test(watches_descriptors),
		cmocka_unit_test(catches_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
