/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for filters and functions that choose; the variable RAND_SEED, if a
 * number, makes them come again. Only for lib/template.
 */
#ifndef LIB_TEMPLATE_RANDOM_H
#define LIB_TEMPLATE_RANDOM_H

#include "lib/template/render.h"

struct random {
	uint64_t state;
};

int random_init(struct render *r, struct random *random);
/* Below n, which is above 0. */
uint64_t random_below(struct random *random, uint64_t n);

#endif
