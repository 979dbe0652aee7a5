/* SPDX-License-Identifier: Apache-2.0 */
/* Character classes of mail's grammars, as one table. */
#ifndef LIB_MAIL_CHARS_H
#define LIB_MAIL_CHARS_H

#include <stdbool.h>
#include <stdint.h>

enum char_class {
	CHAR_ATEXT = 1,   /* RFC 5322 section 3.2.3 */
	CHAR_QTEXT = 2,   /* qtextSMTP, RFC 5321 section 4.1.2 */
	CHAR_LETDIG = 4,  /* Let-dig, RFC 5321 section 4.1.2 */
	CHAR_VALUE = 8,   /* of esmtp-value, RFC 5321 section 4.1.2 */
	CHAR_FTEXT = 16,  /* of a field name, RFC 5322 section 3.6.8 */
	CHAR_8BIT = 32,   /* above 0x7f */
	CHAR_CONTROL = 64, /* below the space, and DEL */
	CHAR_DIGIT = 128,
};

extern const uint8_t char_classes[256];

static inline bool
char_is(char c, unsigned classes)
{
	return (char_classes[(unsigned char)c] & classes) != 0;
}

#endif
