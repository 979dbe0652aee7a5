/* SPDX-License-Identifier: Apache-2.0 */
/* The source of a Jinja template as tokens. Only for lib/template. */
#ifndef LIB_TEMPLATE_LEX_H
#define LIB_TEMPLATE_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"

enum token_kind {
	TOKEN_END,
	TOKEN_DATA,
	TOKEN_PRINT,      /* {{ */
	TOKEN_PRINT_END,
	TOKEN_BLOCK,      /* {% */
	TOKEN_BLOCK_END,
	TOKEN_NAME,
	TOKEN_TEXT,       /* raw text between the quotes */
	TOKEN_INT,
	TOKEN_FLOAT,
	TOKEN_OPERATOR,   /* its one or two characters in text */
	TOKEN_BAD,        /* text says what is wrong */
};

struct token {
	enum token_kind kind;
	int line;
	struct span text;
	bool escaped;     /* of a text: it has backslashes */
	int64_t number;
	double real;
};

/* May be copied to look ahead. */
struct lexer {
	struct span source;
	size_t at;
	int line;
	unsigned open;    /* brackets, inside of a tag */
	enum { LEX_DATA, LEX_PRINT, LEX_BLOCK } mode;
	bool trim;        /* what follows loses its blanks */
};

void lexer_init(struct lexer *l, struct span source);
struct token lexer_next(struct lexer *l);

#endif
