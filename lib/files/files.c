/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/files/glob.h"

enum { CACHED_MAX = 32 };

struct file_key {
	const void *owner;
	int64_t number;
};

struct file {
	struct file_key key;
	int fd;
	char *path;
};

struct cached {
	char *pattern, *relative_to;
	struct value *list;
	int64_t until_ms, used_ms;
};

struct files {
	const char *account;
	struct map open; /* struct file_key -> struct file */
	struct cached cached[CACHED_MAX];
};

/* A question under way. */
struct job {
	struct files *f;
	const void *owner;
	const struct value *q;
	struct buf *why;
	const char *path; /* for messages too */
};

struct files *
files_new(const char *account)
{
	struct files *f = xcalloc(1, sizeof(*f));

	f->account = account;
	return f;
}

static void
file_free(void *arg)
{
	struct file *file = arg;

	close(file->fd);
	free(file->path);
	free(file);
}

static void
cached_free(struct cached *c)
{
	free(c->pattern);
	free(c->relative_to);
	value_free(&c->list);
	memset(c, 0, sizeof(*c));
}

void
files_free(struct files **fp)
{
	struct files *f = *fp;
	size_t i;

	*fp = NULL;
	if (f == NULL)
		return;
	map_free(&f->open, file_free);
	for (i = 0; i < CACHED_MAX; i++)
		cached_free(&f->cached[i]);
	free(f);
}

void
files_forget(struct files *f, const void *owner)
{
	struct span key;
	size_t at = 0;
	void *v;

	while (map_next(&f->open, &at, &key, &v)) {
		struct file *file = v;

		if (file->key.owner != owner)
			continue;
		map_del(&f->open, span_make(&file->key, sizeof(file->key)));
		file_free(file);
		at = 0;
	}
}

/* ---- questions ---------------------------------------------------------- */

static struct span
text_of(const struct job *j, const char *name)
{
	const struct value *v = value_get(j->q, name);

	return v == NULL || v->kind != VALUE_TEXT ? span_of(NULL) :
	    span_make(v->u.text.p, v->u.text.len);
}

static int64_t
number_of(const struct job *j, const char *name, int64_t otherwise)
{
	const struct value *v = value_get(j->q, name);

	return v == NULL || v->kind != VALUE_INT ? otherwise : v->u.number;
}

static struct value *
fail(struct job *j, const char *text)
{
	char name[1024];
	struct buf line = { .base = NULL };

	text_printable(span_of(j->path), name, sizeof(name));
	buf_addf(&line, "%s: %s", name, text);
	buf_clear(j->why, 4096);
	buf_add_span(j->why, buf_span(&line));
	buf_free(&line);
	return NULL;
}

static struct value *
fail_errno(struct job *j)
{
	char text[300];
	int error = errno;

	if (error == EACCES || error == EPERM || error == EROFS)
		snprintf(text, sizeof(text), "%s (for %s)", strerror(error),
		    j->f->account);
	else
		snprintf(text, sizeof(text), "%s", strerror(error));
	return fail(j, text);
}

/* ---- paths -------------------------------------------------------------- */

/* The one with that key, or the one to give up for it. */
static struct cached *
cached_find(struct files *f, const char *pattern, const char *relative_to,
    bool *is_it)
{
	struct cached *c, *oldest = &f->cached[0];
	size_t i;

	for (i = 0; i < CACHED_MAX; i++) {
		c = &f->cached[i];
		*is_it = c->list != NULL && strcmp(c->pattern, pattern) == 0 &&
		    strcmp(c->relative_to, relative_to) == 0;
		if (*is_it)
			return c;
		if (c->used_ms < oldest->used_ms)
			oldest = c;
	}
	return oldest;
}

static struct value *
do_glob(struct job *j)
{
	struct span given = text_of(j, "relative_to");
	const char *relative_to = given.len == 0 ? "." : given.p;
	int64_t ttl = number_of(j, "ttl", 0), now = clock_mono_ms();
	struct value *list;
	struct cached *c;
	bool is_it;

	if (strlen(relative_to) != given.len && given.len != 0)
		return fail(j, "relative_to holds a NUL");
	if (strcmp(relative_to, ".") == 0)
		relative_to = "";
	c = cached_find(j->f, j->path, relative_to, &is_it);
	if (ttl > 0 && is_it && c->until_ms > now) {
		c->used_ms = now;
		return value_copy(c->list);
	}
	list = glob_expand(j->path, relative_to, j->why);
	if (list == NULL) {
		char *text = span_dup(buf_span(j->why));

		fail(j, text);
		free(text);
		return NULL;
	}
	if (ttl > 0) {
		cached_free(c);
		c->pattern = xstrdup(j->path);
		c->relative_to = xstrdup(relative_to);
		c->list = value_copy(list);
		c->until_ms = now + ttl;
		c->used_ms = now;
	}
	return list;
}

static struct value *
do_read_dir(struct job *j)
{
	struct value *list;
	char *text;

	buf_clear(j->why, 4096);
	list = glob_folder(j->path, j->why);
	if (list != NULL)
		return list;
	if (buf_len(j->why) == 0)
		return fail_errno(j);
	text = span_dup(buf_span(j->why));
	fail(j, text);
	free(text);
	return NULL;
}

static void
put_number(struct value *map, const char *name, uint64_t n)
{
	value_map_add(map, 0, span_of(name), value_int(0, (int64_t)n));
}

static void
put_flag(struct value *map, const char *name, bool flag)
{
	value_map_add(map, 0, span_of(name), value_bool(0, flag));
}

static void
put_time(struct value *map, const char *name,
    const struct statx_timestamp *t)
{
	struct value *v = value_list(0);

	value_list_add(v, value_int(0, t->tv_sec));
	value_list_add(v, value_int(0, t->tv_nsec));
	value_map_add(map, 0, span_of(name), v);
}

static struct value *
do_metadata(struct job *j)
{
	const struct value *follow = value_get(j->q, "follow");
	struct value *out;
	struct statx s;

	if (statx(AT_FDCWD, j->path, follow != NULL && follow->u.flag ? 0 :
	    AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &s) == -1)
		return fail_errno(j);
	out = value_map(0);
	value_map_add(out, 0, SPAN_LIT("path"),
	    value_text(0, span_of(j->path)));
	put_flag(out, "is_file", S_ISREG(s.stx_mode));
	put_flag(out, "is_dir", S_ISDIR(s.stx_mode));
	put_flag(out, "is_symlink", S_ISLNK(s.stx_mode));
	put_flag(out, "readonly", (s.stx_mode & 0222) == 0);
	put_number(out, "len", s.stx_size);
	put_number(out, "size", s.stx_size);
	put_number(out, "dev", makedev(s.stx_dev_major, s.stx_dev_minor));
	put_number(out, "rdev", makedev(s.stx_rdev_major, s.stx_rdev_minor));
	put_number(out, "ino", s.stx_ino);
	put_number(out, "mode", s.stx_mode);
	put_number(out, "nlink", s.stx_nlink);
	put_number(out, "uid", s.stx_uid);
	put_number(out, "gid", s.stx_gid);
	put_number(out, "blksize", s.stx_blksize);
	put_number(out, "blocks", s.stx_blocks);
	put_time(out, "mtime", &s.stx_mtime);
	put_time(out, "atime", &s.stx_atime);
	put_time(out, "ctime", s.stx_mask & STATX_BTIME ? &s.stx_btime :
	    &s.stx_ctime);
	return out;
}

/* ---- handles ------------------------------------------------------------ */

static const struct {
	const char *mode;
	int flags;
} modes[] = {
	{ "r", O_RDONLY },
	{ "w", O_WRONLY | O_CREAT | O_TRUNC },
	{ "a", O_WRONLY | O_CREAT | O_APPEND },
	{ "r+", O_RDWR | O_CREAT },
	{ "w+", O_RDWR | O_CREAT | O_TRUNC },
	{ "a+", O_RDWR | O_CREAT | O_APPEND },
};

static struct file_key
key_of(const struct job *j)
{
	struct file_key key;

	memset(&key, 0, sizeof(key));
	key.owner = j->owner;
	key.number = number_of(j, "handle", 0);
	return key;
}

static struct value *
do_open(struct job *j)
{
	struct file_key key = key_of(j);
	struct span mode = text_of(j, "mode");
	struct file *file;
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (span_eq_str(mode, modes[i].mode))
			break;
	}
	if (i == sizeof(modes) / sizeof(*modes))
		return fail(j, "this is no mode of a file");
	if (j->f->open.count >= FILES_OPEN_MAX)
		return fail(j, "1000 files are open: close some");
	/* What is no file could keep us waiting, or never end. */
	fd = open(j->path, modes[i].flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    0666);
	if (fd == -1)
		return fail_errno(j);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(j, "this is no regular file");
	}
	file = xcalloc(1, sizeof(*file));
	file->key = key;
	file->fd = fd;
	file->path = xstrdup(j->path);
	file = map_set(&j->f->open, span_make(&key, sizeof(key)), file);
	if (file != NULL)
		file_free(file);
	return value_null(0);
}

static struct value *
do_read(struct job *j, struct file *file)
{
	int64_t size = number_of(j, "size", -1);
	struct buf b = { .base = NULL };
	struct value *out;
	struct stat st;
	ssize_t n = 1;
	off_t at;

	if (size < 0 && fstat(file->fd, &st) == 0 &&
	    (at = lseek(file->fd, 0, SEEK_CUR)) != -1 &&
	    st.st_size - at > FILES_BYTES_MAX)
		return fail(j, "more than 15 MB are left: read them in parts");
	if (size < 0 || size > FILES_BYTES_MAX)
		size = FILES_BYTES_MAX;
	while (n > 0 && (int64_t)buf_len(&b) < size) {
		size_t want = (size_t)size - buf_len(&b);

		if (want > 262144)
			want = 262144;
		n = read(file->fd, buf_reserve(&b, want), want);
		if (n > 0)
			buf_commit(&b, (size_t)n);
	}
	out = n == -1 ? fail_errno(j) : value_text(0, buf_span(&b));
	buf_free(&b);
	return out;
}

static struct value *
do_write(struct job *j, struct file *file)
{
	struct span data = text_of(j, "data");
	ssize_t n;

	while (data.len > 0) {
		n = write(file->fd, data.p, data.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(j);
		data = span_from(data, (size_t)n);
	}
	return value_null(0);
}

static struct value *
do_seek(struct job *j, struct file *file)
{
	struct span whence = text_of(j, "whence");
	off_t at = lseek(file->fd, number_of(j, "offset", 0),
	    span_eq_str(whence, "set") ? SEEK_SET :
	    span_eq_str(whence, "end") ? SEEK_END : SEEK_CUR);

	return at == -1 ? fail_errno(j) : value_int(0, at);
}

static struct value *
do_close(struct job *j, struct file *file)
{
	map_del(&j->f->open, span_make(&file->key, sizeof(file->key)));
	file_free(file);
	return value_null(0);
}

/* Written at once: there is nothing to flush. */
static struct value *
do_flush(struct job *j, struct file *file)
{
	(void)j;
	(void)file;
	return value_null(0);
}

/* ---- dispatch ----------------------------------------------------------- */

static const struct {
	const char *what;
	struct value *(*path)(struct job *j);
	struct value *(*file)(struct job *j, struct file *file);
} acts[] = {
	{ "glob", do_glob, NULL },
	{ "read_dir", do_read_dir, NULL },
	{ "metadata", do_metadata, NULL },
	{ "open", do_open, NULL },
	{ "read", NULL, do_read },
	{ "write", NULL, do_write },
	{ "seek", NULL, do_seek },
	{ "flush", NULL, do_flush },
	{ "close", NULL, do_close },
};

static struct value *
do_file(struct job *j, struct value *(*act)(struct job *, struct file *))
{
	struct file_key key = key_of(j);
	struct file *file = map_get(&j->f->open,
	    span_make(&key, sizeof(key)));

	if (file == NULL)
		return fail(j, "the process that had this file open ended: "
		    "open it again");
	return act(j, file);
}

struct value *
files_do(struct files *f, const void *owner, const struct value *question,
    struct buf *why)
{
	struct job j = { f, owner, question, why, "" };
	struct span path = text_of(&j, "path"), what = text_of(&j, "what");
	size_t i;

	if (path.len == 0)
		return fail(&j, "the path is empty");
	j.path = path.p;
	if (memchr(path.p, '\0', path.len) != NULL)
		return fail(&j, "the path holds a NUL");
	for (i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		if (!span_eq_str(what, acts[i].what))
			continue;
		return acts[i].path != NULL ? acts[i].path(&j) :
		    do_file(&j, acts[i].file);
	}
	return fail(&j, "unknown operation");
}
