/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load/reply.h"

#include <stdint.h>

#include "lib/base/text.h"

int
load_reply_parse(struct span line, struct load_reply *out)
{
	uint64_t code;

	if (line.len < 3 ||
	    text_u64(span_make(line.p, 3), 200, 599, &code) == -1)
		return -1;
	if (line.len > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return -1;
	out->code = (unsigned)code;
	out->last = line.len == 3 || line.p[3] == ' ';
	out->text = span_from(line, 4);
	return 0;
}
