/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libjansson, to read back what lib/base/json.h writes. Three of its functions
 * bear names of ours; no test needs them.
 */
#ifndef TESTS_SUPPORT_JANSSON_H
#define TESTS_SUPPORT_JANSSON_H

#define json_object jansson_object
#define json_array jansson_array
#define json_null jansson_null
#include <jansson.h>
#undef json_object
#undef json_array
#undef json_null

#endif
