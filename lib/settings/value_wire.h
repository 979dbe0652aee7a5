/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of values as bytes, between processes. Lines are not carried. */
#ifndef LIB_SETTINGS_VALUE_WIRE_H
#define LIB_SETTINGS_VALUE_WIRE_H

#include "lib/base/buf.h"
#include "lib/base/wire.h"
#include "lib/settings/value.h"

enum {
	VALUE_WIRE_DEPTH_MAX = 64,
	VALUE_WIRE_NODES_MAX = 1000000,
};

void value_write(struct buf *b, const struct value *v);
/*
 * The next value, on the heap; NULL with the reader failed when it is not
 * one, is too deep or has too many nodes.
 */
struct value *value_read(struct reader *r);

#endif
