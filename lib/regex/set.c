/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/regex/set.h"

#include <string.h>

#include "lib/base/clock.h"

/* Patterns between two looks at the clock. */
enum { AT_ONCE = 16, BLOCK = 64 };

/* A block of patterns; full ones have a next. */
struct block {
	struct block *next;
	size_t n;
	struct regex *v[BLOCK];
};

struct regex_set {
	struct regex_memory memory;
	struct block *first, *last;
};

struct regex_set *
regex_set_new(const struct regex_memory *memory)
{
	struct regex_set *set;

	if (memory == NULL)
		memory = &regex_heap;
	set = memory->take(sizeof(*set), memory->arg);
	if (set == NULL)
		return NULL;
	memset(set, 0, sizeof(*set));
	set->memory = *memory;
	return set;
}

void
regex_set_free(struct regex_set **sp)
{
	struct regex_set *set = *sp;
	struct regex_memory memory;
	struct block *b, *next;
	size_t i;

	if (set == NULL)
		return;
	memory = set->memory;
	for (b = set->first; b != NULL; b = next) {
		next = b->next;
		for (i = 0; i < b->n; i++)
			regex_free(&b->v[i]);
		memory.give(b, memory.arg);
	}
	memory.give(set, memory.arg);
	*sp = NULL;
}

static struct block *
room(struct regex_set *set)
{
	struct block *b = set->last;

	if (b != NULL && b->n < BLOCK)
		return b;
	b = set->memory.take(sizeof(*b), set->memory.arg);
	if (b == NULL)
		return NULL;
	memset(b, 0, sizeof(*b));
	if (set->last != NULL)
		set->last->next = b;
	else
		set->first = b;
	set->last = b;
	return b;
}

int
regex_set_add(struct regex_set *set, struct span pattern,
    char why[REGEX_WHY_MAX])
{
	struct block *b = room(set);
	struct regex *r;

	why[0] = '\0';
	if (b == NULL)
		return -1;
	r = regex_new(pattern, &set->memory, why);
	if (r == NULL)
		return -1;
	b->v[b->n++] = r;
	return 0;
}

enum regex_result
regex_set_find(struct regex_set *set, struct span text, int64_t until_us,
    size_t *index_out)
{
	enum regex_result result;
	size_t tried = 0, i;
	struct block *b;

	for (b = set->first; b != NULL; b = b->next) {
		for (i = 0; i < b->n; i++) {
			if (++tried % AT_ONCE == 0 &&
			    clock_mono_us() > until_us)
				return REGEX_GAVE_UP;
			result = regex_find(b->v[i], text, 0, until_us);
			if (result == REGEX_NONE)
				continue;
			*index_out = tried - 1;
			return result;
		}
	}
	return REGEX_NONE;
}
