/* SPDX-License-Identifier: Apache-2.0 */
/* 64-bit checksum of stored records (XXH3): finds damage, not malice. */
#ifndef LIB_BASE_CHECKSUM_H
#define LIB_BASE_CHECKSUM_H

#include <stdint.h>

#include "lib/base/span.h"

uint64_t checksum(struct span s);

#endif
