/* SPDX-License-Identifier: Apache-2.0 */
/* The name that EVALSHA knows a script by. */
#ifndef LIB_REDIS_SCRIPT_H
#define LIB_REDIS_SCRIPT_H

#include "lib/base/span.h"

enum { REDIS_SHA1_SIZE = 41 };

void redis_script_sha1(struct span script, char out[REDIS_SHA1_SIZE]);

#endif
