/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of jinja.jsonl and handlebars.jsonl: a template, what it prints or the
 * error it has. tests/system/test_templates.py asks Jinja2 itself about the
 * rows on which both agree.
 */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/data/json_read.h"
#include "lib/settings/value.h"
#include "lib/template/template.h"

#define FOLDER "tests/unit/lib/template/"

static struct buf
file_read(const char *path)
{
	struct buf text = { .base = NULL };
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	while ((n = fread(buf_reserve(&text, 65536), 1, 65536, f)) > 0)
		buf_commit(&text, n);
	fclose(f);
	return text;
}

static struct value *
json(struct span text)
{
	struct data_error e;
	struct value *v = json_read_value(text, 0, &e);

	if (v == NULL)
		fail_msg("%.*s: %s", SPAN_FMT(text), e.text);
	return v;
}

static struct span
text_of(const struct value *row, const char *key, const char *def)
{
	const struct value *v = value_get(row, key);

	return v == NULL ? span_of(def) :
	    span_make(v->u.text.p, v->u.text.len);
}

/* The text, or the error behind a mark. */
static void
render(enum template_dialect dialect, const char *name, struct span source,
    const struct value *context, const struct templates *others,
    struct buf *out)
{
	const struct value *maps[] = { context };
	struct template_input in = { .maps = maps, .n_maps = 1,
		.others = others };
	struct template_error e;
	struct template *t = template_compile(dialect, name, source, &e);

	if (t == NULL || template_render(t, &in, out, &e) == -1)
		buf_addf(out, "ERROR %s", e.text);
	template_free(&t);
}

static int
row_failed(enum template_dialect dialect, const struct value *row,
    const struct value *context)
{
	struct span source = text_of(row, "t", "");
	struct span want = text_of(row, "want", "");
	struct span error = text_of(row, "error", "");
	char *name = span_dup(text_of(row, "name", "x.txt"));
	struct buf out = { .base = NULL };
	struct span got;
	bool ok;

	if (value_get(row, "c") != NULL)
		context = value_get(row, "c");
	render(dialect, name, source, context, NULL, &out);
	got = buf_span(&out);
	ok = error.len > 0 ? span_starts(got, "ERROR template '") &&
	    memmem(got.p, got.len, error.p, error.len) != NULL :
	    span_eq(got, want);
	if (!ok)
		fprintf(stderr, "%.*s\n  got  %.*s\n  want %.*s%.*s\n",
		    SPAN_FMT(source), SPAN_FMT(got), SPAN_FMT(want),
		    SPAN_FMT(error));
	buf_free(&out);
	free(name);
	return ok ? 0 : 1;
}

static void
run_rows(enum template_dialect dialect, const char *path)
{
	struct buf rows = file_read(path), shared =
	    file_read(FOLDER "context.json");
	struct value *context = json(buf_span(&shared)), *row;
	struct span left = buf_span(&rows);
	int failed = 0, n = 0;
	ptrdiff_t end;

	while ((end = span_find(left, '\n')) != -1) {
		row = json(span_make(left.p, (size_t)end));
		failed += row_failed(dialect, row, context);
		value_free(&row);
		left = span_from(left, (size_t)end + 1);
		n++;
	}
	value_free(&context);
	buf_free(&rows);
	buf_free(&shared);
	assert_int_equal(failed, 0);
	assert_true(n > 50);
}

static void
jinja_rows(void **state)
{
	(void)state;
	run_rows(TEMPLATE_JINJA, FOLDER "jinja.jsonl");
}

static void
handlebars_rows(void **state)
{
	(void)state;
	run_rows(TEMPLATE_HANDLEBARS, FOLDER "handlebars.jsonl");
}

/* ---- templates that name each other -------------------------------------- */

static const struct {
	const char *name, *source;
} jinja_set[] = {
	{ "base", "<{% block head %}H{% endblock %}|{% block body %}B{{ x }}"
	    "{% endblock %}>" },
	{ "child", "{% extends 'base' %}lost{% block body %}[{{ super() }}]"
	    "{% endblock %}lost" },
	{ "grand", "{% extends 'child' %}{% block head %}G{{ super() }}"
	    "{% endblock %}{% block body %}({{ super() }}){% endblock %}" },
	{ "loop", "{% extends 'loop' %}" },
	{ "part", "part {{ x }}{{ y }}" },
	{ "part.html", "{{ '<' }}" },
	{ "me", "{% include 'me' %}" },
	{ "lib", "{% macro m(a) %}<{{ a }}{{ x }}>{% endmacro %}"
	    "{% set v = 5 %}lost" },
};

static const struct {
	const char *source, *want;
} jinja_set_rows[] = {
	{ "{% include 'base' %}", "<H|B1>" },
	{ "{% include 'child' %}", "<H|[B1]>" },
	{ "{% include 'grand' %}", "<GH|([B1])>" },
	{ "{% extends 'base' %}{% block head %}mine{% endblock %}",
	    "<mine|B1>" },
	{ "{% extends 'loop' %}", "ERROR template 'loop' line 1: more than "
	    "16 templates extend each other" },
	{ "{% set y = 2 %}{% include 'part' %}", "part 12" },
	{ "{% include ['no', 'part'] %}", "part 1" },
	{ "{{ '<' }}{% include 'part.html' %}{{ '<' }}", "<&lt;<" },
	{ "{% include 'me' %}", "ERROR template 'me' line 1: nested more "
	    "than 500 levels deep" },
	{ "{% import 'lib' as l %}{{ l.m(2) }}{{ l.v }}", "<21>5" },
	{ "{% from 'lib' import m, v as w %}{{ m(3) }}{{ w }}", "<31>5" },
	{ "{% from 'lib' import no %}[{{ no }}]", "[]" },
	{ "{% if x %}{% extends 'base' %}{% endif %}", "<H|B1>" },
	{ "{% include 5 %}", "ERROR template 'main' line 1: the name of a "
	    "template must be a text, not a number" },
	{ "{% block a %}{{ super() }}{% endblock %}", "ERROR template 'main' "
	    "line 1: no template above has this block" },
};

static void
jinja_sets(void **state)
{
	struct templates *set = templates_new(TEMPLATE_JINJA);
	struct value *context = json(SPAN_LIT("{\"x\":1}"));
	struct buf out = { .base = NULL };
	struct template_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(jinja_set); i++)
		assert_int_equal(templates_add(set, jinja_set[i].name,
		    span_of(jinja_set[i].source), &e), 0);
	for (i = 0; i < COUNT(jinja_set_rows); i++) {
		buf_clear(&out, 0);
		render(TEMPLATE_JINJA, "main",
		    span_of(jinja_set_rows[i].source), context, set, &out);
		check_span(jinja_set_rows[i].source, buf_span(&out),
		    span_of(jinja_set_rows[i].want));
	}
	assert_int_equal(templates_add(set, "bad", SPAN_LIT("{{"), &e), -1);
	assert_null(templates_find(set, SPAN_LIT("bad")));
	assert_non_null(templates_find(set, SPAN_LIT("base")));
	buf_free(&out);
	templates_free(&set);
	value_free(&context);
}

static const struct {
	const char *name, *source;
} hb_set[] = {
	{ "p", "[{{x}}{{y}}]" },
	{ "layout", "<{{> @partial-block}}{{> nav}}>" },
	{ "lines", "a\nb\n" },
	{ "p.html", "{{x}}" },
};

static const struct {
	const char *source, *want;
} hb_set_rows[] = {
	{ "{{> p}}", "[1]" },
	{ "{{> p y=2}}", "[12]" },
	{ "{{> p x=3}}{{x}}", "[3]1" },
	{ "{{> p o}}", "[7]" },
	{ "{{> (lookup names 0)}}", "[1]" },
	{ "{{#> layout}}in {{x}}{{#*inline \"nav\"}}N{{/inline}}{{/layout}}",
	    "<in 1N>" },
	{ "x\n  {{> lines}}\ny", "x\n  a\n  b\ny" },
	{ "{{> main}}", "ERROR template 'main' line 1: a template cannot "
	    "include itself" },
	{ "{{> no}}", "ERROR template 'main' line 1: there is no partial "
	    "'no'" },
	{ "{{> @partial-block}}", "ERROR template 'main' line 1: there is no "
	    "partial block here" },
};

static void
handlebars_sets(void **state)
{
	struct templates *set = templates_new(TEMPLATE_HANDLEBARS);
	struct value *context = json(SPAN_LIT("{\"x\":1,\"o\":{\"x\":7},"
	    "\"names\":[\"p\"]}"));
	struct buf out = { .base = NULL };
	struct template_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hb_set); i++)
		assert_int_equal(templates_add(set, hb_set[i].name,
		    span_of(hb_set[i].source), &e), 0);
	for (i = 0; i < COUNT(hb_set_rows); i++) {
		buf_clear(&out, 0);
		render(TEMPLATE_HANDLEBARS, "main",
		    span_of(hb_set_rows[i].source), context, set, &out);
		check_span(hb_set_rows[i].source, buf_span(&out),
		    span_of(hb_set_rows[i].want));
	}
	buf_free(&out);
	templates_free(&set);
	value_free(&context);
}

/* ---- what is around them ------------------------------------------------- */

static void
maps_hide_each_other(void **state)
{
	struct value *low = json(SPAN_LIT("{\"a\":1,\"b\":2}"));
	struct value *high = json(SPAN_LIT("{\"b\":3}"));
	const struct value *maps[] = { low, high };
	struct template_input in = { .maps = maps, .n_maps = 2,
		.now_us = 1500000 };
	static const struct {
		enum template_dialect dialect;
		const char *source, *want;
	} rows[] = {
		{ TEMPLATE_JINJA, "{{ a }}{{ b }} {{ now() }}", "13 1.5" },
		{ TEMPLATE_HANDLEBARS, "{{a}}{{b}}{{#each this}}{{@key}}="
		    "{{this}};{{/each}}", "13a=1;b=3;" },
		{ TEMPLATE_STATIC, "{{a}}", "{{a}}" },
	};
	struct buf out = { .base = NULL };
	struct template_error e;
	struct template *t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		t = template_compile(rows[i].dialect, "x",
		    span_of(rows[i].source), &e);
		buf_clear(&out, 0);
		buf_add_str(&out, "was:");
		assert_int_equal(template_render(t, &in, &out, &e), 0);
		check_span(rows[i].source, span_from(buf_span(&out), 4),
		    span_of(rows[i].want));
		template_free(&t);
	}
	value_free(&low);
	value_free(&high);
	buf_free(&out);
}

/* What was there before stays, what a failed rendering wrote goes. */
static void
a_failure_leaves_nothing(void **state)
{
	const struct template_limits small = { 100, 10, 10000, 10 };
	struct template_input in = { .limits = &small };
	static const struct {
		const char *source, *why;
	} rows[] = {
		{ "0123456789a", "the text is longer than 10 bytes" },
		{ "a{% for i in range(200) %}{% endfor %}",
		    "more than 100 steps of work" },
		{ "b{{ 'x' * 20000 }}", "values take more than 10000 bytes" },
		{ "c{{ ((((((((((((1)))))))))))) + (1 + (1 + (1 + (1 + (1 + "
		    "(1 + (1 + (1 + (1 + 1))))))))) }}",
		    "nested more than 10 levels deep" },
	};
	struct buf out = { .base = NULL };
	struct template_error e;
	struct template *t;
	size_t i;

	(void)state;
	buf_add_str(&out, "kept");
	for (i = 0; i < COUNT(rows); i++) {
		t = template_compile(TEMPLATE_JINJA, "x",
		    span_of(rows[i].source), &e);
		check_int(rows[i].source, template_render(t, &in, &out, &e),
		    -1);
		if (strstr(e.text, rows[i].why) == NULL)
			fail_msg("%s: got %s", rows[i].source, e.text);
		check_span(rows[i].source, buf_span(&out), SPAN_LIT("kept"));
		template_free(&t);
	}
	buf_free(&out);
}

static void
the_cache_keeps_what_is_used(void **state)
{
	struct template_cache *c = template_cache_new(2, 1000);
	const struct template *a, *b;
	struct template_error e;

	(void)state;
	a = template_cached(c, TEMPLATE_JINJA, "a", SPAN_LIT("1"), &e);
	b = template_cached(c, TEMPLATE_JINJA, "a", SPAN_LIT("2"), &e);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(template_cached(c, TEMPLATE_JINJA, "a",
	    SPAN_LIT("1"), &e), a);
	/* The third one sends the one not used away. */
	template_cached(c, TEMPLATE_STATIC, "a", SPAN_LIT("1"), &e);
	assert_ptr_equal(template_cached(c, TEMPLATE_JINJA, "a",
	    SPAN_LIT("1"), &e), a);
	assert_null(template_cached(c, TEMPLATE_JINJA, "a", SPAN_LIT("{{"),
	    &e));
	template_cache_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jinja_rows),
		cmocka_unit_test(handlebars_rows),
		cmocka_unit_test(jinja_sets),
		cmocka_unit_test(handlebars_sets),
		cmocka_unit_test(maps_hide_each_other),
		cmocka_unit_test(a_failure_leaves_nothing),
		cmocka_unit_test(the_cache_keeps_what_is_used),
	};

	template_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
