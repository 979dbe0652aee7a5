/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/tally.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"

/* A process's own; a few lines of cache that nobody else writes. */
struct cells {
	_Atomic uint32_t taking;
	_Atomic uint32_t sessions[TALLY_ROWS];
};

struct page {
	_Atomic uint32_t processes;
	uint32_t unused[127];
	struct cells cells[TALLY_PROCESSES];
};

struct tally {
	struct page *page;
};

static struct tally *
map(int fd)
{
	struct page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	struct tally *t;

	if (page == MAP_FAILED)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->page = page;
	return t;
}

struct tally *
tally_new(int *fd_out)
{
	int fd = memfd_create("ekiden-tally", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct tally *t;

	/* Nobody can take the ground from under the others' feet. */
	if (fd == -1 || ftruncate(fd, sizeof(struct page)) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) == -1)
		fatal("memory for the tally of sessions");
	t = map(fd);
	if (t == NULL)
		fatal("mapping the tally of sessions");
	*fd_out = fd;
	return t;
}

struct tally *
tally_map(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals == -1 || (seals & F_SEAL_SHRINK) == 0 ||
	    fstat(fd, &st) == -1 || st.st_size != sizeof(struct page))
		return NULL;
	return map(fd);
}

void
tally_free(struct tally **t)
{
	if (*t == NULL)
		return;
	munmap((*t)->page, sizeof(struct page));
	free(*t);
	*t = NULL;
}

static struct cells *
cells_of(const struct tally *t, unsigned process)
{
	assert(process < TALLY_PROCESSES);
	return &t->page->cells[process];
}

void
tally_set_processes(struct tally *t, unsigned n)
{
	assert(n <= TALLY_PROCESSES);
	atomic_store(&t->page->processes, n);
}

void
tally_clear(struct tally *t, unsigned process)
{
	struct cells *c = cells_of(t, process);
	unsigned row;

	atomic_store(&c->taking, 0);
	for (row = 0; row < TALLY_ROWS; row++)
		atomic_store(&c->sessions[row], 0);
}

void
tally_set_taking(struct tally *t, unsigned process, bool taking)
{
	atomic_store(&cells_of(t, process)->taking, taking);
}

void
tally_enter(struct tally *t, unsigned process, uint32_t row)
{
	assert(row < TALLY_ROWS);
	atomic_fetch_add(&cells_of(t, process)->sessions[row], 1);
}

void
tally_leave(struct tally *t, unsigned process, uint32_t row)
{
	assert(row < TALLY_ROWS);
	atomic_fetch_sub(&cells_of(t, process)->sessions[row], 1);
}

struct tally_view
tally_look(const struct tally *t, unsigned process, uint32_t row)
{
	unsigned i, n = atomic_load(&t->page->processes);
	struct tally_view v = { .takers = 0 };
	struct cells *c;

	assert(row < TALLY_ROWS);
	if (n > TALLY_PROCESSES)
		n = TALLY_PROCESSES;
	for (i = 0; i < n; i++) {
		c = cells_of(t, i);
		v.takers += atomic_load(&c->taking) != 0;
		v.sessions += atomic_load(&c->sessions[row]);
		if (i == process)
			v.mine = atomic_load(&c->sessions[row]);
	}
	return v;
}
