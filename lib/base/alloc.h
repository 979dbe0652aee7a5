/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that ends the process when memory is out: no caller checks.
 * Sizes that come from multiplication go through the two-argument forms.
 */
#ifndef LIB_BASE_ALLOC_H
#define LIB_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
/* Zeroed memory for n things of size bytes each. */
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull));
/* Grow or shrink an array to n things of size bytes; old may be NULL. */
void *xreallocarray(void *old, size_t n, size_t size)
    __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* A NUL-terminated copy of exactly len bytes (which may hold NULs). */
char *xmemdupz(const void *p, size_t len) __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
