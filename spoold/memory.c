/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int
memory_map(int fd, uint64_t size, struct span *out)
{
	/* Without these, bytes could change or go while they are read. */
	const int need = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	*out = span_of("");
	if (seals == -1 || (seals & need) != need || fstat(fd, &st) == -1 ||
	    st.st_size < 0 || (uint64_t)st.st_size != size || size == 0)
		return -1;
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	*out = span_make(p, size);
	return 0;
}

void
memory_unmap(struct span *s)
{
	if (s->len != 0)
		munmap((void *)(uintptr_t)s->p, s->len);
	*s = span_of("");
}
