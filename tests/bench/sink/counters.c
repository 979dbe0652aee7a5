/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/sink/counters.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/common/process.h"

void
counters_clear(struct counters *c)
{
	uint64_t open = c->open;

	memset(c, 0, sizeof(*c));
	c->open = open;
	c->cpu_from_us = process_cpu_us();
}

void
counters_print(const struct counters *c)
{
	struct buf out = { 0 };
	struct jout j;

	jout_init(&j, &out);
	jout_object(&j);
	jout_key_uint(&j, "connections", c->connections);
	jout_key_uint(&j, "open", c->open);
	jout_key_uint(&j, "tls", c->tls);
	jout_key_uint(&j, "messages", c->messages);
	jout_key_uint(&j, "recipients", c->recipients);
	jout_key_uint(&j, "bytes", c->bytes);
	jout_key_uint(&j, "rcpt_refused", c->rcpt_refused);
	jout_key_uint(&j, "data_refused", c->data_refused);
	jout_key_uint(&j, "dropped", c->dropped);
	process_json_decimal(&j, "first_at", (double)c->first_us / 1e6);
	process_json_decimal(&j, "last_at", (double)c->last_us / 1e6);
	process_json_decimal(&j, "cpu_seconds",
	    (double)(process_cpu_us() - c->cpu_from_us) / 1e6);
	jout_object_end(&j);
	buf_add_byte(&out, '\n');
	fwrite(buf_data(&out), 1, buf_len(&out), stdout);
	fflush(stdout);
	buf_free(&out);
}
