/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/record.h"
#include "spoold/logger/log_template.h"
#include "spoold/logger/record_json.h"
#include "spoold/logger/segment.h"

enum { LOG_STREAMS_MAX = RECORD_TYPES + 1, STATE_TEXT_MAX = 4096 };

/* Types with the same folder and suffix share one stream of segments. */
struct stream_file {
	char *dir, *suffix;
	int dir_fd;
	const char *header; /* first text of each segment */
	struct segment *segment;
};

struct log {
	const struct local_logs *opts;
	char *name;
	struct stream_file streams[LOG_STREAMS_MAX];
	unsigned n_streams;
	int by_type[RECORD_TYPES]; /* index into streams, -1: not written */
	struct log_template *templates[RECORD_TYPES]; /* NULL: JSON */
	uint64_t seq;     /* last entry written */
	uint64_t secured; /* last entry behind which all is safe */
	struct buf line, json;
	struct buf saved; /* the cursor's state at the last safe point */
	/* The latest name so far; at a safe point none is later (sweep). */
	int64_t named_us;
	bool moved;       /* a segment began or ended since then */
};

static int
stream_of(struct log *log, const char *dir, const char *suffix,
    const char *header)
{
	struct stream_file *f;
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		f = &log->streams[i];
		if (strcmp(f->dir, dir) != 0 || strcmp(f->suffix, suffix) != 0)
			continue;
		if (f->header == NULL)
			f->header = header;
		return (int)i;
	}
	f = &log->streams[log->n_streams];
	f->dir = xstrdup(dir);
	f->suffix = xstrdup(suffix);
	f->header = header;
	f->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd == -1)
		fatal("the log folder %s", dir);
	return (int)log->n_streams++;
}

struct log *
log_new(const struct local_logs *opts, const char *name)
{
	struct log *log = xcalloc(1, sizeof(*log));
	const struct log_record_opts *o;
	const char *type_name;
	int type;

	log->opts = opts;
	log->name = xstrdup(name);
	for (type = 0; type < RECORD_TYPES; type++) {
		type_name = record_type_name((enum record_type)type);
		o = local_logs_record(opts, type_name);
		log->by_type[type] = -1;
		if (o != NULL && !o->enable)
			continue;
		log->by_type[type] = stream_of(log,
		    o != NULL && o->log_dir != NULL ? o->log_dir :
		    opts->log_dir, o != NULL && o->suffix != NULL ?
		    o->suffix : "", o != NULL ? o->segment_header : NULL);
		if (o != NULL && o->template != NULL)
			log->templates[type] = log_template_new(o->template,
			    type_name);
	}
	return log;
}

void
log_free(struct log **lp)
{
	struct log *log = *lp;
	unsigned i;

	*lp = NULL;
	if (log == NULL)
		return;
	for (i = 0; i < log->n_streams; i++) {
		segment_abandon(&log->streams[i].segment);
		close(log->streams[i].dir_fd);
		free(log->streams[i].dir);
		free(log->streams[i].suffix);
	}
	for (i = 0; i < RECORD_TYPES; i++)
		log_template_free(&log->templates[i]);
	buf_free(&log->line);
	buf_free(&log->json);
	buf_free(&log->saved);
	free(log->name);
	free(log);
}

const char *
log_name(const struct log *log)
{
	return log->name;
}

uint64_t
log_position(const struct log *log)
{
	return log->seq;
}

/* ---- the cursor's state ------------------------------------------------- */

static void
state_put(struct log *log, struct buf *b, int64_t wall_us)
{
	const struct stream_file *f;
	uint32_t n = 0, i;

	for (i = 0; i < log->n_streams; i++)
		n += log->streams[i].segment != NULL;
	put_i64(b, wall_us);
	put_u32(b, n);
	for (i = 0; i < log->n_streams; i++) {
		f = &log->streams[i];
		if (f->segment == NULL)
			continue;
		put_str(b, f->dir);
		put_str(b, f->suffix);
		put_str(b, segment_name(f->segment));
		put_u64(b, segment_secured(f->segment));
		put_u64(b, segment_plain_bytes(f->segment));
		put_i64(b, segment_opened_us(f->segment));
	}
}

struct saved_file {
	struct span dir, suffix, name;
	uint64_t length, plain_bytes;
	int64_t opened_us;
};

static void
saved_file_get(struct reader *r, struct saved_file *out)
{
	out->dir = reader_span(r, STATE_TEXT_MAX);
	out->suffix = reader_span(r, STATE_TEXT_MAX);
	out->name = reader_span(r, SEGMENT_NAME_MAX);
	out->length = reader_u64(r);
	out->plain_bytes = reader_u64(r);
	out->opened_us = reader_i64(r);
}

/* YYYYMMDD-HHMMSS.fraction and the suffix? */
static bool
is_segment_name(const char *name, const char *suffix)
{
	static const char shape[] = "dddddddd-dddddd.dddddd";
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == 'd' ? name[i] < '0' || name[i] > '9' :
		    name[i] != shape[i])
			return false;
	}
	return strcmp(name + i, suffix) == 0;
}

/* The stream that writes this file now, or NULL. */
static struct stream_file *
stream_of_saved(struct log *log, const struct saved_file *s)
{
	struct stream_file *f;
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		f = &log->streams[i];
		if (span_eq_str(s->dir, f->dir) &&
		    span_eq_str(s->suffix, f->suffix) && f->segment == NULL)
			return f;
	}
	return NULL;
}

/*
 * Open a file again at the length it had. One that no stream of this
 * configuration goes on with is cut in the same way, and is then finished.
 */
static void
saved_file_restore(struct log *log, const struct saved_file *s)
{
	struct stream_file *f = stream_of_saved(log, s);
	char *dir = span_dup(s->dir), *suffix = span_dup(s->suffix);
	char *name = span_dup(s->name);
	struct segment *segment = NULL;
	int dir_fd = f != NULL ? f->dir_fd :
	    open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A name from outside is never a path. */
	if (is_segment_name(name, suffix) && dir_fd != -1)
		segment = segment_reopen(dir_fd, name, s->length,
		    s->plain_bytes, s->opened_us,
		    (int)log->opts->compression_level);
	if (segment == NULL)
		log_warnx("log=%s a segment of %s is gone or was cut",
		    log->name, dir);
	if (f != NULL)
		f->segment = segment;
	else {
		segment_finish(&segment);
		if (dir_fd != -1)
			close(dir_fd);
	}
	free(dir);
	free(suffix);
	free(name);
}

/* Open again what was open at the safe point, each at its length there. */
static void
state_restore(struct log *log, struct span state, int64_t *saved_us)
{
	struct saved_file s;
	struct reader r;
	uint32_t n, i;

	reader_init(&r, state);
	*saved_us = reader_i64(&r);
	n = reader_count(&r, 12);
	for (i = 0; i < n; i++) {
		saved_file_get(&r, &s);
		if (!reader_ok(&r))
			break;
		saved_file_restore(log, &s);
	}
	if (!reader_end(&r))
		log_warnx("log=%s the cursor's state is damaged", log->name);
}

static int64_t
segment_name_us(const char *name)
{
	struct tm tm = { 0 };
	int64_t us;

	tm.tm_year = (name[0] - '0') * 1000 + (name[1] - '0') * 100 +
	    (name[2] - '0') * 10 + (name[3] - '0') - 1900;
	tm.tm_mon = (name[4] - '0') * 10 + (name[5] - '0') - 1;
	tm.tm_mday = (name[6] - '0') * 10 + (name[7] - '0');
	tm.tm_hour = (name[9] - '0') * 10 + (name[10] - '0');
	tm.tm_min = (name[11] - '0') * 10 + (name[12] - '0');
	tm.tm_sec = (name[13] - '0') * 10 + (name[14] - '0');
	us = (int64_t)timegm(&tm) * 1000000;
	return us + atoi(name + 16);
}

/*
 * Files that the cursor does not know. One that was begun after the safe point
 * holds only lines that will be written again: it goes. Any other one that is
 * writable is a leftover of some earlier life: it is marked finished.
 */
static void
sweep(struct log *log, struct stream_file *f, int64_t saved_us)
{
	struct dirent *e;
	struct stat st;
	DIR *dir = fdopendir(openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC));

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (!is_segment_name(e->d_name, f->suffix) ||
		    fstatat(f->dir_fd, e->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (f->segment != NULL &&
		    strcmp(e->d_name, segment_name(f->segment)) == 0)
			continue;
		if (saved_us != 0 && segment_name_us(e->d_name) > saved_us)
			unlinkat(f->dir_fd, e->d_name, 0);
		else if ((st.st_mode & 0222) != 0 &&
		    fchmodat(f->dir_fd, e->d_name, 0444, 0) == -1)
			log_warn("log=%s segment %s", log->name, e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
}

bool
log_begin(struct log *log, const struct cursor_state *cursor)
{
	int64_t saved_us = 0;
	unsigned i;

	for (i = 0; i < log->n_streams; i++)
		segment_abandon(&log->streams[i].segment);
	log->seq = 0;
	if (cursor != NULL) {
		log->seq = cursor->seq;
		/* A cursor that only keeps the log's place has no state. */
		if (cursor->state.len > 0)
			state_restore(log, cursor->state, &saved_us);
		buf_clear(&log->saved, 0);
		buf_add_span(&log->saved, cursor->state);
	}
	log->secured = log->seq;
	log->named_us = saved_us;
	for (i = 0; i < log->n_streams; i++)
		sweep(log, &log->streams[i], saved_us);
	log->moved = saved_us == 0;
	return saved_us != 0;
}

/* ---- writing ------------------------------------------------------------ */

/* Back to the last safe point: the files are cut, the entries come again. */
static void
rewind_to_safety(struct log *log)
{
	struct span state = buf_span(&log->saved);
	struct cursor_state c = { span_of(log->name), log->secured, state };
	char *copy = span_dup(state);

	log_warn("log=%s cannot be written, will be tried again", log->name);
	c.state = span_make(copy, state.len);
	log_begin(log, &c);
	free(copy);
}

static int
stream_ready(struct log *log, struct stream_file *f, int64_t wall_us)
{
	if (f->segment != NULL &&
	    segment_plain_bytes(f->segment) >= log->opts->max_file_size) {
		if (segment_secure(f->segment) != 0)
			return -1;
		segment_finish(&f->segment);
		log->moved = true;
	}
	if (f->segment != NULL)
		return 0;
	/* Names grow even if the clock was set back. */
	f->segment = segment_create(f->dir_fd, f->suffix,
	    wall_us > log->named_us ? wall_us : log->named_us + 1,
	    (int)log->opts->compression_level);
	if (f->segment == NULL)
		return -1;
	log->named_us = segment_opened_us(f->segment);
	log->moved = true;
	if (f->header == NULL || f->header[0] == '\0')
		return 0;
	return segment_add(f->segment, span_of(f->header));
}

/* The entry's line in log->line: as the template says, else as JSON. */
static void
line_make(struct log *log, const struct log_entry *e, const struct uuid *node)
{
	struct log_template *t = log->templates[e->record.type];

	buf_clear(&log->line, 1 << 20);
	buf_clear(&log->json, 1 << 20);
	log_entry_json(t != NULL ? &log->json : &log->line, e, log->opts,
	    node);
	if (t != NULL && !log_template_line(t, buf_span(&log->json),
	    e->record.time_us, clock_mono_ms(), &log->line))
		buf_add_span(&log->line, buf_span(&log->json));
}

static int
log_write_entry(struct log *log, const struct journal_entry *j,
    const struct uuid *node, int64_t wall_us)
{
	struct arena a = { 0 };
	struct log_entry e;
	struct stream_file *f;
	int result = 0;

	if (!log_entry_get(&e, j->record, j->envelope, j->attempts, &a)) {
		log_warnx("log=%s journal entry %llu is damaged, passed over",
		    log->name, (unsigned long long)j->seq);
	} else if (log->by_type[e.record.type] >= 0) {
		f = &log->streams[log->by_type[e.record.type]];
		line_make(log, &e, node);
		result = stream_ready(log, f, wall_us);
		if (result == 0)
			result = segment_add(f->segment, buf_span(&log->line));
	}
	arena_free(&a);
	return result;
}

int
log_write(struct log *log, const struct journal_part *part,
    const struct uuid *node, int64_t wall_us)
{
	uint32_t i;

	for (i = 0; i < part->n; i++) {
		if (part->entries[i].seq <= log->seq)
			continue;
		if (log_write_entry(log, &part->entries[i], node,
		    wall_us) != 0) {
			rewind_to_safety(log);
			return -1;
		}
		log->seq = part->entries[i].seq;
	}
	for (i = 0; i < log->n_streams; i++) {
		if (log->streams[i].segment != NULL &&
		    segment_flush(log->streams[i].segment) != 0) {
			rewind_to_safety(log);
			return -1;
		}
	}
	return 0;
}

static bool
is_old(const struct log *log, const struct segment *segment, int64_t wall_us)
{
	int64_t age_ms = log->opts->max_segment_duration;

	return age_ms > 0 &&
	    (wall_us - segment_opened_us(segment)) / 1000 >= age_ms;
}

void
log_roll(struct log *log, int64_t wall_us)
{
	struct stream_file *f;
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		f = &log->streams[i];
		if (f->segment == NULL || (!is_old(log, f->segment, wall_us) &&
		    segment_plain_bytes(f->segment) < log->opts->max_file_size))
			continue;
		/* The next safe point tries again, or goes back. */
		if (segment_secure(f->segment) != 0)
			continue;
		segment_finish(&f->segment);
		log->moved = true;
	}
}

bool
log_is_dirty(const struct log *log)
{
	return log->seq != log->secured || log->moved;
}

int
log_secure(struct log *log, struct buf *state_out, int64_t wall_us)
{
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		if (log->streams[i].segment != NULL &&
		    segment_secure(log->streams[i].segment) != 0) {
			rewind_to_safety(log);
			return -1;
		}
	}
	if (wall_us > log->named_us)
		log->named_us = wall_us;
	buf_clear(&log->saved, 1 << 20);
	state_put(log, &log->saved, log->named_us);
	buf_add_span(state_out, buf_span(&log->saved));
	log->secured = log->seq;
	log->moved = false;
	return 0;
}

static bool
folder_is_low(const struct log *log, int dir_fd)
{
	const struct local_logs *o = log->opts;
	struct statvfs v;

	if (fstatvfs(dir_fd, &v) == -1)
		return false;
	return share_is_below((uint64_t)v.f_bavail * v.f_frsize,
	    (uint64_t)v.f_blocks * v.f_frsize, &o->min_free_space) ||
	    (v.f_files > 0 && share_is_below(v.f_favail, v.f_files,
	    &o->min_free_inodes));
}

bool
log_is_low(const struct log *log)
{
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		if (folder_is_low(log, log->streams[i].dir_fd))
			return true;
	}
	return false;
}

void
log_finish(struct log *log)
{
	unsigned i;

	for (i = 0; i < log->n_streams; i++) {
		if (log->streams[i].segment != NULL)
			log->moved = true;
		segment_finish(&log->streams[i].segment);
	}
}
