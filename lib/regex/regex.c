/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/regex/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

/*
 * PCRE2 counts steps from each place where a match could begin, and not the
 * bytes that a step looks at. So a text is first tried with so few steps from
 * each place that all of it together is little. If that is not enough, and for
 * long texts at once, there is a second form of the pattern that calls us at
 * each item: it takes several times as long and can be stopped at any time.
 */
enum {
	WORK_MAX = 200000000,    /* places times steps times bytes of text */
	STEPS_MIN = 20,          /* from one place */
	CALLS_MAX = 2000000,     /* some 200 ms */
	CALLS_PER_BYTE = 100,
	CALLS_PER_LOOK = 64,     /* at the clock */
	DEPTH_MAX = 100000,
	HEAP_MAX_KB = 16384,
	NEST_MAX = 200,
};

struct regex {
	struct regex_memory memory;
	pcre2_general_context *general;
	pcre2_match_context *limits;
	pcre2_code *code;
	pcre2_match_data *match;
	struct span text; /* of the last match */
	char *pattern;    /* PCRE2's form */
	size_t pattern_len;
	/* The form that can be stopped, made when it is first wanted. */
	pcre2_code *slow;
	uint64_t calls, calls_max;
	int64_t until_us;
};

static void *
heap_take(size_t size, void *arg)
{
	(void)arg;
	return malloc(size);
}

static void
heap_give(void *p, void *arg)
{
	(void)arg;
	free(p);
}

const struct regex_memory regex_heap = { heap_take, heap_give, NULL };

/* The pattern in PCRE2's syntax, compiled; else a reason, "" for memory. */
static pcre2_code *
compile(pcre2_general_context *general, struct span pattern, uint32_t more,
    char why[REGEX_WHY_MAX])
{
	pcre2_compile_context *context = pcre2_compile_context_create(general);
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	why[0] = '\0';
	if (context == NULL)
		return NULL;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(context, NEST_MAX);
	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.len, PCRE2_UTF |
	    PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_ALLOW_EMPTY_CLASS | more, &error,
	    &at, context);
	pcre2_compile_context_free(context);
	if (code == NULL && error != PCRE2_ERROR_HEAP_FAILED &&
	    error != PCRE2_ERROR_NOMEMORY)
		pcre2_get_error_message(error, (PCRE2_UCHAR *)why,
		    REGEX_WHY_MAX);
	return code;
}

/* All that hangs on the general context; false when memory is out. */
static bool
regex_fill(struct regex *r, struct span pattern, char why[REGEX_WHY_MAX])
{
	r->code = compile(r->general, pattern, 0, why);
	if (r->code == NULL)
		return false;
	r->pattern = r->memory.take(pattern.len + 1, r->memory.arg);
	if (r->pattern == NULL)
		return false;
	memcpy(r->pattern, pattern.p, pattern.len);
	r->pattern_len = pattern.len;
	r->limits = pcre2_match_context_create(r->general);
	r->match = pcre2_match_data_create_from_pattern(r->code, r->general);
	if (r->limits == NULL || r->match == NULL)
		return false;
	pcre2_set_depth_limit(r->limits, DEPTH_MAX);
	pcre2_set_heap_limit(r->limits, HEAP_MAX_KB);
	return true;
}

static struct regex *
regex_make(struct span pattern, const struct regex_memory *memory,
    char why[REGEX_WHY_MAX])
{
	struct regex *r = memory->take(sizeof(*r), memory->arg);

	why[0] = '\0';
	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->memory = *memory;
	r->general = pcre2_general_context_create(memory->take, memory->give,
	    memory->arg);
	if (r->general == NULL || !regex_fill(r, pattern, why))
		regex_free(&r);
	return r;
}

struct regex *
regex_new(struct span pattern, const struct regex_memory *memory,
    char why[REGEX_WHY_MAX])
{
	struct buf translated = { .base = NULL };
	struct regex *r = NULL;
	const char *reason;

	if (pattern.len > REGEX_PATTERN_MAX)
		snprintf(why, REGEX_WHY_MAX, "it is longer than %d bytes",
		    REGEX_PATTERN_MAX);
	else if (!text_is_utf8(pattern))
		snprintf(why, REGEX_WHY_MAX, "it is not UTF-8");
	else if (regex_translate(pattern, &translated, &reason) == -1)
		snprintf(why, REGEX_WHY_MAX, "%s", reason);
	else
		r = regex_make(buf_span(&translated), memory != NULL ? memory :
		    &regex_heap, why);
	buf_free(&translated);
	return r;
}

void
regex_free(struct regex **rp)
{
	struct regex *r = *rp;
	struct regex_memory memory;

	if (r == NULL)
		return;
	memory = r->memory;
	pcre2_match_data_free(r->match);
	pcre2_match_context_free(r->limits);
	pcre2_code_free(r->code);
	pcre2_code_free(r->slow);
	pcre2_general_context_free(r->general);
	memory.give(r->pattern, memory.arg);
	memory.give(r, memory.arg);
	*rp = NULL;
}

static int
match(struct regex *r, const pcre2_code *code, size_t from, uint32_t steps)
{
	pcre2_set_match_limit(r->limits, steps);
	/* PCRE2 wants a pointer, also to no bytes. */
	return pcre2_match(code, (PCRE2_SPTR)(r->text.p != NULL ? r->text.p :
	    ""), r->text.len, from, PCRE2_NO_UTF_CHECK, r->match, r->limits);
}

/* Before each item: may it go on? */
static int
on_item(pcre2_callout_block *block, void *arg)
{
	struct regex *r = arg;

	(void)block;
	if (++r->calls > r->calls_max || (r->calls % CALLS_PER_LOOK == 0 &&
	    clock_mono_us() > r->until_us))
		return PCRE2_ERROR_MATCHLIMIT;
	return 0;
}

static int
match_slowly(struct regex *r, size_t from, int64_t until_us)
{
	char why[REGEX_WHY_MAX];
	int n;

	if (r->slow == NULL)
		r->slow = compile(r->general, span_make(r->pattern,
		    r->pattern_len), PCRE2_AUTO_CALLOUT, why);
	/* With the calls it can be too large: then there are few steps. */
	if (r->slow == NULL && why[0] != '\0')
		return PCRE2_ERROR_MATCHLIMIT;
	if (r->slow == NULL)
		return PCRE2_ERROR_NOMEMORY;
	r->calls = 0;
	r->calls_max = CALLS_MAX + (uint64_t)CALLS_PER_BYTE * r->text.len;
	r->until_us = until_us;
	pcre2_set_callout(r->limits, on_item, r);
	n = match(r, r->slow, from, UINT32_MAX);
	pcre2_set_callout(r->limits, NULL, NULL);
	return n;
}

enum regex_result
regex_find(struct regex *r, struct span text, size_t from, int64_t until_us)
{
	uint64_t steps = WORK_MAX / ((uint64_t)(text.len - from + 1) *
	    (text.len - from + 1));
	int n = PCRE2_ERROR_MATCHLIMIT;

	r->text = text;
	if (steps >= STEPS_MIN)
		n = match(r, r->code, from, (uint32_t)steps);
	if (n == PCRE2_ERROR_MATCHLIMIT)
		n = match_slowly(r, from, until_us);
	if (n >= 0)
		return REGEX_FOUND;
	if (n == PCRE2_ERROR_NOMATCH)
		return REGEX_NONE;
	return n == PCRE2_ERROR_NOMEMORY ? REGEX_NO_MEMORY : REGEX_GAVE_UP;
}

struct span
regex_group(const struct regex *r, unsigned group)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(r->match);

	if (group >= pcre2_get_ovector_count(r->match) ||
	    v[group * 2] == PCRE2_UNSET || v[group * 2 + 1] < v[group * 2])
		return span_make(NULL, 0);
	return span_make((r->text.p != NULL ? r->text.p : "") + v[group * 2],
	    v[group * 2 + 1] - v[group * 2]);
}

unsigned
regex_groups(const struct regex *r)
{
	return pcre2_get_ovector_count(r->match);
}

bool
regex_name(const struct regex *r, unsigned i, struct span *name_out,
    unsigned *group_out)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	if (i >= count)
		return false;
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	/* Two bytes of number, the name, a NUL. */
	table += (size_t)i * size;
	*group_out = (unsigned)table[0] << 8 | table[1];
	*name_out = span_of((const char *)table + 2);
	return true;
}

/* ---- all matches --------------------------------------------------------- */

void
regex_walk_begin(struct regex_walk *w, struct regex *r, struct span text)
{
	memset(w, 0, sizeof(*w));
	w->r = r;
	w->text = text;
}

enum regex_result
regex_walk_next(struct regex_walk *w, int64_t until_us, struct span *found)
{
	enum regex_result result;
	size_t start, end, step;

	while (w->at <= w->text.len) {
		result = regex_find(w->r, w->text, w->at, until_us);
		if (result != REGEX_FOUND)
			return result;
		*found = regex_group(w->r, 0);
		/* \K in a look-ahead can put the start behind the end. */
		if (found->p == NULL)
			return REGEX_GAVE_UP;
		start = w->text.p == NULL ? 0 :
		    (size_t)(found->p - w->text.p);
		end = start + found->len;
		step = text_utf8_len(span_from(w->text, end));
		step = end + (found->len > 0 ? 0 : step > 0 ? step : 1);
		/* A look behind with \K can end before where it began. */
		w->at = step > w->at ? step : w->text.len + 1;
		if (found->len == 0 && w->any && end == w->last_end)
			continue;
		w->any = true;
		w->last_end = end;
		return REGEX_FOUND;
	}
	return REGEX_NONE;
}
