/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/value_wire.h"

#include <string.h>

/* On the wire a kind is its number in enum value_kind. */
void
value_write(struct buf *b, const struct value *v)
{
	uint64_t bits;
	size_t i;

	put_u8(b, (uint8_t)v->kind);
	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		put_bool(b, v->u.flag);
		break;
	case VALUE_INT:
		put_i64(b, v->u.number);
		break;
	case VALUE_FLOAT:
		memcpy(&bits, &v->u.real, sizeof(bits));
		put_u64(b, bits);
		break;
	case VALUE_TEXT:
		put_span(b, span_make(v->u.text.p, v->u.text.len));
		break;
	case VALUE_LIST:
		put_u32(b, (uint32_t)v->u.list.n);
		for (i = 0; i < v->u.list.n; i++)
			value_write(b, v->u.list.v[i]);
		break;
	case VALUE_MAP:
		put_u32(b, (uint32_t)v->u.map.n);
		for (i = 0; i < v->u.map.n; i++) {
			put_str(b, v->u.map.v[i].key);
			value_write(b, v->u.map.v[i].value);
		}
		break;
	}
}

static struct value *read_at(struct reader *r, unsigned depth, size_t *nodes);

static struct value *
read_list(struct reader *r, unsigned depth, size_t *nodes)
{
	struct value *list = value_list(0), *item;
	uint32_t n = reader_count(r, 1);

	while (n-- > 0) {
		item = read_at(r, depth + 1, nodes);
		if (item == NULL) {
			value_free(&list);
			return NULL;
		}
		value_list_add(list, item);
	}
	return list;
}

static struct value *
read_map(struct reader *r, unsigned depth, size_t *nodes)
{
	struct value *map = value_map(0), *item;
	uint32_t n = reader_count(r, 5);
	struct span key;

	while (n-- > 0) {
		key = reader_span(r, reader_left(r));
		item = read_at(r, depth + 1, nodes);
		if (item == NULL || value_map_add(map, 0, key, item) != 0) {
			reader_fail(r);
			value_free(&map);
			return NULL;
		}
	}
	return map;
}

static struct value *
read_float(struct reader *r)
{
	uint64_t bits = reader_u64(r);
	double real;

	memcpy(&real, &bits, sizeof(real));
	return value_float(0, real);
}

static struct value *
read_at(struct reader *r, unsigned depth, size_t *nodes)
{
	struct value *v = NULL;

	if (depth >= VALUE_WIRE_DEPTH_MAX ||
	    ++*nodes > VALUE_WIRE_NODES_MAX) {
		reader_fail(r);
		return NULL;
	}
	switch (reader_u8(r)) {
	case VALUE_NULL:
		v = value_null(0);
		break;
	case VALUE_BOOL:
		v = value_bool(0, reader_bool(r));
		break;
	case VALUE_INT:
		v = value_int(0, reader_i64(r));
		break;
	case VALUE_FLOAT:
		v = read_float(r);
		break;
	case VALUE_TEXT:
		v = value_text(0, reader_span(r, reader_left(r)));
		break;
	case VALUE_LIST:
		v = read_list(r, depth, nodes);
		break;
	case VALUE_MAP:
		v = read_map(r, depth, nodes);
		break;
	default:
		reader_fail(r);
		break;
	}
	if (v != NULL && !reader_ok(r))
		value_free(&v);
	return v;
}

struct value *
value_read(struct reader *r)
{
	size_t nodes = 0;

	return read_at(r, 0, &nodes);
}
