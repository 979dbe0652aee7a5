/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/files_ask.h"

#include "lib/files/files.h"
#include "lookupd/ask.h"
#include "lookupd/lookupd.h"

void
files_ask(struct ask *a)
{
	struct buf why = { .base = NULL };
	struct value *v = files_do(a->l->files, a->ch, a->args, &why);

	if (v != NULL)
		ask_answer(a, v);
	else
		ask_fail(a, "%.*s", SPAN_FMT(buf_span(&why)));
	buf_free(&why);
}
