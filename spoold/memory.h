/* SPDX-License-Identifier: Apache-2.0 */
/* A body in a memory file: nobody can change it once it is sealed. */
#ifndef SPOOLD_MEMORY_H
#define SPOOLD_MEMORY_H

#include <stdint.h>

#include "lib/base/span.h"

/* Checks seals and size, then maps it to read; 0 or -1. */
int memory_map(int fd, uint64_t size, struct span *out);
void memory_unmap(struct span *s);

#endif
