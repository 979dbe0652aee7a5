/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters and methods do to texts alike. The result lies in the arena;
 * -1 after render_fail(). Only for lib/template.
 */
#ifndef LIB_TEMPLATE_TEXT_OPS_H
#define LIB_TEMPLATE_TEXT_OPS_H

#include "lib/template/render.h"

enum letter_case {
	CASE_UPPER,
	CASE_LOWER,
	CASE_TITLE,      /* each word begins upper */
	CASE_CAPITALIZE, /* the text begins upper */
};

enum ends {
	END_START = 1,
	END_END = 2,
	END_BOTH = 3,
};

int text_case(struct render *r, struct span s, enum letter_case how,
    struct tval *out);
/* count < 0: all */
int text_replace(struct render *r, struct span s, struct span from,
    struct span to, int64_t count, struct tval *out);
/* Without the characters of `chars` (empty: blanks) at these ends. */
struct span text_strip(struct span s, struct span chars, unsigned ends);
/* sep.p NULL: at blanks. most < 0: all */
int text_split(struct render *r, struct span s, struct span sep, int64_t most,
    struct tval *out);
int text_lines(struct render *r, struct span s, bool keep_ends,
    struct tval *out);
/* Items of a list that grows, as long as steps and memory last. */
int list_push(struct render *r, struct tval *list, struct tval item);

#endif
