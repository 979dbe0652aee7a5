/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an SMTP server says no: what a parser returns in place of "no" so that
 * the session can answer precisely. All are constants; a parser gives NULL
 * when nothing is wrong.
 */
#ifndef LIB_MAIL_REFUSAL_H
#define LIB_MAIL_REFUSAL_H

#include <stdint.h>

struct refusal {
	uint16_t code;        /* 501 */
	const char *enhanced; /* "5.5.4" */
	const char *text;     /* one line, without codes */
};

#endif
