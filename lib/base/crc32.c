/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/crc32.h"

/* Of each half byte: the reflected polynomial 0x04c11db7. */
static const uint32_t halves[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
	0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t
crc32_add(uint32_t before, struct span s)
{
	uint32_t crc = ~before;
	size_t i;

	for (i = 0; i < s.len; i++) {
		crc ^= (unsigned char)s.p[i];
		crc = crc >> 4 ^ halves[crc & 15];
		crc = crc >> 4 ^ halves[crc & 15];
	}
	return ~crc;
}
