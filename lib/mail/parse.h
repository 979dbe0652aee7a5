/* SPDX-License-Identifier: Apache-2.0 */
/* The three answers of a parser that may be fed in pieces. */
#ifndef LIB_MAIL_PARSE_H
#define LIB_MAIL_PARSE_H

enum parse {
	PARSE_DONE, /* a whole one was read */
	PARSE_MORE, /* good so far; ask again with more bytes */
	PARSE_BAD,  /* will never become one */
};

#endif
