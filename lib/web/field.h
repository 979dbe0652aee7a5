/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of HTTP messages (RFC 9110 section 5). */
#ifndef LIB_WEB_FIELD_H
#define LIB_WEB_FIELD_H

#include <stdbool.h>

#include "lib/base/span.h"

/* token = 1*tchar: the name of a field, a method. */
bool web_is_token(struct span s);
/* Nothing that could end the line: no control character but the tab. */
bool web_is_value(struct span s);
/*
 * The value of a parameter such as charset in "text/html; charset=utf-8",
 * without its quotes; empty when there is none.
 */
struct span web_parameter(struct span value, const char *name);
/* The phrase of a status code that is registered, else NULL. */
const char *web_reason(unsigned status);

#endif
