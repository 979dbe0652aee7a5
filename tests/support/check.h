/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with its includes, and checks that print the row, got and want. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/span.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

#define check_span(row, got, want)                                            \
	do {                                                                  \
		struct span got_ = (got), want_ = (want);                     \
		if (!span_eq(got_, want_))                                    \
			fail_msg("%s: got \"%.*s\", want \"%.*s\"", (row),    \
			    SPAN_FMT(got_), SPAN_FMT(want_));                 \
	} while (0)

#define check_str(row, got, want)                                             \
	check_span(row, span_of(got), span_of(want))

#define check_int(row, got, want)                                             \
	do {                                                                  \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (got_ != want_)                                            \
			fail_msg("%s: " #got " is %lld, want %lld", (row),    \
			    got_, want_);                                     \
	} while (0)

#endif
