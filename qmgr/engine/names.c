/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/names.h"

static void
text_unref(struct registry *of, uint32_t i)
{
	if (i != 0 && --((struct named *)registry_at(of, i))->refs == 0)
		registry_drop(of, i);
}

static struct span
text_span(const struct registry *of, uint32_t i)
{
	return i == 0 ? (struct span){ "", 0 } :
	    named_span(registry_at(of, i));
}

uint32_t
name_ref(struct engine *e, struct span text)
{
	return registry_ref(&e->names, text);
}

void
name_unref(struct engine *e, uint32_t name)
{
	text_unref(&e->names, name);
}

struct span
name_span(const struct engine *e, uint32_t name)
{
	return text_span(&e->names, name);
}

uint32_t
blob_ref(struct engine *e, struct span bytes)
{
	return bytes.len == 0 ? 0 : registry_ref(&e->blobs, bytes);
}

void
blob_unref(struct engine *e, uint32_t blob)
{
	text_unref(&e->blobs, blob);
}

struct span
blob_span(const struct engine *e, uint32_t blob)
{
	return text_span(&e->blobs, blob);
}
