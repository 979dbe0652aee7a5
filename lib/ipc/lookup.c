/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ipc/lookup.h"

static const char *const names[] = {
#define LOOKUP_OP(name, text) text,
#include "lib/ipc/lookup_ops.def"
#undef LOOKUP_OP
};

const char *
lookup_op_name(enum lookup_op op)
{
	return (unsigned)op < LOOKUP_OPS ? names[op] : "unknown";
}

unsigned
lookup_op_process(enum lookup_op op)
{
	return op == LOOKUP_FILE || op == LOOKUP_SQLITE ? LOOKUP_FILES :
	    LOOKUP_OUTSIDE;
}

void
lookup_put(struct buf *b, const struct lookup *l)
{
	put_u16(b, (uint16_t)l->op);
	put_span(b, l->args);
}

void
lookup_get(struct reader *r, struct lookup *out)
{
	uint16_t op = reader_u16(r);

	if (op >= LOOKUP_OPS)
		reader_fail(r);
	out->op = (enum lookup_op)op;
	out->args = reader_span(r, LOOKUP_VALUE_MAX);
}

void
lookup_answer_put(struct buf *b, const struct lookup_answer *a)
{
	put_bool(b, a->ok);
	put_span(b, a->error);
	put_span(b, a->result);
}

void
lookup_answer_get(struct reader *r, struct lookup_answer *out)
{
	out->ok = reader_bool(r);
	out->error = reader_span(r, LOOKUP_ERROR_MAX);
	out->result = reader_span(r, LOOKUP_VALUE_MAX);
}
