/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files by patterns; folders that cannot be read are passed over. */
#ifndef LIB_FILES_GLOB_H
#define LIB_FILES_GLOB_H

#include "lib/base/buf.h"
#include "lib/settings/value.h"

/*
 * The list of paths that match, in order; below relative_to without it. NULL
 * with a reason: too many, a pattern that is none, a name that is not UTF-8.
 */
struct value *glob_expand(const char *pattern, const char *relative_to,
    struct buf *why);
/* The same of all that is in a folder, with its path; errno when why is
 * empty. */
struct value *glob_folder(const char *path, struct buf *why);

#endif
