/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The templates of kumo.configure_local_logs (per_record.TYPE.template), which
 * to the option tables are just text: an error in one is told where it is
 * written, not when the first record comes.
 */
#ifndef LIB_POLICY_LOG_TEMPLATES_H
#define LIB_POLICY_LOG_TEMPLATES_H

#include "lib/settings/problem.h"
#include "lib/settings/value.h"

/* The options of one log. */
void log_templates_check(const struct value *options,
    struct problems *problems);
/* `logs` of an ekiden.yaml. */
void log_templates_check_yaml(const struct value *yaml,
    struct problems *problems);

#endif
