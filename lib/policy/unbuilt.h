/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options that the tables know and this version does nothing for: refused where
 * they are written, so that none is passed over in silence.
 */
#ifndef LIB_POLICY_UNBUILT_H
#define LIB_POLICY_UNBUILT_H

#include "lib/settings/problem.h"
#include "lib/settings/value.h"

/* The options of one constructor, such as "kumo.make_egress_path". */
void unbuilt_check(const char *of, const struct value *map,
    struct problems *problems);
/* A whole ekiden.yaml. */
void unbuilt_check_yaml(const struct value *yaml, struct problems *problems);

#endif
