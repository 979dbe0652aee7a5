/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many sessions are open at each listening socket, over all processes that
 * take clients from it: memory that master makes and they share. Each process
 * writes its own cells, a row for each socket, and reads those of the others;
 * master sets the cells of a process to zero when it has ended. So nothing is
 * locked, and nobody who dies leaves a count behind.
 *
 * Counts are right to the last session: who enters adds itself first and looks
 * then, so that of two who enter at once at least one sees the other. What is
 * read is another process's word: it decides who is let in, nothing else.
 */
#ifndef LIB_IPC_TALLY_H
#define LIB_IPC_TALLY_H

#include <stdbool.h>
#include <stdint.h>

enum { TALLY_PROCESSES = 256, TALLY_ROWS = 127 };

struct tally;

/* What all processes say of one row. */
struct tally_view {
	uint64_t sessions;
	uint64_t mine;
	uint32_t takers; /* processes that take clients, us included */
};

/* Empty, with a descriptor to hand on. What fails ends the process. */
struct tally *tally_new(int *fd_out);
/* What another process made; NULL when it is no such thing. Takes no fd. */
struct tally *tally_map(int fd);
void tally_free(struct tally **t);

/* How many processes there are; before any of them looks. By master. */
void tally_set_processes(struct tally *t, unsigned n);
/* That process has ended. By master. */
void tally_clear(struct tally *t, unsigned process);

/* It takes clients, or does not just now. */
void tally_set_taking(struct tally *t, unsigned process, bool taking);
void tally_enter(struct tally *t, unsigned process, uint32_t row);
void tally_leave(struct tally *t, unsigned process, uint32_t row);
struct tally_view tally_look(const struct tally *t, unsigned process,
    uint32_t row);

#endif
