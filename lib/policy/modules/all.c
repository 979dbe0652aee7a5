/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/modules/modules.h"

const struct library *const libraries[] = {
	&library_encode,
	&library_serde,
	NULL,
};
