/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/modules/modules.h"

const struct library *const libraries[] = {
	&library_counter_series,
	&library_encode,
	&library_mpsc,
	&library_redis,
	NULL,
};
