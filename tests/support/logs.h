/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder of log segments, and what one or all of them hold. */
#ifndef TESTS_SUPPORT_LOGS_H
#define TESTS_SUPPORT_LOGS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/base/buf.h"

/* Its descriptor; the path is that of /proc/self/fd. */
static inline int
folder_make(void)
{
	char path[] = "/tmp/ekiden-unit-XXXXXX";
	int fd = mkdtemp(path) != NULL ? open(path, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC) : -1;

	if (fd == -1)
		abort();
	return fd;
}

static inline char *
folder_path(int fd, char out[64])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, 63);
	out[n > 0 ? n : 0] = '\0';
	return out;
}

/* Names in order; returns how many. */
static inline int
folder_list(int fd, struct dirent ***list)
{
	char path[64];

	return scandir(folder_path(fd, path), list, NULL, alphasort);
}

static inline void
folder_remove(int fd)
{
	struct dirent **list;
	int n = folder_list(fd, &list), i;
	char path[64];

	for (i = 0; i < n; i++) {
		unlinkat(fd, list[i]->d_name, 0);
		free(list[i]);
	}
	free(list);
	rmdir(folder_path(fd, path));
	close(fd);
}

/* Unpack what can be unpacked; an unfinished frame may end it. */
static inline void
segment_text_add(int dir_fd, const char *name, struct buf *out)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	char bytes[65536];
	ZSTD_outBuffer o;
	ZSTD_inBuffer in;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		in = (ZSTD_inBuffer){ bytes, (size_t)n, 0 };
		do {
			o = (ZSTD_outBuffer){ buf_reserve(out, 1 << 17),
				1 << 17, 0 };
			if (ZSTD_isError(ZSTD_decompressStream(zstd, &o, &in)))
				abort();
			buf_commit(out, o.pos);
		} while (in.pos < in.size || o.pos == o.size);
	}
	close(fd);
	ZSTD_freeDCtx(zstd);
}

static inline void
segment_text(int dir_fd, const char *name, struct buf *out)
{
	buf_clear(out, 1 << 20);
	segment_text_add(dir_fd, name, out);
}

/* The text of all segments, one after the other. */
static inline void
folder_text(int dir_fd, struct buf *out)
{
	struct dirent **list;
	int n = folder_list(dir_fd, &list), i;

	buf_clear(out, 1 << 20);
	for (i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			segment_text_add(dir_fd, list[i]->d_name, out);
		free(list[i]);
	}
	free(list);
}

#endif
