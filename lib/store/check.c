/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/map.h"
#include "lib/mail/envelope.h"
#include "lib/mail/record.h"
#include "lib/store/private.h"

/* What the envelopes say of a body. */
struct body_seen {
	uint64_t refs, size;
};

struct check {
	struct spool *sp;
	void (*tell)(void *arg, const char *line);
	void *arg;
	struct spool_findings *out;
	struct map bodies;      /* body id -> struct body_seen */
	struct arena arena;
	/* The body whose pieces are passing. */
	struct uuid body;
	uint32_t pieces;
	uint64_t bytes;
	uint64_t last_seq;
};

static void problem(struct check *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
problem(struct check *c, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->out->problems++;
	c->tell(c->arg, line);
}

static const char *
key_hex(struct span key, char out[2 * KEY_MAX + 1])
{
	size_t i, n = key.len < KEY_MAX ? key.len : KEY_MAX;

	out[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned char)key.p[i]);
	return out;
}

/* Visit all rows of a database. */
static int
each_row(struct check *c, enum db db,
    void (*visit)(struct check *c, struct span key, struct span value))
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(c->sp->txn, c->sp->dbi[db], &cursor);

	if (rc != 0)
		return spool_fail(c->sp, rc);
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		arena_reset(&c->arena);
		visit(c, val_span(&k), val_span(&v));
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : spool_fail(c->sp, rc);
}

static bool
envelope_of(struct check *c, const struct uuid *id, struct envelope *out)
{
	struct span payload;
	struct reader r;

	if (row_find(c->sp, DB_META, ROW_META, id->b, UUID_LEN, &payload) !=
	    FOUND)
		return false;
	reader_init(&r, payload);
	envelope_get(&r, out, &c->arena);
	return reader_end(&r) && uuid_eq(&out->id, id);
}

static void
check_meta(struct check *c, struct span key, struct span value)
{
	char hex[2 * KEY_MAX + 1];
	struct body_seen *seen;
	struct span payload, body;
	struct envelope env;
	struct uuid id;

	c->out->messages++;
	if (key.len != UUID_LEN) {
		problem(c, "meta %s: not an id", key_hex(key, hex));
		return;
	}
	memcpy(id.b, key.p, UUID_LEN);
	(void)value;
	if (!envelope_of(c, &id, &env)) {
		problem(c, "meta %s: damaged", key_hex(key, hex));
		return;
	}
	if (row_find(c->sp, DB_SCHED, ROW_SCHED, id.b, UUID_LEN, &payload) ==
	    NOT_FOUND)
		problem(c, "meta %s: not in the schedule", key_hex(key, hex));
	body = span_make(env.body_id.b, UUID_LEN);
	seen = map_get(&c->bodies, body);
	if (seen == NULL) {
		seen = xcalloc(1, sizeof(*seen));
		seen->size = env.body_size;
		map_set(&c->bodies, body, seen);
	}
	seen->refs++;
	if (seen->size != env.body_size)
		problem(c, "meta %s: another size of its body than others say",
		    key_hex(key, hex));
}

static void
check_sched(struct check *c, struct span key, struct span value)
{
	char hex[2 * KEY_MAX + 1];
	struct sched_row row;
	struct envelope env;
	struct span payload;
	struct uuid id;

	key_hex(key, hex);
	if (key.len != UUID_LEN || !row_open(value, ROW_SCHED, &payload) ||
	    !sched_row_get(payload, &row)) {
		problem(c, "sched %s: damaged", hex);
		return;
	}
	if (row.commit > c->sp->state.commit)
		problem(c, "sched %s: of a commit that was not yet", hex);
	memcpy(id.b, key.p, UUID_LEN);
	if (row_find(c->sp, DB_META, ROW_META, id.b, UUID_LEN, &payload) ==
	    NOT_FOUND)
		problem(c, "sched %s: there is no such message", hex);
	else if (envelope_of(c, &id, &env) &&
	    (row.n_rcpts != env.n_rcpts || row.size != envelope_size(&env) ||
	    !span_eq(row.queue, env.queue)))
		problem(c, "sched %s: does not fit its message", hex);
}

static void
check_body(struct check *c, struct span key, struct span value)
{
	const struct body_seen *seen = map_get(&c->bodies, key);
	char hex[2 * KEY_MAX + 1];
	struct span payload;
	uint64_t refs;

	key_hex(key, hex);
	if (!row_open(value, ROW_BODY, &payload) ||
	    !body_row_get(payload, &refs))
		problem(c, "bodies %s: damaged", hex);
	else if (seen == NULL || seen->refs != refs)
		problem(c, "bodies %s: counts %llu messages, there are %llu",
		    hex, (unsigned long long)refs,
		    (unsigned long long)(seen != NULL ? seen->refs : 0));
}

/* A body must have all its bytes, and more than one message a count. */
static void
body_end(struct check *c)
{
	char hex[UUID_HEX_MAX];
	struct body_seen *seen;
	struct span payload;

	if (c->pieces == 0)
		return;
	uuid_hex(&c->body, hex);
	seen = map_get(&c->bodies, span_make(c->body.b, UUID_LEN));
	if (seen == NULL) {
		problem(c, "data %s: belongs to no message", hex);
		return;
	}
	if (c->bytes != seen->size || c->pieces != body_pieces(seen->size))
		problem(c, "data %s: has %llu bytes of %llu", hex,
		    (unsigned long long)c->bytes,
		    (unsigned long long)seen->size);
	if (seen->refs > 1 && row_find(c->sp, DB_BODIES, ROW_BODY, c->body.b,
	    UUID_LEN, &payload) == NOT_FOUND)
		problem(c, "data %s: shared by %llu messages, not counted",
		    hex, (unsigned long long)seen->refs);
	/* What is left in the map at the end has no data. */
	map_del(&c->bodies, span_make(c->body.b, UUID_LEN));
	free(seen);
}

static void
check_data(struct check *c, struct span key, struct span value)
{
	char hex[2 * KEY_MAX + 1];
	struct span payload;

	if (key.len != BODY_KEY) {
		problem(c, "data %s: not a piece", key_hex(key, hex));
		return;
	}
	if (c->pieces == 0 || memcmp(c->body.b, key.p, UUID_LEN) != 0) {
		body_end(c);
		memcpy(c->body.b, key.p, UUID_LEN);
		c->pieces = 0;
		c->bytes = 0;
		c->out->bodies++;
	}
	if (!row_open(value, ROW_DATA, &payload))
		problem(c, "data %s: damaged", key_hex(key, hex));
	if (body_key_piece(key) != c->pieces)
		problem(c, "data %s: piece %u is missing", key_hex(key, hex),
		    c->pieces);
	c->pieces++;
	c->bytes += payload.len;
}

static bool
event_is_whole(struct check *c, struct span value)
{
	struct event_row row;
	struct envelope env;
	struct span payload;
	struct record rec;
	struct reader r;

	if (!row_open(value, ROW_EVENT, &payload) ||
	    !event_row_get(payload, &row))
		return false;
	reader_init(&r, row.record);
	record_get(&r, &rec, &c->arena);
	if (!reader_end(&r))
		return false;
	reader_init(&r, row.envelope);
	envelope_get(&r, &env, &c->arena);
	return reader_end(&r);
}

static void
check_event(struct check *c, struct span key, struct span value)
{
	char hex[2 * KEY_MAX + 1];
	uint64_t seq;

	c->out->entries++;
	if (key.len != 8) {
		problem(c, "events %s: not a number", key_hex(key, hex));
		return;
	}
	seq = seq_key_get(key);
	if (c->last_seq != 0 && seq != c->last_seq + 1)
		problem(c, "events %llu: follows %llu",
		    (unsigned long long)seq,
		    (unsigned long long)c->last_seq);
	c->last_seq = seq;
	if (seq > c->sp->state.last_seq)
		problem(c, "events %llu: beyond the newest, %llu",
		    (unsigned long long)seq,
		    (unsigned long long)c->sp->state.last_seq);
	if (!event_is_whole(c, value))
		problem(c, "events %llu: damaged", (unsigned long long)seq);
}

static void
check_cursor(struct check *c, struct span key, struct span value)
{
	struct cursor_row row;
	struct span payload;

	c->out->cursors++;
	if (!row_open(value, ROW_CURSOR, &payload) ||
	    !cursor_row_get(payload, &row))
		problem(c, "cursors %.*s: damaged",
		    key.len < 128 ? (int)key.len : 128, key.p);
	else if (row.seq > c->sp->state.last_seq)
		problem(c, "cursors %.*s: beyond the newest entry",
		    key.len < 128 ? (int)key.len : 128, key.p);
}

static void
check_damaged(struct check *c, struct span key, struct span value)
{
	char hex[2 * KEY_MAX + 1];

	(void)value;
	c->out->apart++;
	problem(c, "set apart: %s %s",
	    db_name(key.len > 0 ? (enum db)key.p[0] : DB_COUNT),
	    key_hex(span_from(key, 1), hex));
}

/* Bodies that envelopes name and that are not there. */
static void
check_missing(struct check *c)
{
	char hex[2 * KEY_MAX + 1];
	struct span key;
	size_t at = 0;
	void *value;

	while (map_next(&c->bodies, &at, &key, &value)) {
		problem(c, "data %s: missing, needed by %llu messages",
		    key_hex(key, hex),
		    (unsigned long long)((struct body_seen *)value)->refs);
	}
}

int
spool_check(struct spool *sp, void (*tell)(void *arg, const char *line),
    void *arg, struct spool_findings *out)
{
	struct check c = { .sp = sp, .tell = tell, .arg = arg, .out = out };
	int rc = -1;

	*out = (struct spool_findings){ 0 };
	if (spool_read_begin(sp) != 0)
		return -1;
	if (each_row(&c, DB_META, check_meta) != 0 ||
	    each_row(&c, DB_SCHED, check_sched) != 0 ||
	    each_row(&c, DB_BODIES, check_body) != 0 ||
	    each_row(&c, DB_DATA, check_data) != 0)
		goto out;
	body_end(&c);
	check_missing(&c);
	if (each_row(&c, DB_EVENTS, check_event) != 0 ||
	    each_row(&c, DB_CURSORS, check_cursor) != 0 ||
	    each_row(&c, DB_DAMAGED, check_damaged) != 0)
		goto out;
	rc = 0;
out:
	spool_read_end(sp);
	map_free(&c.bodies, free);
	arena_free(&c.arena);
	return rc;
}

int
spool_count(struct spool *sp, struct spool_counts out[SPOOL_DATABASES])
{
	MDB_stat st;
	int i, rc = 0;

	if (spool_read_begin(sp) != 0)
		return -1;
	for (i = 0; i < DB_COUNT && rc == 0; i++) {
		rc = mdb_stat(sp->txn, sp->dbi[i], &st);
		out[i] = (struct spool_counts){ .name = db_name((enum db)i),
			.rows = st.ms_entries, .pages = st.ms_branch_pages +
			st.ms_leaf_pages + st.ms_overflow_pages };
	}
	spool_read_end(sp);
	return rc == 0 ? 0 : spool_fail(sp, rc);
}

int
spool_copy(struct spool *sp, int fd)
{
	int rc = mdb_env_copyfd2(sp->env, fd, MDB_CP_COMPACT);

	return rc == 0 ? 0 : spool_fail(sp, rc);
}
