/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many patterns for one text. Now each is tried in turn; who uses this learns
 * only which one matched first.
 */
#ifndef LIB_REGEX_SET_H
#define LIB_REGEX_SET_H

#include <stdint.h>

#include "lib/regex/regex.h"

struct regex_set;

/* memory as for regex_new(), and NULL only when it is out. */
struct regex_set *regex_set_new(const struct regex_memory *memory);
void regex_set_free(struct regex_set **set);
/* Behind those there are; -1 with a reason, "" when memory is out. */
int regex_set_add(struct regex_set *set, struct span pattern,
    char why[REGEX_WHY_MAX]);
/*
 * The first added of the patterns that match anywhere in text, which must be
 * UTF-8. Gives up behind a time by clock_mono_us().
 */
enum regex_result regex_set_find(struct regex_set *set, struct span text,
    int64_t until_us, size_t *index_out);

#endif
