/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of one log segment, also while it grows: a frame that is not whole yet
 * gives the lines that were flushed so far.
 */
#ifndef TOOLS_TAILER_READER_H
#define TOOLS_TAILER_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

struct segment_reader;

/* Lines before number `skip` are passed over. NULL when the file is gone. */
struct segment_reader *segment_reader_open(int dir_fd, const char *name,
    uint64_t skip);
/*
 * Read on and give the whole lines found (newline included). False when there
 * is nothing new for now. A segment that was cut back and written again is
 * read again up to the same line.
 */
bool segment_reader_next(struct segment_reader *r,
    void (*line)(void *arg, struct span line), void *arg);
void segment_reader_close(struct segment_reader **r);

#endif
