/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tailer/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/log.h"

enum { READ_CHUNK = 128 * 1024 };

struct segment_reader {
	char *name;
	int fd;
	uint64_t offset; /* compressed bytes read */
	uint64_t skip;   /* whole lines still to pass over */
	uint64_t given;  /* lines given or passed over so far */
	ZSTD_DCtx *zstd;
	struct buf plain; /* the unfinished line at the end */
	bool again;       /* damage was met and reading began anew */
	uint64_t damage;  /* at this offset, then */
	bool damaged;     /* met twice: nothing behind it can be read */
};

struct segment_reader *
segment_reader_open(int dir_fd, const char *name, uint64_t skip)
{
	struct segment_reader *r;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->name = xstrdup(name);
	r->fd = fd;
	r->skip = skip;
	r->zstd = ZSTD_createDCtx();
	if (r->zstd == NULL)
		fatalx("out of memory");
	ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, 27);
	return r;
}

static void
start_over(struct segment_reader *r)
{
	r->offset = 0;
	r->skip += r->given;
	r->given = 0;
	r->damaged = false;
	buf_clear(&r->plain, 0);
	ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
}

static void
give_lines(struct segment_reader *r, void (*line)(void *, struct span),
    void *arg)
{
	struct span left = buf_span(&r->plain), one;
	ptrdiff_t end;

	while ((end = span_find(left, '\n')) >= 0) {
		one = span_make(left.p, (size_t)end + 1);
		left = span_from(left, one.len);
		buf_take(&r->plain, one.len);
		r->given++;
		if (r->skip > 0) {
			r->skip--;
			continue;
		}
		line(arg, one);
	}
}

static bool
unpack(struct segment_reader *r, const char *bytes, size_t len)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	ZSTD_outBuffer out;
	size_t left;

	do {
		out.dst = buf_reserve(&r->plain, READ_CHUNK);
		out.size = READ_CHUNK;
		out.pos = 0;
		left = ZSTD_decompressStream(r->zstd, &out, &in);
		if (ZSTD_isError(left))
			return false;
		buf_commit(&r->plain, out.pos);
	} while (in.pos < in.size || out.pos == out.size);
	return true;
}

/*
 * The file may have been cut and have grown again past where we were: then
 * reading from its start helps. True when that is to be tried.
 */
static bool
damage_met(struct segment_reader *r)
{
	if (r->again && r->offset <= r->damage) {
		fprintf(stderr, "tailer: %s: damaged behind byte %llu\n",
		    r->name, (unsigned long long)r->offset);
		r->damaged = true;
		return false;
	}
	r->again = true;
	r->damage = r->offset;
	start_over(r);
	return true;
}

bool
segment_reader_next(struct segment_reader *r,
    void (*line)(void *arg, struct span line), void *arg)
{
	char bytes[READ_CHUNK];
	struct stat st;
	ssize_t n;

	if (fstat(r->fd, &st) == 0 && (uint64_t)st.st_size < r->offset)
		start_over(r);
	if (r->damaged)
		return false;
	n = pread(r->fd, bytes, sizeof(bytes), (off_t)r->offset);
	if (n <= 0)
		return false;
	if (!unpack(r, bytes, (size_t)n)) {
		/* Lines in front of the damage are good. */
		give_lines(r, line, arg);
		return damage_met(r);
	}
	r->offset += (uint64_t)n;
	give_lines(r, line, arg);
	return true;
}

void
segment_reader_close(struct segment_reader **rp)
{
	struct segment_reader *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	buf_free(&r->plain);
	free(r->name);
	free(r);
}
