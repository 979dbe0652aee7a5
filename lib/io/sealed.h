/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed files of memory: how a process hands bytes to others so that nobody,
 * the maker included, can change them any more. They are read, not mapped: few
 * jails let a file be mapped.
 */
#ifndef LIB_IO_SEALED_H
#define LIB_IO_SEALED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

/* A descriptor; what fails ends the process. */
int sealed_make(const char *name, struct span bytes);
/* Is it sealed, and of that length? The descriptor stays open. */
bool sealed_is_whole(int fd, uint64_t len);
/*
 * len bytes on the heap, or NULL. Whether it is sealed is for sealed_is_whole
 * to say; a length of 0 is no file.
 */
uint8_t *sealed_read(int fd, uint64_t len);

#endif
