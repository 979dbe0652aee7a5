/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a template of each dialect, rendered within small limits: it
 * gives text or an error, the same each time. The first byte chooses dialect
 * and escaping.
 */
#include <assert.h>
#include <stdlib.h>

#include "lib/data/json_read.h"
#include "lib/settings/value.h"
#include "lib/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char context_json[] =
    "{\"name\":\"World\",\"n\":42,\"f\":2.5,\"t\":true,\"no\":null,"
    "\"items\":[1,2,3],\"html\":\"<a href='x'>\",\"empty\":[],"
    "\"users\":[{\"name\":\"bob\",\"age\":30},{\"name\":\"Al\"}],"
    "\"map\":{\"b\":2,\"a\":{\"c\":[[]]}},\"uni\":\"\xc3\xa4\xc3\x96\"}";

static int
render(const struct template *t, const struct templates *others,
    const struct value *context, struct buf *out)
{
	static const struct template_limits limits = {
		.steps = 20000, .output = 65536, .memory = 1 << 20,
		.depth = 100,
	};
	const struct value *maps[] = { context };
	struct template_input in = {
		.maps = maps, .n_maps = 1, .limits = &limits,
		.others = others, .now_us = 1687624642123456,
	};
	struct template_error e;
	int result = template_render(t, &in, out, &e);

	assert(result == 0 ? buf_len(out) <= limits.output + 65536 :
	    buf_len(out) == 0 && e.text[0] != '\0' && e.line > 0);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "x.txt", "x.html", "x.json" };
	struct buf first = { 0 }, second = { 0 };
	struct template_error e;
	struct templates *set;
	struct value *context;
	const struct template *t;
	enum template_dialect dialect;
	const char *name;

	if (size == 0)
		return 0;
	template_prepare();
	dialect = (enum template_dialect)(data[0] % 3);
	name = names[data[0] / 3 % 3];
	set = templates_new(dialect);
	if (templates_add(set, name, span_make(data + 1, size - 1),
	    &e) == -1) {
		assert(e.text[0] != '\0');
		templates_free(&set);
		return 0;
	}
	context = json_read_value(span_make(context_json,
	    sizeof(context_json) - 1), 0, NULL);
	assert(context != NULL);
	t = templates_find(set, span_of(name));
	/* What it gives does not depend on what was rendered before. */
	if (render(t, set, context, &first) == 0 &&
	    memmem(data, size, "rand", 4) == NULL &&
	    memmem(data, size, "lipsum", 6) == NULL) {
		assert(render(t, set, context, &second) == 0);
		assert(span_eq(buf_span(&first), buf_span(&second)));
	}
	templates_free(&set);
	value_free(&context);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
