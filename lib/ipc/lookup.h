/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script asks of the world outside its process, and of what is one for
 * the whole suite. The asker waits; nobody else does. Arguments and results
 * are values as lib/settings/value_wire.h writes them; each operation's are
 * described where lookupd carries it out.
 */
#ifndef LIB_IPC_LOOKUP_H
#define LIB_IPC_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/wire.h"

enum lookup_op {
#define LOOKUP_OP(name, text) LOOKUP_##name,
#include "lib/ipc/lookup_ops.def"
#undef LOOKUP_OP
	LOOKUP_OPS
};

enum {
	LOOKUP_VALUE_MAX = 16 * 1024 * 1024 - 64 * 1024,
	LOOKUP_ERROR_MAX = 4096,
};

/*
 * Which process of the role carries it out: what may keep a process from
 * everything else, as files do, has one of its own.
 */
enum { LOOKUP_OUTSIDE, LOOKUP_FILES, LOOKUP_PROCESSES };

unsigned lookup_op_process(enum lookup_op op);
/* "http", "redis" ...: for messages. */
const char *lookup_op_name(enum lookup_op op);

/* LOOKUP */
struct lookup {
	enum lookup_op op;
	struct span args; /* one value */
};

/* LOOKUP_IS */
struct lookup_answer {
	bool ok;
	struct span error;  /* when not ok: why, one line */
	struct span result; /* when ok: one value */
};

void lookup_put(struct buf *b, const struct lookup *l);
void lookup_get(struct reader *r, struct lookup *out);
void lookup_answer_put(struct buf *b, const struct lookup_answer *a);
void lookup_answer_get(struct reader *r, struct lookup_answer *out);

#endif
