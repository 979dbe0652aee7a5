/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/yaml_write.h"

#include <math.h>
#include <stdio.h>
#include <yaml.h>

#include "lib/base/text.h"
#include "lib/settings/value.h"

static int
take(void *arg, unsigned char *p, size_t len)
{
	buf_add(arg, p, len);
	return 1;
}

/* Words that readers of YAML 1.1 take for something else than text. */
static bool
is_old_word(struct span s)
{
	static const char *const words[] = {
		"y", "n", "yes", "no", "on", "off", "<<", "=",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (span_ieq_str(s, words[i]))
			return true;
	}
	return false;
}

/* Would it be read as something else than text if it stood plain? */
static bool
is_ambiguous(struct span s)
{
	struct value *v;
	bool is_text;

	if (s.len == 0 || is_old_word(s))
		return true;
	/* Numbers of other readers: 1_000, 0b1, 12:30 */
	if (ascii_digit(s.p[0]) || ((s.p[0] == '+' || s.p[0] == '-' ||
	    s.p[0] == '.') && s.len > 1 && (ascii_digit(s.p[1]) ||
	    s.p[1] == '.')))
		return true;
	v = value_from_plain(0, s);
	is_text = v->kind == VALUE_TEXT;
	value_free(&v);
	return !is_text;
}

static int
put_scalar(yaml_emitter_t *e, struct span s, yaml_scalar_style_t style)
{
	yaml_event_t event;

	return yaml_scalar_event_initialize(&event, NULL, NULL,
	    (const yaml_char_t *)(s.len != 0 ? s.p : ""), (int)s.len, 1, 1,
	    style) && yaml_emitter_emit(e, &event);
}

static int
put_text(yaml_emitter_t *e, struct span s)
{
	if (!text_is_utf8(s))
		return 0;
	if (span_find(s, '\n') != -1)
		return put_scalar(e, s, YAML_LITERAL_SCALAR_STYLE);
	return put_scalar(e, s, is_ambiguous(s) ?
	    YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
}

static int
put_plain(yaml_emitter_t *e, const char *text)
{
	return put_scalar(e, span_of(text), YAML_PLAIN_SCALAR_STYLE);
}

static int
put_float(yaml_emitter_t *e, double v)
{
	char text[TEXT_DOUBLE_MAX];

	if (isnan(v))
		return put_plain(e, ".nan");
	if (isinf(v))
		return put_plain(e, v < 0 ? "-.inf" : ".inf");
	return put_plain(e, text_double(v, text));
}

static int put_value(yaml_emitter_t *e, const struct value *v);

static int
put_list(yaml_emitter_t *e, const struct value *v)
{
	yaml_event_t event;
	size_t i;

	if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
	    YAML_BLOCK_SEQUENCE_STYLE) || !yaml_emitter_emit(e, &event))
		return 0;
	for (i = 0; i < v->u.list.n; i++) {
		if (!put_value(e, v->u.list.v[i]))
			return 0;
	}
	return yaml_sequence_end_event_initialize(&event) &&
	    yaml_emitter_emit(e, &event);
}

static int
put_map(yaml_emitter_t *e, const struct value *v)
{
	yaml_event_t event;
	size_t i;

	if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
	    YAML_BLOCK_MAPPING_STYLE) || !yaml_emitter_emit(e, &event))
		return 0;
	for (i = 0; i < v->u.map.n; i++) {
		if (!put_text(e, span_of(v->u.map.v[i].key)) ||
		    !put_value(e, v->u.map.v[i].value))
			return 0;
	}
	return yaml_mapping_end_event_initialize(&event) &&
	    yaml_emitter_emit(e, &event);
}

static int
put_value(yaml_emitter_t *e, const struct value *v)
{
	char number[24];

	switch (v->kind) {
	case VALUE_NULL:
		return put_plain(e, "null");
	case VALUE_BOOL:
		return put_plain(e, v->u.flag ? "true" : "false");
	case VALUE_INT:
		snprintf(number, sizeof(number), "%lld",
		    (long long)v->u.number);
		return put_plain(e, number);
	case VALUE_FLOAT:
		return put_float(e, v->u.real);
	case VALUE_TEXT:
		return put_text(e, span_make(v->u.text.p, v->u.text.len));
	case VALUE_LIST:
		return put_list(e, v);
	case VALUE_MAP:
		return put_map(e, v);
	}
	return 0;
}

int
yaml_write(struct buf *out, const struct value *v)
{
	struct buf text = { .base = NULL };
	yaml_emitter_t e;
	yaml_event_t event;
	int ok;

	if (!yaml_emitter_initialize(&e))
		return -1;
	yaml_emitter_set_output(&e, take, &text);
	yaml_emitter_set_unicode(&e, 1);
	yaml_emitter_set_width(&e, -1);
	ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	    yaml_emitter_emit(&e, &event) &&
	    yaml_document_start_event_initialize(&event, NULL, NULL, NULL,
	    1) && yaml_emitter_emit(&e, &event) && put_value(&e, v) &&
	    yaml_document_end_event_initialize(&event, 1) &&
	    yaml_emitter_emit(&e, &event) &&
	    yaml_stream_end_event_initialize(&event) &&
	    yaml_emitter_emit(&e, &event);
	yaml_emitter_delete(&e);
	if (ok)
		buf_add_span(out, buf_span(&text));
	buf_free(&text);
	return ok ? 0 : -1;
}
