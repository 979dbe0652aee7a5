/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a header field. Only for lib/policy. */
#ifndef LIB_POLICY_ADDRESSHEADER_H
#define LIB_POLICY_ADDRESSHEADER_H

#include "lib/policy/library.h"

extern const struct library_type addressheader_type;
extern const struct library_type headeraddress_type;

#endif
