/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of files: by what their bytes begin with, by extension, by media
 * type. A guess from the first FILE_TYPE_LOOK_MAX bytes; what somebody calls
 * a file and what it is may differ.
 */
#ifndef LIB_DATA_FILE_TYPE_H
#define LIB_DATA_FILE_TYPE_H

#include <stddef.h>

#include "lib/base/span.h"

enum { FILE_TYPE_LOOK_MAX = 65536 };

struct file_type {
	const char *name;
	const char *extensions; /* words, without dots, lower case */
	const char *media;      /* words */
	/*
	 * Any of these words: OFFSET:HEX, in which ?? is any byte. NULL: the
	 * bytes do not tell.
	 */
	const char *magic;
};

extern const struct file_type file_types[]; /* ends without a name */

/* The type whose magic says most; else text or not. Never NULL. */
const struct file_type *file_type_of_bytes(struct span bytes);
/* The next one from *at on that has it, in any case; NULL at the end. */
const struct file_type *file_type_by_extension(struct span extension,
    size_t *at);
const struct file_type *file_type_by_media(struct span media, size_t *at);
/* The next word of a row's list; false at its end. */
bool file_type_word(const char **list, struct span *word_out);

#endif
