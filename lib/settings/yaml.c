/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/base/buf.h"

/* A collection being filled. */
struct yaml_level {
	struct value *v;
	struct span key; /* of a map: waiting for its value */
	char *key_text;
	int key_line;
};

struct yaml_reader {
	yaml_parser_t parser;
	struct problems *problems;
	struct yaml_level stack[YAML_DEPTH_MAX];
	size_t depth;
	struct value *root;
	int documents;
};

static int
yaml_line(const yaml_mark_t *mark)
{
	return (int)mark->line + 1;
}

static void
yaml_level_end(struct yaml_level *level)
{
	free(level->key_text);
	*level = (struct yaml_level){ 0 };
}

/* Put a finished value where it belongs; takes it over. */
static int
yaml_place(struct yaml_reader *y, int line, struct value *v)
{
	struct yaml_level *top;

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
		problem_add(y->problems, line, "a key must be plain text");
		value_free(&v);
		return -1;
	}
	if (memchr(top->key.p, '\0', top->key.len) != NULL) {
		problem_add(y->problems, line, "a key holds a NUL");
		value_free(&v);
		return -1;
	}
	if (value_map_add(top->v, top->key_line, top->key, v) != 0) {
		problem_add(y->problems, top->key_line,
		    "key '%s' is there twice", top->key_text);
		return -1;
	}
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

static int
yaml_scalar(struct yaml_reader *y, const yaml_event_t *event)
{
	struct span s = span_make(event->data.scalar.value,
	    event->data.scalar.length);
	int line = yaml_line(&event->start_mark);
	struct yaml_level *top;

	if (event->data.scalar.anchor != NULL ||
	    event->data.scalar.tag != NULL) {
		problem_add(y->problems, line,
		    "anchors and tags are not taken");
		return -1;
	}
	if (yaml_wants_key(y)) {
		top = &y->stack[y->depth - 1];
		if (span_eq_str(s, "<<") && event->data.scalar.style ==
		    YAML_PLAIN_SCALAR_STYLE) {
			problem_add(y->problems, line,
			    "merge keys are not taken");
			return -1;
		}
		top->key_text = span_dup(s);
		top->key = span_make(top->key_text, s.len);
		top->key_line = line;
		return 0;
	}
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return yaml_place(y, line, value_from_plain(line, s));
	return yaml_place(y, line, value_text(line, s));
}

static int
yaml_open(struct yaml_reader *y, int line, bool marked, struct value *v)
{
	const char *why = NULL;

	if (marked)
		why = "anchors and tags are not taken";
	else if (y->depth == YAML_DEPTH_MAX)
		why = "nested too deep";
	else if (yaml_wants_key(y))
		why = "a key must be plain text";
	if (why != NULL) {
		problem_add(y->problems, line, "%s", why);
		value_free(&v);
		return -1;
	}
	y->stack[y->depth++] = (struct yaml_level){ .v = v };
	return 0;
}

static int
yaml_close(struct yaml_reader *y)
{
	struct value *v = y->stack[--y->depth].v;

	yaml_level_end(&y->stack[y->depth]);
	return yaml_place(y, v->line, v);
}

static int
yaml_document(struct yaml_reader *y, int line)
{
	if (y->documents++ == 0)
		return 0;
	problem_add(y->problems, line, "only one document is taken");
	return -1;
}

static int
yaml_event(struct yaml_reader *y, const yaml_event_t *event)
{
	int line = yaml_line(&event->start_mark);

	switch (event->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		return yaml_document(y, line);
	case YAML_ALIAS_EVENT:
		problem_add(y->problems, line, "aliases are not taken "
		    "(a pattern such as \"*\" needs its quotes)");
		return -1;
	case YAML_SCALAR_EVENT:
		return yaml_scalar(y, event);
	case YAML_SEQUENCE_START_EVENT:
		return yaml_open(y, line,
		    event->data.sequence_start.anchor != NULL ||
		    event->data.sequence_start.tag != NULL, value_list(line));
	case YAML_MAPPING_START_EVENT:
		return yaml_open(y, line,
		    event->data.mapping_start.anchor != NULL ||
		    event->data.mapping_start.tag != NULL, value_map(line));
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return yaml_close(y);
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
	problem_add(y->problems, yaml_line(&parser->problem_mark),
	    "not YAML: %s%s", problem, hint);
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

struct value *
yaml_parse(struct span text, struct problems *problems)
{
	struct yaml_reader y = { .problems = problems };
	bool end = false;
	int rc = 0;

	if (text.len > YAML_SIZE_MAX) {
		problem_add(problems, 0, "larger than 1 MiB");
		return NULL;
	}
	if (!yaml_parser_initialize(&y.parser)) {
		problem_add(problems, 0, "no memory for the YAML parser");
		return NULL;
	}
	/* Line numbers and keys are bytes: no other encoding is guessed. */
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y.parser,
	    (const unsigned char *)text.p, text.len);
	while (rc == 0 && !end)
		rc = yaml_next(&y, &end);
	yaml_parser_delete(&y.parser);
	while (y.depth > 0) {
		y.depth--;
		value_free(&y.stack[y.depth].v);
		yaml_level_end(&y.stack[y.depth]);
	}
	if (rc != 0) {
		value_free(&y.root);
		return NULL;
	}
	if (y.root == NULL || y.root->kind == VALUE_NULL) {
		value_free(&y.root);
		return value_map(1);
	}
	return y.root;
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
