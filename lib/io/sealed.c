/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/sealed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

int
sealed_make(const char *name, struct span bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t at = 0;
	ssize_t n;

	if (fd == -1)
		fatal("memory file %s", name);
	while (at < bytes.len) {
		n = write(fd, bytes.p + at, bytes.len - at);
		if (n <= 0)
			fatal("writing the memory file %s", name);
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) == -1)
		fatal("sealing the memory file %s", name);
	return fd;
}

bool
sealed_is_whole(int fd, uint64_t len)
{
	const int need = F_SEAL_WRITE | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	return seals != -1 && (seals & need) == need && fstat(fd, &st) == 0 &&
	    st.st_size >= 0 && (uint64_t)st.st_size == len;
}

uint8_t *
sealed_read(int fd, uint64_t len)
{
	uint8_t *bytes;
	ssize_t n = 1;
	size_t got;

	if (len == 0)
		return NULL;
	bytes = xmalloc(len);
	for (got = 0; got < len && n > 0; got += (size_t)(n > 0 ? n : 0))
		n = pread(fd, bytes + got, len - got, (off_t)got);
	if (got == len)
		return bytes;
	free(bytes);
	return NULL;
}
