/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/statement.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/ipc/lookup.h"
#include "lib/settings/value_wire.h"

enum {
	PROGRESS_STEPS = 20000, /* of SQLite's machine between two looks */
	VALUES_MAX = VALUE_WIRE_NODES_MAX / 2,
	BYTES_MAX = LOOKUP_VALUE_MAX - 1024 * 1024,
};

struct run {
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int64_t until_ms;
	bool too_long;
	size_t values, bytes;
	struct buf *why;
};

static void
because(struct run *r, const char *text)
{
	char printable[512];

	buf_add_str(r->why, text_printable(span_of(text), printable,
	    sizeof(printable)));
}

static enum statement_result
failed(struct run *r, int code)
{
	char limit[96];

	if (r->too_long) {
		snprintf(limit, sizeof(limit), "interrupted: the statement "
		    "ran longer than %d seconds", STATEMENT_MS / 1000);
		because(r, limit);
		return STATEMENT_FAILED;
	}
	because(r, sqlite3_errmsg(r->db));
	return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED ?
	    STATEMENT_BUSY : STATEMENT_FAILED;
}

static int
on_progress(void *arg)
{
	struct run *r = arg;

	r->too_long = clock_mono_ms() > r->until_ms;
	return r->too_long;
}

/* ---- values for the statement ------------------------------------------- */

static int
bind_one(sqlite3_stmt *stmt, int at, const struct value *v)
{
	struct span s;

	if (v == NULL)
		return sqlite3_bind_null(stmt, at);
	switch (v->kind) {
	case VALUE_NULL:
		return sqlite3_bind_null(stmt, at);
	case VALUE_BOOL:
		return sqlite3_bind_int(stmt, at, v->u.flag);
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, at, v->u.number);
	case VALUE_FLOAT:
		return sqlite3_bind_double(stmt, at, v->u.real);
	case VALUE_TEXT:
		s = span_make(v->u.text.p, v->u.text.len);
		/* What is no text is bytes, and comes back as it went. */
		return text_is_utf8(s) ? sqlite3_bind_text64(stmt, at, s.p,
		    s.len, SQLITE_STATIC, SQLITE_UTF8) :
		    sqlite3_bind_blob64(stmt, at, s.p, s.len, SQLITE_STATIC);
	case VALUE_LIST:
	case VALUE_MAP:
		break;
	}
	return SQLITE_MISMATCH;
}

/* The i-th value, from 1; NULL: nil. */
static const struct value *
param_at(const struct value *params, int i)
{
	char key[16];

	if (params->kind == VALUE_LIST)
		return (size_t)i <= params->u.list.n ?
		    params->u.list.v[i - 1] : NULL;
	snprintf(key, sizeof(key), "%d", i);
	return value_get(params, key);
}

static int
bind_positions(struct run *r, const struct value *params, int64_t n)
{
	int wanted = sqlite3_bind_parameter_count(r->stmt), i, code;
	char text[96];

	if (n != wanted) {
		snprintf(text, sizeof(text), "the statement has %d "
		    "parameters, %lld values were given", wanted,
		    (long long)n);
		because(r, text);
		return -1;
	}
	for (i = 1; i <= wanted; i++) {
		code = bind_one(r->stmt, i, param_at(params, i));
		if (code == SQLITE_OK)
			continue;
		snprintf(text, sizeof(text), "value %d: %s", i,
		    code == SQLITE_MISMATCH ? "a table is no value" :
		    sqlite3_errmsg(r->db));
		because(r, text);
		return -1;
	}
	return 0;
}

static int
bind_named(struct run *r, const struct value *named)
{
	int wanted = sqlite3_bind_parameter_count(r->stmt), i;
	const char *name;
	const struct value *v;
	size_t used = 0;
	char text[160];

	for (i = 1; i <= wanted; i++) {
		name = sqlite3_bind_parameter_name(r->stmt, i);
		v = name == NULL ? NULL : value_get(named, name + 1);
		if (v == NULL)
			v = name == NULL ? NULL : value_get(named, name);
		if (v == NULL || bind_one(r->stmt, i, v) != SQLITE_OK) {
			snprintf(text, sizeof(text), v == NULL ?
			    "no value for parameter %s" :
			    "parameter %s: a table is no value",
			    name == NULL ? "?" : name);
			because(r, text);
			return -1;
		}
		used++;
	}
	if (used == named->u.map.n)
		return 0;
	because(r, "more values were given than the statement has parameters");
	return -1;
}

/* ---- rows --------------------------------------------------------------- */

static struct value *
column_value(struct run *r, int i)
{
	size_t len;

	r->values++;
	r->bytes += 16;
	switch (sqlite3_column_type(r->stmt, i)) {
	case SQLITE_INTEGER:
		return value_int(0, sqlite3_column_int64(r->stmt, i));
	case SQLITE_FLOAT:
		return value_float(0, sqlite3_column_double(r->stmt, i));
	case SQLITE_TEXT:
	case SQLITE_BLOB: {
		const void *p = sqlite3_column_blob(r->stmt, i);

		len = (size_t)sqlite3_column_bytes(r->stmt, i);
		r->bytes += len;
		return value_text(0, span_make(len == 0 ? "" : p, len));
	}
	default:
		return value_null(0);
	}
}

static struct value *
row_value(struct run *r, int columns)
{
	struct value *row;
	const char *name;
	int i;

	if (columns == 1)
		return column_value(r, 0);
	row = value_map(0);
	for (i = 0; i < columns; i++) {
		name = sqlite3_column_name(r->stmt, i);
		r->bytes += strlen(name);
		/* Of two columns of one name the first counts. */
		value_map_add(row, 0, span_of(name), column_value(r, i));
	}
	return row;
}

static enum statement_result
run(struct run *r, struct value **out)
{
	int columns = sqlite3_column_count(r->stmt), code;
	int before = sqlite3_total_changes(r->db);
	struct value *rows = value_list(0);

	while ((code = sqlite3_step(r->stmt)) == SQLITE_ROW) {
		value_list_add(rows, row_value(r, columns));
		if (r->values > VALUES_MAX || r->bytes > BYTES_MAX) {
			value_free(&rows);
			because(r, "the result is larger than 15 MB or "
			    "500000 values: use LIMIT");
			return STATEMENT_FAILED;
		}
	}
	if (code != SQLITE_DONE) {
		value_free(&rows);
		return failed(r, code);
	}
	if (rows->u.list.n > 0) {
		*out = rows;
		return STATEMENT_DONE;
	}
	value_free(&rows);
	/* The number that SQLite keeps may be of a statement before. */
	*out = value_int(0, sqlite3_total_changes(r->db) == before ? 0 :
	    sqlite3_changes(r->db));
	return STATEMENT_DONE;
}

static bool
is_blank(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r' ||
	    *s == ';')
		s++;
	return *s == '\0';
}

enum statement_result
statement_run(struct sqlite3 *db, struct span sql, const struct value *params,
    int64_t n, const struct value *named, struct value **result_out,
    struct buf *why)
{
	struct run r = { .db = db, .why = why,
	    .until_ms = clock_mono_ms() + STATEMENT_MS };
	enum statement_result result = STATEMENT_FAILED;
	const char *tail = NULL;
	int code, bound;

	sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, &r);
	code = sqlite3_prepare_v2(db, sql.p, (int)sql.len, &r.stmt, &tail);
	if (code != SQLITE_OK) {
		result = failed(&r, code);
		goto out;
	}
	/* The text ends with a NUL, as all texts of values do. */
	if (r.stmt == NULL || !is_blank(tail)) {
		because(&r, r.stmt == NULL ? "there is no statement in it" :
		    "more than one statement: call execute for each");
		goto out;
	}
	bound = named != NULL && named->kind == VALUE_MAP ?
	    bind_named(&r, named) : named != NULL ?
	    bind_positions(&r, named, (int64_t)named->u.list.n) :
	    bind_positions(&r, params, n);
	if (bound == 0)
		result = run(&r, result_out);
out:
	sqlite3_finalize(r.stmt);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return result;
}
