/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record as a line that the configuration words (per_record.TYPE.template):
 * each field of the record is a variable, log_record is all of them. The names
 * in `headers` are lower case, so that a template finds them.
 */
#ifndef SPOOLD_LOGGER_LOG_TEMPLATE_H
#define SPOOLD_LOGGER_LOG_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct log_template;

/* What errors call it is the type's name; text with an error is kept. */
struct log_template *log_template_new(const char *text, const char *type);
void log_template_free(struct log_template **t);
/*
 * Append the line, with its newline, that stands for the JSON line `json` of
 * an entry. False when it cannot be made: then nothing is appended, and a
 * warning was written if the last one is some time ago (now_ms is monotonic).
 */
bool log_template_line(struct log_template *t, struct span json,
    int64_t record_us, int64_t now_ms, struct buf *out);

#endif
