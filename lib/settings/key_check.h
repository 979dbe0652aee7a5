/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the files of a key list, and checking that each holds what it must
 * and that keys belong to their certificates. What is wrong is a problem of one
 * line: where the configuration says so, which file, the remedy. No byte of a
 * file is ever said.
 */
#ifndef LIB_SETTINGS_KEY_CHECK_H
#define LIB_SETTINGS_KEY_CHECK_H

#include <stdbool.h>

struct key_list;
struct problems;

/*
 * Whoever named the files may not be allowed to read them, so nothing but a
 * plain file is ever opened: no device, no pipe. A guess that is not there is a
 * notice. lenient, for who only looks and has no rights beyond the caller's: so
 * is a file that cannot be read for want of rights, since master would have
 * them.
 */
int key_list_read_files(struct key_list *l, bool lenient,
    struct problems *problems);
/* What is known, that is. The TLS library must have been started. */
int key_list_check(const struct key_list *l, struct problems *problems);

#endif
