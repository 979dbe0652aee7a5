/* SPDX-License-Identifier: Apache-2.0 */
/* Time as integers. Monotonic time orders waits, wall time stamps records. */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Since 1970 UTC. */
int64_t clock_wall_us(void);
int64_t clock_wall_ms(void);

enum { CLOCK_RFC3339_MAX = 40, CLOCK_RFC5322_MAX = 40 };
/* "2026-11-22T15:43:59.123456Z"; sub-seconds always six digits. Returns out. */
char *clock_rfc3339_us(int64_t wall_us, char out[CLOCK_RFC3339_MAX]);
/* "Sun, 22 Nov 2026 15:43:59 +0000" (RFC 5322 section 3.3). Returns out. */
char *clock_rfc5322(int64_t wall_us, char out[CLOCK_RFC5322_MAX]);

#endif
