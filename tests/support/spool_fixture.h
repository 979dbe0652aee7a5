/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and a temporary spool for the tests of lib/store and spoold. */
#ifndef TESTS_SUPPORT_SPOOL_FIXTURE_H
#define TESTS_SUPPORT_SPOOL_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/arena.h"
#include "lib/ipc/store.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/store/check.h"
#include "lib/store/journal.h"
#include "lib/store/message.h"
#include "lib/store/spool.h"

#define FIXTURE_MAP ((uint64_t)1 << 30)

static struct uuid_maker fixture_maker;

static inline char *
fixture_folder(void)
{
	char *path = xstrdup("/tmp/ekiden-spool-XXXXXX");

	if (mkdtemp(path) == NULL)
		abort();
	return path;
}

static inline void
fixture_remove(char *path)
{
	static const char *const files[] = { "data.mdb", "lock.mdb",
		"writer.lock", "data.mdb.new" };
	char name[256];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		unlink(name);
	}
	rmdir(path);
	free(path);
}

static inline struct spool *
fixture_open(const char *path, enum spool_mode mode)
{
	struct spool *sp;
	const char *why = "";

	if (spool_open(&sp, path, mode, FIXTURE_MAP, &why) != 0) {
		fprintf(stderr, "spool_open: %s\n", why);
		abort();
	}
	return sp;
}

static inline struct span
fixture_record(enum record_type type, struct arena *a)
{
	struct record rec = { .type = type, .time_us = 1, .code = 250,
		.content = span_of("OK") };
	struct buf b = { 0 };
	struct span s;

	record_put(&b, &rec);
	s = arena_span(a, buf_span(&b));
	buf_free(&b);
	return s;
}

/* A STORE of n messages of n_rcpts each, with one body of `size` bytes. */
static inline struct store
fixture_store(uint32_t n, uint32_t n_rcpts, size_t size, struct arena *a)
{
	struct store st = { .n_messages = n, .body_size = size };
	struct envelope env;
	struct buf b = { 0 };
	char *body = arena_alloc(a, size + 1);
	uint32_t i, k;
	size_t j;

	for (j = 0; j < size; j++)
		body[j] = (char)('a' + (j * 7 + j / 97) % 26);
	st.body_id = uuid_next(&fixture_maker);
	st.body = span_make(body, size);
	st.messages = arena_alloc(a, n * sizeof(*st.messages));
	for (i = 0; i < n; i++) {
		env = (struct envelope){ .id = uuid_next(&fixture_maker),
			.created_us = 1000000, .sender = span_of("a@b.example"),
			.n_rcpts = n_rcpts, .queue = span_of("example.com"),
			.meta = span_of(""), .headers = span_of(""),
			.prefix = span_of("Received: here\r\n"),
			.body_id = st.body_id, .body_size = size };
		env.rcpts = arena_alloc(a, n_rcpts * sizeof(*env.rcpts));
		for (k = 0; k < n_rcpts; k++)
			env.rcpts[k] = span_of(arena_printf(a,
			    "user%u@example.com", k));
		buf_clear(&b, 1 << 20);
		envelope_put(&b, &env);
		st.messages[i].sched = (struct sched_entry){ .id = env.id,
			.due_ms = 5000, .n_rcpts = n_rcpts,
			.size = envelope_size(&env), .queue = env.queue };
		st.messages[i].envelope = arena_span(a, buf_span(&b));
		st.messages[i].record = fixture_record(RECORD_RECEPTION, a);
	}
	buf_free(&b);
	return st;
}

/* In a transaction of the caller. */
static inline enum stow
fixture_put(struct spool *sp, const struct store *st, uint32_t *n_out)
{
	struct arena a = { 0 };
	struct sched_entry *fresh = xcalloc(st->n_messages + 1,
	    sizeof(*fresh));
	enum stow stow;

	stow = message_store(sp, st, st->body, fresh, n_out, &a);
	free(fresh);
	arena_free(&a);
	return stow;
}

static inline void
fixture_tell(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "problem: %s\n", line);
}

static inline uint64_t
fixture_problems(struct spool *sp, struct spool_findings *out)
{
	if (spool_check(sp, fixture_tell, NULL, out) != 0)
		return UINT64_MAX;
	return out->problems;
}

#endif
