/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/message.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/mail/envelope.h"
#include "lib/store/body.h"
#include "lib/store/journal.h"
#include "lib/store/private.h"

static bool
envelope_read(struct span bytes, struct envelope *out, struct arena *a)
{
	struct reader r;

	reader_init(&r, bytes);
	envelope_get(&r, out, a);
	return reader_end(&r);
}

/* ---- store -------------------------------------------------------------- */

static bool
message_is_sound(const struct store_message *m, const struct store *s,
    struct envelope *env, struct arena *a)
{
	return envelope_read(m->envelope, env, a) &&
	    !uuid_is_zero(&env->id) && uuid_eq(&env->id, &m->sched.id) &&
	    uuid_eq(&env->body_id, &s->body_id) &&
	    env->body_size == s->body_size && env->n_rcpts > 0;
}

/*
 * Is this message there already? Then it must be of the same body: an id is
 * no key to what another sender stored.
 */
static enum stow
is_stored(struct spool *sp, const struct store *s, const struct envelope *env,
    bool *stored_out)
{
	struct envelope old;
	struct span payload;

	*stored_out = false;
	if (row_is_beyond(sp, DB_META, env->id.b, sizeof(env->id.b)))
		return STOW_DONE;
	switch (row_find(sp, DB_META, ROW_META, env->id.b, sizeof(env->id.b),
	    &payload)) {
	case NOT_FOUND:
		return STOW_DONE;
	case FIND_FAILED:
		return STOW_FAILED;
	case FOUND_DAMAGED:
		*stored_out = true;
		return STOW_DONE;
	case FOUND:
		break;
	}
	*stored_out = true;
	if (!envelope_read(payload, &old, &sp->arena) ||
	    !uuid_eq(&old.body_id, &s->body_id))
		return STOW_MALFORMED;
	return STOW_DONE;
}

static int
sched_write(struct spool *sp, const struct uuid *id,
    const struct sched_row *row)
{
	struct span payload;

	buf_clear(&sp->scratch, 1024 * 1024);
	sched_row_put(&sp->scratch, row);
	payload = buf_span(&sp->scratch);
	return row_put(sp, DB_SCHED, ROW_SCHED, id->b, sizeof(id->b),
	    &payload, 1, false) == PUT_DONE ? 0 : -1;
}

static int
message_write(struct spool *sp, const struct store_message *m,
    const struct envelope *env)
{
	const struct sched_row row = { .commit = sp->next.commit,
		.due_ms = m->sched.due_ms, .attempts = m->sched.attempts,
		.n_rcpts = env->n_rcpts, .size = envelope_size(env),
		.queue = env->queue };

	if (row_put(sp, DB_META, ROW_META, env->id.b, sizeof(env->id.b),
	    &m->envelope, 1, false) != PUT_DONE)
		return -1;
	if (sched_write(sp, &env->id, &row) != 0)
		return -1;
	return m->record.len == 0 ? 0 :
	    journal_append(sp, m->sched.attempts, m->record, m->envelope);
}

/* Read all, look up all, and only then change anything. */
static enum stow
store_plan(struct spool *sp, const struct store *s, struct envelope *envs,
    bool *stored, uint32_t *n_fresh_out)
{
	enum stow stow;
	uint32_t i;

	*n_fresh_out = 0;
	for (i = 0; i < s->n_messages; i++) {
		if (!message_is_sound(&s->messages[i], s, &envs[i],
		    &sp->arena))
			return STOW_MALFORMED;
		stow = is_stored(sp, s, &envs[i], &stored[i]);
		if (stow != STOW_DONE)
			return stow;
		*n_fresh_out += !stored[i];
	}
	return STOW_DONE;
}

enum stow
message_store(struct spool *sp, const struct store *s, struct span body,
    struct sched_entry *fresh_out, uint32_t *n_out, struct arena *a)
{
	struct envelope *envs;
	enum stow stow;
	bool *stored;
	uint32_t i, n_fresh;
	int exists;

	*n_out = 0;
	if (s->n_messages == 0 || uuid_is_zero(&s->body_id) ||
	    body.len != s->body_size)
		return STOW_MALFORMED;
	arena_reset(&sp->arena);
	envs = arena_alloc(&sp->arena, s->n_messages * sizeof(*envs));
	stored = arena_alloc(&sp->arena, s->n_messages * sizeof(*stored));
	stow = store_plan(sp, s, envs, stored, &n_fresh);
	if (stow != STOW_DONE || n_fresh == 0)
		return stow;
	exists = body_exists(sp, &s->body_id);
	if (exists == -1)
		return STOW_FAILED;
	/* Only a message that shares it gives a right to an old body. */
	if (exists && n_fresh == s->n_messages)
		return STOW_MALFORMED;
	for (i = 0; i < s->n_messages; i++) {
		if (stored[i])
			continue;
		if (message_write(sp, &s->messages[i], &envs[i]) != 0)
			return STOW_FAILED;
		fresh_out[(*n_out)++] = (struct sched_entry){
			.id = envs[i].id,
			.due_ms = s->messages[i].sched.due_ms,
			.attempts = s->messages[i].sched.attempts,
			.n_rcpts = envs[i].n_rcpts,
			.size = envelope_size(&envs[i]),
			.queue = arena_span(a, envs[i].queue) };
	}
	if (body_add(sp, &s->body_id, body, n_fresh, exists) != 0)
		return STOW_FAILED;
	return STOW_DONE;
}

/* ---- settle ------------------------------------------------------------- */

/* What is stored about the message being settled. */
struct settling {
	const struct uuid *id;
	struct sched_row row;
	struct envelope env;
	struct span envelope; /* its bytes, ours */
	bool has_row, has_env, damaged;
};

static int
settling_read(struct spool *sp, struct settling *t)
{
	struct span payload;

	switch (row_find(sp, DB_META, ROW_META, t->id->b, sizeof(t->id->b),
	    &payload)) {
	case FOUND:
		/* Rows in the map move when others change: copy. */
		t->envelope = arena_span(&sp->arena, payload);
		t->has_env = envelope_read(t->envelope, &t->env, &sp->arena) &&
		    uuid_eq(&t->env.id, t->id);
		t->damaged = !t->has_env;
		break;
	case NOT_FOUND:
		break;
	case FOUND_DAMAGED:
		t->damaged = true;
		break;
	case FIND_FAILED:
		return -1;
	}
	switch (row_find(sp, DB_SCHED, ROW_SCHED, t->id->b, sizeof(t->id->b),
	    &payload)) {
	case FOUND:
		t->has_row = sched_row_get(arena_span(&sp->arena, payload),
		    &t->row);
		return 0;
	case NOT_FOUND:
	case FOUND_DAMAGED:
		return 0;
	case FIND_FAILED:
		break;
	}
	return -1;
}

static int
settling_records(struct spool *sp, const struct settle *s,
    const struct settling *t)
{
	struct envelope bare = { .id = *t->id };
	struct span envelope = t->envelope;
	struct buf b = { 0 };
	uint32_t i;
	int rc = 0;

	if (!t->has_env) {
		envelope_put(&b, &bare);
		envelope = buf_span(&b);
	}
	for (i = 0; i < s->n_records && rc == 0; i++)
		rc = journal_append(sp, s->attempts, s->records[i], envelope);
	buf_free(&b);
	return rc;
}

static int
settling_remove(struct spool *sp, const struct settling *t)
{
	const uint8_t *id = t->id->b;

	if (t->damaged && row_set_aside(sp, DB_META, id, UUID_LEN) != 0)
		return -1;
	if (row_del(sp, DB_META, id, UUID_LEN) != 0 ||
	    row_del(sp, DB_SCHED, id, UUID_LEN) != 0)
		return -1;
	return t->has_env ? body_drop(sp, &t->env.body_id, false) : 0;
}

static int
settling_set_aside(struct spool *sp, const struct settling *t)
{
	const uint8_t *id = t->id->b;

	if (row_set_aside(sp, DB_META, id, UUID_LEN) != 0 ||
	    row_set_aside(sp, DB_SCHED, id, UUID_LEN) != 0)
		return -1;
	return t->has_env ? body_drop(sp, &t->env.body_id, true) : 0;
}

/* Did this queue manager settle it with this request or a later one? */
static bool
settled_before(uint64_t request, const struct settling *t)
{
	unsigned shift = 64 - SETTLE_MAKER_BITS;

	return t->row.settled != 0 && request <= t->row.settled &&
	    request >> shift == t->row.settled >> shift;
}

static bool
settling_deferred_before(const struct settle *s, uint64_t request,
    const struct settling *t)
{

	if (s->of_rcpts != 0 && t->has_env && s->of_rcpts != t->env.n_rcpts)
		return true;
	if (!t->has_row || s->attempts > t->row.attempts)
		return false;
	if (s->attempts < t->row.attempts)
		return true;
	return s->due_ms == t->row.due_ms || settled_before(request, t);
}

/* The envelope without the recipients that are done. */
static void
rcpts_drop(struct envelope *env, const struct settle *s)
{
	bool *gone = xcalloc(env->n_rcpts + 1, sizeof(*gone));
	uint32_t i, n = 0;

	for (i = 0; i < s->n_done; i++) {
		if (s->done[i] < env->n_rcpts)
			gone[s->done[i]] = true;
	}
	for (i = 0; i < env->n_rcpts; i++) {
		if (!gone[i])
			env->rcpts[n++] = env->rcpts[i];
	}
	env->n_rcpts = n;
	free(gone);
}

static int
settling_defer(struct spool *sp, uint64_t request, const struct settle *s,
    struct settling *t)
{
	struct sched_row row;
	struct span payload;
	struct buf b = { 0 };
	enum put put;

	if (s->n_done > 0 && t->has_env) {
		rcpts_drop(&t->env, s);
		if (t->env.n_rcpts == 0)
			return settling_remove(sp, t);
		envelope_put(&b, &t->env);
		payload = buf_span(&b);
		put = row_put(sp, DB_META, ROW_META, t->id->b, UUID_LEN,
		    &payload, 1, false);
		buf_free(&b);
		if (put != PUT_DONE)
			return -1;
	}
	/* A damaged line of the schedule is made again from the envelope. */
	row = (struct sched_row){ .commit = t->has_row ? t->row.commit : 0,
		.settled = request, .due_ms = s->due_ms,
		.attempts = s->attempts,
		.n_rcpts = t->has_env ? t->env.n_rcpts : t->row.n_rcpts,
		.size = t->has_env ? envelope_size(&t->env) : t->row.size,
		.queue = t->has_env ? t->env.queue : t->row.queue };
	return sched_write(sp, t->id, &row);
}

int
message_settle(struct spool *sp, uint64_t request, const struct settle *s)
{
	struct settling t = { .id = &s->id };

	arena_reset(&sp->arena);
	t.row.queue = span_of("");
	if (settling_read(sp, &t) != 0)
		return -1;
	if (!t.has_row && !t.has_env && !t.damaged)
		return 0;
	if ((s->action == SETTLE_DEFER &&
	    settling_deferred_before(s, request, &t)) ||
	    (s->action == SETTLE_KEEP && settled_before(request, &t)))
		return 0;
	if (settling_records(sp, s, &t) != 0)
		return -1;
	switch (s->action) {
	case SETTLE_KEEP:
		if (!t.has_row)
			return 0;
		t.row.settled = request;
		return sched_write(sp, t.id, &t.row);
	case SETTLE_REMOVE:
		return settling_remove(sp, &t);
	case SETTLE_DEFER:
		return settling_defer(sp, request, s, &t);
	case SETTLE_SET_ASIDE:
		return settling_set_aside(sp, &t);
	case SETTLE_ACTIONS:
		break;
	}
	return 0;
}
