/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/checksum.h"

#include <xxhash.h>

uint64_t
checksum(struct span s)
{
	return XXH3_64bits(s.p, s.len);
}
