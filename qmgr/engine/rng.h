/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance from a seed, the same every time (splitmix64). For spreading load,
 * never for secrets.
 */
#ifndef QMGR_ENGINE_RNG_H
#define QMGR_ENGINE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. n-1; n > 0. */
static inline uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)rng_next(r) * n >> 64);
}

#endif
