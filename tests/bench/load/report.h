/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a run, for people or as JSON, and the line while it runs. */
#ifndef TESTS_BENCH_LOAD_REPORT_H
#define TESTS_BENCH_LOAD_REPORT_H

struct load;

void report_progress(const struct load *l);
void report_summary(const struct load *l);

#endif
