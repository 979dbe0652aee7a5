/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What scripts do with files, as one question and its answer, both values. It
 * blocks on the disk, so it is done where nobody else waits: in the loader and
 * in lookupd's process of files.
 *
 * {what, path ...}:
 *   glob      path is the pattern: ? * [..] {a,b} and ** for any folders;
 *             relative_to, ttl (milliseconds; 0: not from the cache)
 *   read_dir  the paths in a folder
 *   metadata  follow; gives the fields of stat(2), times as {s, ns}
 *   open      handle (a number that the asker chose), mode
 *   read      handle, size (missing: the rest)
 *   write     handle, data
 *   seek      handle, whence, offset; gives the position
 *   flush, close   handle
 */
#ifndef LIB_FILES_FILES_H
#define LIB_FILES_FILES_H

#include "lib/base/buf.h"
#include "lib/settings/value.h"

struct files;

enum {
	FILES_OPEN_MAX = 1000,
	FILES_BYTES_MAX = 15 * 1024 * 1024, /* of one read */
	FILES_NAMES_MAX = 50000,            /* of one glob or folder */
};

/* account: who we are, for messages; borrowed. */
struct files *files_new(const char *account);
void files_free(struct files **f);
/*
 * owner tells the handles of different askers apart. NULL: why has the reason,
 * with the path.
 */
struct value *files_do(struct files *f, const void *owner,
    const struct value *question, struct buf *why);
/* All that this owner has open is closed. */
void files_forget(struct files *f, const void *owner);

#endif
