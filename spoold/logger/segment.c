/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/log.h"

enum { SEGMENT_WRITE = 64 * 1024 };

struct segment {
	char *name;
	int fd;
	int64_t opened_us;
	uint64_t plain_bytes;
	uint64_t length, secured;
	ZSTD_CCtx *zstd;
	struct buf lines; /* not yet compressed */
	struct buf out;   /* compressed, not yet written */
	bool in_frame;
	bool held_back;   /* zstd keeps bytes that readers cannot see yet */
};

static struct segment *
segment_new(const char *name, int fd, int level)
{
	struct segment *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->fd = fd;
	s->zstd = ZSTD_createCCtx();
	if (s->zstd == NULL)
		fatalx("out of memory");
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel,
	    level == 0 ? ZSTD_CLEVEL_DEFAULT : level);
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
	return s;
}

static void
segment_name_at(char name[SEGMENT_NAME_MAX], int64_t wall_us,
    const char *suffix)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char stamp[32];

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(name, SEGMENT_NAME_MAX, "%s.%06d%s", stamp,
	    (int)(wall_us % 1000000), suffix != NULL ? suffix : "");
}

struct segment *
segment_create(int dir_fd, const char *suffix, int64_t wall_us, int level)
{
	char name[SEGMENT_NAME_MAX];
	struct segment *s;
	int fd;

	/* Two in one microsecond: the later one moves on. */
	do {
		segment_name_at(name, wall_us++, suffix);
		fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	} while (fd == -1 && errno == EEXIST);
	if (fd == -1)
		return NULL;
	/* A safe point holds only if the file's name outlives a power cut. */
	if (fsync(dir_fd) == -1) {
		close(fd);
		unlinkat(dir_fd, name, 0);
		return NULL;
	}
	s = segment_new(name, fd, level);
	s->opened_us = wall_us - 1;
	return s;
}

struct segment *
segment_reopen(int dir_fd, const char *name, uint64_t length,
    uint64_t plain_bytes, int64_t opened_us, int level)
{
	struct segment *s;
	struct stat st;
	int fd;

	/* Finished after the cursor was kept: it is open again from there. */
	if (fchmodat(dir_fd, name, 0644, 0) == -1)
		return NULL;
	fd = openat(dir_fd, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size < length ||
	    ftruncate(fd, (off_t)length) == -1) {
		close(fd);
		return NULL;
	}
	s = segment_new(name, fd, level);
	s->length = s->secured = length;
	s->plain_bytes = plain_bytes;
	s->opened_us = opened_us;
	return s;
}

const char *
segment_name(const struct segment *s)
{
	return s->name;
}

int64_t
segment_opened_us(const struct segment *s)
{
	return s->opened_us;
}

uint64_t
segment_plain_bytes(const struct segment *s)
{
	return s->plain_bytes;
}

uint64_t
segment_secured(const struct segment *s)
{
	return s->secured;
}

static int
segment_write(struct segment *s)
{
	ssize_t n;

	while (buf_len(&s->out) > 0) {
		n = write(s->fd, buf_data(&s->out), buf_len(&s->out));
		if (n == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		s->length += (uint64_t)n;
		buf_take(&s->out, (size_t)n);
	}
	return 0;
}

static int
segment_compress(struct segment *s, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { buf_data(&s->lines), buf_len(&s->lines), 0 };
	ZSTD_outBuffer out;
	size_t left;

	if (in.size == 0 && !s->in_frame)
		return segment_write(s);
	do {
		out.dst = buf_reserve(&s->out, SEGMENT_WRITE);
		out.size = SEGMENT_WRITE;
		out.pos = 0;
		left = ZSTD_compressStream2(s->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			fatalx("zstd: %s", ZSTD_getErrorName(left));
		buf_commit(&s->out, out.pos);
	} while (how == ZSTD_e_continue ? in.pos < in.size : left != 0);
	s->in_frame = how != ZSTD_e_end;
	s->held_back = how == ZSTD_e_continue;
	buf_clear(&s->lines, SEGMENT_WRITE * 4);
	return segment_write(s);
}

int
segment_add(struct segment *s, struct span line)
{
	buf_add_span(&s->lines, line);
	s->plain_bytes += line.len;
	if (buf_len(&s->lines) < SEGMENT_WRITE)
		return 0;
	return segment_compress(s, ZSTD_e_continue);
}

int
segment_flush(struct segment *s)
{
	if (buf_len(&s->lines) == 0 && !s->held_back)
		return 0;
	return segment_compress(s, ZSTD_e_flush);
}

int
segment_secure(struct segment *s)
{
	if (s->secured == s->length && buf_len(&s->lines) == 0 &&
	    !s->in_frame)
		return 0;
	if (segment_compress(s, ZSTD_e_end) != 0 || fdatasync(s->fd) == -1)
		return -1;
	s->secured = s->length;
	return 0;
}

void
segment_finish(struct segment **sp)
{
	if (*sp != NULL && fchmod((*sp)->fd, 0444) == -1)
		log_warn("marking the log segment %s as finished",
		    (*sp)->name);
	segment_abandon(sp);
}

void
segment_abandon(struct segment **sp)
{
	struct segment *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	close(s->fd);
	ZSTD_freeCCtx(s->zstd);
	buf_free(&s->lines);
	buf_free(&s->out);
	free(s->name);
	free(s);
}
