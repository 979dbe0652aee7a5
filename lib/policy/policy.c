/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/checksum.h"
#include "lib/base/log.h"
#include "lib/policy/library.h"
#include "lib/policy/state.h"
#include "lib/policy/watchdog.h"

int
module_load_text(struct policy *p, const char *name, struct span text,
    struct policy_error *error)
{
	char *chunk = xasprintf("@%s", name);
	struct buf message = { .base = NULL };
	struct span why;
	size_t len;
	int status;

	/* Lua skips a first line that starts with '#' in files only. */
	if (text.len > 0 && text.p[0] == '#') {
		ptrdiff_t end = span_find(text, '\n');

		text = span_from(text, end == -1 ? text.len : (size_t)end);
	}
	status = luaL_loadbufferx(p->L, text.p, text.len, chunk, "t");
	free(chunk);
	if (status == LUA_OK)
		return 0;
	memset(error, 0, sizeof(*error));
	error->kind = POLICY_FAILED;
	why = span_make(lua_tolstring(p->L, -1, &len), 0);
	why.len = len;
	where_expand_name(why, name, &message);
	error->text = error_line(buf_span(&message));
	buf_free(&message);
	lua_pop(p->L, 1);
	return -1;
}

static void
bundle_copy(struct bundle *out, const struct bundle *in)
{
	size_t i;

	for (i = 0; i < in->n; i++)
		bundle_add(out, in->v[i].name,
		    span_make(in->v[i].p, in->v[i].len));
}

/* The same for the same scripts, in all processes. */
static uint32_t
bundle_epoch(const struct bundle *b)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < b->n; i++)
		sum = sum * 31 + checksum(span_of(b->v[i].name)) * 17 +
		    checksum(span_make(b->v[i].p, b->v[i].len));
	return (uint32_t)(sum ^ sum >> 32) & 0x7fffffff;
}

void
policy_prepare(void)
{
	libraries_prepare();
	watchdog_start();
}

struct policy *
policy_load(struct loop *loop, const struct suite *suite,
    struct policy_error *error_out)
{
	struct policy *p;
	const struct chunk *main;

	memset(error_out, 0, sizeof(*error_out));
	p = state_new(loop, MODE_DAEMON);
	p->phase = PHASE_LOAD;
	if (suite->bundle.n == 0) {
		p->phase = PHASE_EVENT;
		return p;
	}
	bundle_copy(&p->bundle, &suite->bundle);
	p->epoch = bundle_epoch(&p->bundle);
	main = &p->bundle.v[0];
	if (module_load_text(p, main->name, span_make(main->p, main->len),
	    error_out) == -1 || call_plain(p, 0, 0, error_out) == -1) {
		state_free(&p);
		return NULL;
	}
	p->phase = PHASE_EVENT;
	return p;
}

void
policy_free(struct policy **pp)
{
	struct policy *p = *pp;
	struct span key;
	size_t at;
	void *value;
	uint64_t id;

	if (p == NULL)
		return;
	while (at = 0, map_next(&p->calls, &at, &key, &value)) {
		memcpy(&id, key.p, sizeof(id));
		policy_cancel(p, id);
	}
	state_free(pp);
}

bool
policy_has(const struct policy *p, const char *event)
{
	return p != NULL && map_get(&p->events, span_of(event)) != NULL;
}
