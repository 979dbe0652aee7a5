/* SPDX-License-Identifier: Apache-2.0 */
/* The CRC-32 of Ethernet, gzip and PNG (RFC 1952 section 8). */
#ifndef LIB_BASE_CRC32_H
#define LIB_BASE_CRC32_H

#include <stdint.h>

#include "lib/base/span.h"

/* Of what came before (0: nothing) and s behind it. */
uint32_t crc32_add(uint32_t before, struct span s);

#endif
