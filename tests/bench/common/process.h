/* SPDX-License-Identifier: Apache-2.0 */
/* What both programs ask of the system about themselves. */
#ifndef TESTS_BENCH_COMMON_PROCESS_H
#define TESTS_BENCH_COMMON_PROCESS_H

#include <stdint.h>

#include "lib/base/jout.h"

/* User and system time of this process so far. */
int64_t process_cpu_us(void);
/* Allow as many descriptors as the hard limit does. */
void process_raise_fd_limit(void);
/* "12.345": key and value for a JSON object. */
void process_json_decimal(struct jout *j, const char *key, double v);
/* A descriptor that reads the signals of the list (0 at its end). */
int process_signal_fd(const int *signals);
/* The number in an option's argument; ends the process when it is none. */
uint64_t process_number(const char *option, const char *text, uint64_t min,
    uint64_t max);

#endif
