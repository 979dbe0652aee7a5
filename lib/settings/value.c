/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

static struct value *
value_new(enum value_kind kind, int line)
{
	struct value *v = xcalloc(1, sizeof(*v));

	v->kind = kind;
	v->line = line;
	return v;
}

struct value *
value_null(int line)
{
	return value_new(VALUE_NULL, line);
}

struct value *
value_bool(int line, bool flag)
{
	struct value *v = value_new(VALUE_BOOL, line);

	v->u.flag = flag;
	return v;
}

struct value *
value_int(int line, int64_t number)
{
	struct value *v = value_new(VALUE_INT, line);

	v->u.number = number;
	return v;
}

struct value *
value_float(int line, double real)
{
	struct value *v = value_new(VALUE_FLOAT, line);

	v->u.real = real;
	return v;
}

struct value *
value_text(int line, struct span s)
{
	struct value *v = value_new(VALUE_TEXT, line);

	v->u.text.p = xmemdupz(s.p, s.len);
	v->u.text.len = s.len;
	return v;
}

struct value *
value_list(int line)
{
	return value_new(VALUE_LIST, line);
}

struct value *
value_map(int line)
{
	return value_new(VALUE_MAP, line);
}

/* Doubles the array at each power of two. */
static void *
value_grow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return v;
	return xreallocarray(v, n == 0 ? 1 : 2 * n, size);
}

void
value_list_add(struct value *list, struct value *item)
{
	list->u.list.v = value_grow(list->u.list.v, list->u.list.n,
	    sizeof(*list->u.list.v));
	list->u.list.v[list->u.list.n++] = item;
}

int
value_map_add(struct value *map, int line, struct span key,
    struct value *item)
{
	struct value_pair *pair;

	if ((key.len != 0 && memchr(key.p, '\0', key.len) != NULL) ||
	    map_get(&map->u.map.index, key) != NULL) {
		value_free(&item);
		return -1;
	}
	map->u.map.v = value_grow(map->u.map.v, map->u.map.n,
	    sizeof(*map->u.map.v));
	pair = &map->u.map.v[map->u.map.n++];
	pair->key = span_dup(key);
	pair->line = line;
	pair->value = item;
	map_set(&map->u.map.index, key, (void *)(uintptr_t)map->u.map.n);
	return 0;
}

int
value_map_set(struct value *map, int line, struct span key,
    struct value *item)
{
	size_t at = (size_t)(uintptr_t)map_get(&map->u.map.index, key);
	struct value_pair *pair;

	if (at == 0)
		return value_map_add(map, line, key, item);
	pair = &map->u.map.v[at - 1];
	value_free(&pair->value);
	pair->value = item;
	pair->line = line;
	return 0;
}

size_t
value_count(const struct value *v)
{
	size_t i, n = 1;

	if (v->kind == VALUE_LIST) {
		for (i = 0; i < v->u.list.n; i++)
			n += value_count(v->u.list.v[i]);
	} else if (v->kind == VALUE_MAP) {
		for (i = 0; i < v->u.map.n; i++)
			n += value_count(v->u.map.v[i].value);
	}
	return n;
}

static int
pair_compare(const void *a, const void *b)
{
	return strcmp(((const struct value_pair *)a)->key,
	    ((const struct value_pair *)b)->key);
}

void
value_sort(struct value *v)
{
	size_t i;

	if (v->kind == VALUE_LIST) {
		for (i = 0; i < v->u.list.n; i++)
			value_sort(v->u.list.v[i]);
	} else if (v->kind == VALUE_MAP && v->u.map.n > 0) {
		qsort(v->u.map.v, v->u.map.n, sizeof(*v->u.map.v),
		    pair_compare);
		for (i = 0; i < v->u.map.n; i++) {
			map_set(&v->u.map.index, span_of(v->u.map.v[i].key),
			    (void *)(uintptr_t)(i + 1));
			value_sort(v->u.map.v[i].value);
		}
	}
}

const struct value *
value_get(const struct value *v, const char *key)
{
	size_t at;

	if (v == NULL || v->kind != VALUE_MAP)
		return NULL;
	at = (size_t)(uintptr_t)map_get(&v->u.map.index, span_of(key));
	return at == 0 ? NULL : v->u.map.v[at - 1].value;
}

static bool
plain_is(struct span s, const char *a, const char *b, const char *c)
{
	return span_eq_str(s, a) || span_eq_str(s, b) || span_eq_str(s, c);
}

/* [-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+ , when it fits int64_t. */
static bool
plain_int(struct span s, int64_t *out)
{
	bool minus = s.len != 0 && s.p[0] == '-', sign;
	uint64_t n = 0;
	unsigned base = 10, digit;
	size_t i;
	char c;

	sign = minus || (s.len != 0 && s.p[0] == '+');
	if (sign)
		s = span_from(s, 1);
	if (!sign && s.len > 2 && s.p[0] == '0' &&
	    (s.p[1] == 'x' || s.p[1] == 'o')) {
		base = s.p[1] == 'x' ? 16 : 8;
		s = span_from(s, 2);
	}
	if (s.len == 0)
		return false;
	for (i = 0; i < s.len; i++) {
		c = ascii_lower(s.p[i]);
		if (ascii_digit(c))
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			return false;
		if (digit >= base || n > ((uint64_t)INT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*out = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
plain_float(struct span s, double *out)
{
	char text[64], *end;
	size_t i = 0, digits = 0, exponent = 0;

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	if (s.p[0] == '-' || s.p[0] == '+')
		i++;
	for (; i < s.len && ascii_digit(s.p[i]); i++)
		digits++;
	if (i < s.len && s.p[i] == '.') {
		for (i++; i < s.len && ascii_digit(s.p[i]); i++)
			digits++;
	}
	if (digits == 0)
		return false;
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		for (; i < s.len && ascii_digit(s.p[i]); i++)
			exponent++;
		if (exponent == 0)
			return false;
	}
	if (i != s.len)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0';
}

static bool
plain_odd_float(struct span s, double *out)
{
	bool minus = s.len != 0 && s.p[0] == '-';
	struct span t = s;

	if (plain_is(s, ".nan", ".NaN", ".NAN")) {
		*out = NAN;
		return true;
	}
	if (minus || (s.len != 0 && s.p[0] == '+'))
		t = span_from(s, 1);
	if (!plain_is(t, ".inf", ".Inf", ".INF"))
		return false;
	*out = minus ? -INFINITY : INFINITY;
	return true;
}

struct value *
value_from_plain(int line, struct span s)
{
	int64_t number;
	double real;

	if (s.len == 0 || span_eq_str(s, "~") ||
	    plain_is(s, "null", "Null", "NULL"))
		return value_null(line);
	if (plain_is(s, "true", "True", "TRUE"))
		return value_bool(line, true);
	if (plain_is(s, "false", "False", "FALSE"))
		return value_bool(line, false);
	if (plain_int(s, &number))
		return value_int(line, number);
	if (plain_float(s, &real) || plain_odd_float(s, &real))
		return value_float(line, real);
	return value_text(line, s);
}

const char *
value_kind_name(enum value_kind kind)
{
	switch (kind) {
	case VALUE_NULL:
		return "nothing";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_INT:
		return "a whole number";
	case VALUE_FLOAT:
		return "a number";
	case VALUE_TEXT:
		return "text";
	case VALUE_LIST:
		return "a list";
	case VALUE_MAP:
		return "a map";
	}
	return "nothing";
}

static void
value_float_json(struct jout *j, double real)
{
	char text[TEXT_DOUBLE_MAX];

	if (!isfinite(real))
		jout_null(j);
	else
		jout_raw(j, span_of(text_double(real, text)));
}

void
value_to_json(struct jout *j, const struct value *v)
{
	size_t i;

	switch (v->kind) {
	case VALUE_NULL:
		jout_null(j);
		break;
	case VALUE_BOOL:
		jout_bool(j, v->u.flag);
		break;
	case VALUE_INT:
		jout_int(j, v->u.number);
		break;
	case VALUE_FLOAT:
		value_float_json(j, v->u.real);
		break;
	case VALUE_TEXT:
		jout_text(j, span_make(v->u.text.p, v->u.text.len));
		break;
	case VALUE_LIST:
		jout_array(j);
		for (i = 0; i < v->u.list.n; i++)
			value_to_json(j, v->u.list.v[i]);
		jout_array_end(j);
		break;
	case VALUE_MAP:
		jout_object(j);
		for (i = 0; i < v->u.map.n; i++) {
			jout_key(j, span_of(v->u.map.v[i].key));
			value_to_json(j, v->u.map.v[i].value);
		}
		jout_object_end(j);
		break;
	}
}

void
value_free(struct value **vp)
{
	struct value *v = *vp;
	size_t i;

	if (v == NULL)
		return;
	if (v->kind == VALUE_TEXT) {
		/* It may have been a key or a password. */
		explicit_bzero(v->u.text.p, v->u.text.len);
		free(v->u.text.p);
	} else if (v->kind == VALUE_LIST) {
		for (i = 0; i < v->u.list.n; i++)
			value_free(&v->u.list.v[i]);
		free(v->u.list.v);
	} else if (v->kind == VALUE_MAP) {
		for (i = 0; i < v->u.map.n; i++) {
			free(v->u.map.v[i].key);
			value_free(&v->u.map.v[i].value);
		}
		free(v->u.map.v);
		map_free(&v->u.map.index, NULL);
	}
	free(v);
	*vp = NULL;
}

struct value *
value_copy(const struct value *v)
{
	struct value *copy;
	size_t i;

	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		return value_bool(v->line, v->u.flag);
	case VALUE_INT:
		return value_int(v->line, v->u.number);
	case VALUE_FLOAT:
		return value_float(v->line, v->u.real);
	case VALUE_TEXT:
		return value_text(v->line, span_make(v->u.text.p,
		    v->u.text.len));
	case VALUE_LIST:
		copy = value_list(v->line);
		for (i = 0; i < v->u.list.n; i++)
			value_list_add(copy, value_copy(v->u.list.v[i]));
		return copy;
	case VALUE_MAP:
		copy = value_map(v->line);
		for (i = 0; i < v->u.map.n; i++)
			value_map_add(copy, v->u.map.v[i].line,
			    span_of(v->u.map.v[i].key),
			    value_copy(v->u.map.v[i].value));
		return copy;
	}
	return value_null(v->line);
}

size_t
value_bytes(const struct value *v)
{
	size_t i, n = sizeof(*v);

	if (v->kind == VALUE_TEXT)
		n += v->u.text.len;
	for (i = 0; v->kind == VALUE_LIST && i < v->u.list.n; i++)
		n += sizeof(v) + value_bytes(v->u.list.v[i]);
	for (i = 0; v->kind == VALUE_MAP && i < v->u.map.n; i++)
		n += sizeof(v->u.map.v[i]) + strlen(v->u.map.v[i].key) +
		    value_bytes(v->u.map.v[i].value);
	return n;
}
