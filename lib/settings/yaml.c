/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/base/buf.h"

#define CORE_TAG "tag:yaml.org,2002:"

/* A collection being filled. */
struct yaml_level {
	struct value *v;
	char *anchor; /* names it once it is complete */
	struct span key; /* of a map: waiting for its value */
	char *key_text;
	yaml_mark_t key_mark;
};

struct yaml_reader {
	yaml_parser_t parser;
	struct problems *problems;
	struct yaml_level stack[YAML_DEPTH_MAX];
	size_t depth;
	struct value *root;
	int documents;
	/* Of data. */
	bool is_data;
	int column; /* of the problem */
	size_t nodes;
	struct map anchors; /* name -> complete value in the tree */
};

static int
yaml_line(const yaml_mark_t *mark)
{
	return (int)mark->line + 1;
}

/* The one way a problem is told: with the column, if data wants it. */
__attribute__((format(printf, 3, 4)))
static int
yaml_bad(struct yaml_reader *y, const yaml_mark_t *mark, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	y->column = (int)mark->column + 1;
	problem_add(y->problems, yaml_line(mark), "%s", text);
	return -1;
}

static void
yaml_level_end(struct yaml_level *level)
{
	free(level->anchor);
	free(level->key_text);
	*level = (struct yaml_level){ 0 };
}

/* Put a finished value where it belongs; takes it over. */
static int
yaml_place(struct yaml_reader *y, const yaml_mark_t *mark, struct value *v)
{
	struct yaml_level *top;

	if (y->is_data && ++y->nodes > YAML_DATA_NODES_MAX) {
		value_free(&v);
		return yaml_bad(y, mark, "there are too many values");
	}
	if (y->depth == 0) {
		y->root = v;
		return 0;
	}
	top = &y->stack[y->depth - 1];
	if (top->v->kind == VALUE_LIST) {
		value_list_add(top->v, v);
		return 0;
	}
	if (top->key_text == NULL) {
		value_free(&v);
		return yaml_bad(y, mark, "a key must be plain text");
	}
	if (memchr(top->key.p, '\0', top->key.len) != NULL) {
		value_free(&v);
		return yaml_bad(y, mark, "a key holds a NUL");
	}
	if (value_map_add(top->v, yaml_line(&top->key_mark), top->key, v) != 0)
		return yaml_bad(y, &top->key_mark, "key '%s' is there twice",
		    top->key_text);
	free(top->key_text);
	top->key_text = NULL;
	return 0;
}

/* Is the next scalar the key of a map? */
static bool
yaml_wants_key(const struct yaml_reader *y)
{
	const struct yaml_level *top;

	if (y->depth == 0)
		return false;
	top = &y->stack[y->depth - 1];
	return top->v->kind == VALUE_MAP && top->key_text == NULL;
}

static void
yaml_anchor(struct yaml_reader *y, const char *name, struct value *v)
{
	if (name != NULL)
		map_set(&y->anchors, span_of(name), v);
}

/* A scalar under one of the core schema's tags; NULL: it is not of it. */
static struct value *
yaml_tagged(int line, struct span s, const char *tag)
{
	struct value *v;
	bool fits;

	if (strcmp(tag, "!") == 0 || strcmp(tag, CORE_TAG "str") == 0)
		return value_text(line, s);
	v = value_from_plain(line, s);
	fits = (v->kind == VALUE_NULL && strcmp(tag, CORE_TAG "null") == 0) ||
	    (v->kind == VALUE_BOOL && strcmp(tag, CORE_TAG "bool") == 0) ||
	    (v->kind == VALUE_INT && strcmp(tag, CORE_TAG "int") == 0) ||
	    (v->kind == VALUE_FLOAT && strcmp(tag, CORE_TAG "float") == 0);
	if (v->kind == VALUE_INT && strcmp(tag, CORE_TAG "float") == 0) {
		v->kind = VALUE_FLOAT;
		v->u.real = (double)v->u.number;
	} else if (!fits) {
		value_free(&v);
	}
	return v;
}

static int
yaml_key(struct yaml_reader *y, const yaml_event_t *event, struct span s)
{
	struct yaml_level *top = &y->stack[y->depth - 1];

	if (!y->is_data && span_eq_str(s, "<<") &&
	    event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return yaml_bad(y, &event->start_mark,
		    "merge keys are not taken");
	top->key_text = span_dup(s);
	top->key = span_make(top->key_text, s.len);
	top->key_mark = event->start_mark;
	return 0;
}

static int
yaml_scalar(struct yaml_reader *y, const yaml_event_t *event)
{
	const char *anchor = (const char *)event->data.scalar.anchor;
	const char *tag = (const char *)event->data.scalar.tag;
	struct span s = span_make(event->data.scalar.value,
	    event->data.scalar.length);
	int line = yaml_line(&event->start_mark);
	struct value *v;

	if ((anchor != NULL || tag != NULL) &&
	    (!y->is_data || yaml_wants_key(y)))
		return yaml_bad(y, &event->start_mark, y->is_data ?
		    "a key takes no anchor and no tag" :
		    "anchors and tags are not taken");
	if (yaml_wants_key(y))
		return yaml_key(y, event, s);
	if (tag != NULL)
		v = yaml_tagged(line, s, tag);
	else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		v = value_from_plain(line, s);
	else
		v = value_text(line, s);
	if (v == NULL)
		return yaml_bad(y, &event->start_mark,
		    "this is no value of the tag %s", tag);
	if (yaml_place(y, &event->start_mark, v) == -1)
		return -1;
	yaml_anchor(y, anchor, v);
	return 0;
}

static int
yaml_open(struct yaml_reader *y, const yaml_event_t *event,
    const yaml_char_t *anchor, const yaml_char_t *tag, const char *own_tag,
    struct value *v)
{
	const char *why = NULL;

	if (!y->is_data && (anchor != NULL || tag != NULL))
		why = "anchors and tags are not taken";
	else if (tag != NULL && strcmp((const char *)tag, own_tag) != 0)
		why = "this tag is not known";
	else if (y->depth == YAML_DEPTH_MAX)
		why = "nested too deep";
	else if (yaml_wants_key(y))
		why = "a key must be plain text";
	if (why != NULL) {
		value_free(&v);
		return yaml_bad(y, &event->start_mark, "%s", why);
	}
	v->line = yaml_line(&event->start_mark);
	y->stack[y->depth++] = (struct yaml_level){ .v = v,
		.anchor = anchor != NULL ?
		span_dup(span_of((const char *)anchor)) : NULL };
	return 0;
}

static int
yaml_close(struct yaml_reader *y, const yaml_event_t *event)
{
	struct yaml_level *level = &y->stack[--y->depth];
	struct value *v = level->v;
	int result = yaml_place(y, &event->start_mark, v);

	if (result == 0)
		yaml_anchor(y, level->anchor, v);
	yaml_level_end(level);
	return result;
}

static size_t
yaml_levels(const struct value *v)
{
	size_t i, n, most = 0;

	if (v->kind == VALUE_LIST) {
		for (i = 0; i < v->u.list.n; i++) {
			n = yaml_levels(v->u.list.v[i]);
			most = n > most ? n : most;
		}
	} else if (v->kind == VALUE_MAP) {
		for (i = 0; i < v->u.map.n; i++) {
			n = yaml_levels(v->u.map.v[i].value);
			most = n > most ? n : most;
		}
	}
	return v->kind == VALUE_LIST || v->kind == VALUE_MAP ? most + 1 : 0;
}

static int
yaml_alias(struct yaml_reader *y, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct value *v;

	if (!y->is_data)
		return yaml_bad(y, &event->start_mark, "aliases are not taken "
		    "(a pattern such as \"*\" needs its quotes)");
	v = map_get(&y->anchors, span_of(name));
	if (v == NULL)
		return yaml_bad(y, &event->start_mark,
		    "no value before this one is called &%s", name);
	if (yaml_wants_key(y))
		return yaml_bad(y, &event->start_mark,
		    "a key must be plain text");
	y->nodes += value_count(v);
	if (y->nodes > YAML_DATA_NODES_MAX)
		return yaml_bad(y, &event->start_mark,
		    "there are too many values");
	if (y->depth + yaml_levels(v) > YAML_DEPTH_MAX)
		return yaml_bad(y, &event->start_mark, "nested too deep");
	return yaml_place(y, &event->start_mark, value_copy(v));
}

static int
yaml_event(struct yaml_reader *y, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		if (y->documents++ > 0)
			return yaml_bad(y, &event->start_mark,
			    "only one document is taken");
		return 0;
	case YAML_ALIAS_EVENT:
		return yaml_alias(y, event);
	case YAML_SCALAR_EVENT:
		return yaml_scalar(y, event);
	case YAML_SEQUENCE_START_EVENT:
		return yaml_open(y, event, event->data.sequence_start.anchor,
		    event->data.sequence_start.tag, CORE_TAG "seq",
		    value_list(0));
	case YAML_MAPPING_START_EVENT:
		return yaml_open(y, event, event->data.mapping_start.anchor,
		    event->data.mapping_start.tag, CORE_TAG "map",
		    value_map(0));
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return yaml_close(y, event);
	}
	return 0;
}

static void
yaml_unreadable(struct yaml_reader *y)
{
	const yaml_parser_t *parser = &y->parser;
	const char *problem = parser->problem, *hint = "";

	if (problem == NULL)
		problem = "unreadable";
	/* What an operator meant is a pattern, not an alias. */
	if (parser->context != NULL && strstr(parser->context, "alias"))
		hint = " (a pattern such as \"*\" needs its quotes)";
	yaml_bad(y, &parser->problem_mark, "not YAML: %s%s", problem, hint);
}

static int
yaml_next(struct yaml_reader *y, bool *end)
{
	yaml_event_t event;
	int rc;

	if (!yaml_parser_parse(&y->parser, &event)) {
		yaml_unreadable(y);
		return -1;
	}
	*end = event.type == YAML_STREAM_END_EVENT;
	rc = yaml_event(y, &event);
	yaml_event_delete(&event);
	return rc;
}

/* The tree, or NULL; *y is empty again. */
static struct value *
yaml_run(struct yaml_reader *y, struct span text)
{
	bool end = false;
	int rc = 0;

	if (!yaml_parser_initialize(&y->parser)) {
		problem_add(y->problems, 0, "no memory for the YAML parser");
		return NULL;
	}
	/* Line numbers and keys are bytes: no other encoding is guessed. */
	yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->parser,
	    (const unsigned char *)(text.len != 0 ? text.p : ""), text.len);
	while (rc == 0 && !end)
		rc = yaml_next(y, &end);
	yaml_parser_delete(&y->parser);
	while (y->depth > 0) {
		y->depth--;
		value_free(&y->stack[y->depth].v);
		yaml_level_end(&y->stack[y->depth]);
	}
	map_free(&y->anchors, NULL);
	if (rc != 0)
		value_free(&y->root);
	else if (y->root == NULL)
		y->root = value_null(1);
	return y->root;
}

struct value *
yaml_parse(struct span text, struct problems *problems)
{
	struct yaml_reader y = { .problems = problems };
	struct value *v;

	if (text.len > YAML_SIZE_MAX) {
		problem_add(problems, 0, "larger than 1 MiB");
		return NULL;
	}
	v = yaml_run(&y, text);
	if (v != NULL && v->kind == VALUE_NULL) {
		value_free(&v);
		return value_map(1);
	}
	return v;
}

struct value *
yaml_parse_data(struct span text, struct problems *problems, int *column_out)
{
	struct yaml_reader y = { .problems = problems, .is_data = true };
	struct value *v;

	*column_out = 0;
	if (text.len > YAML_DATA_SIZE_MAX) {
		problem_add(problems, 0, "larger than 4 MiB");
		return NULL;
	}
	v = yaml_run(&y, text);
	*column_out = y.column;
	return v;
}

struct value *
yaml_load(const char *file, struct problems *problems)
{
	struct buf text = { 0 };
	struct value *v = NULL;
	size_t got = 1;
	FILE *f = fopen(file, "re");

	problems->file = file;
	if (f == NULL) {
		problem_add(problems, 0, "cannot be opened: %s",
		    strerror(errno));
		return NULL;
	}
	while (got != 0 && buf_len(&text) <= YAML_SIZE_MAX) {
		got = fread(buf_reserve(&text, 65536), 1, 65536, f);
		buf_commit(&text, got);
	}
	if (ferror(f))
		problem_add(problems, 0, "cannot be read: %s",
		    strerror(errno));
	else
		v = yaml_parse(buf_span(&text), problems);
	fclose(f);
	buf_free(&text);
	return v;
}
