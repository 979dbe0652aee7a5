/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"

static void *
checked(void *p)
{
	if (p == NULL)
		fatalx("out of memory");
	return p;
}

void *
xmalloc(size_t size)
{
	return checked(malloc(size != 0 ? size : 1));
}

void *
xcalloc(size_t n, size_t size)
{
	return checked(n != 0 && size != 0 ? calloc(n, size) : calloc(1, 1));
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	if (n == 0 || size == 0)
		n = size = 1;
	return checked(reallocarray(old, n, size));
}

char *
xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *
xmemdupz(const void *p, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		fatalx("out of memory");
	copy = xmalloc(len + 1);
	if (len != 0)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out = NULL;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) == -1)
		out = NULL;
	va_end(ap);
	return checked(out);
}
