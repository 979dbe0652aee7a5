/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text (RFC 8259) read strictly: as events for whoever builds something
 * from it, or as a tree. At most JSON_READ_DEPTH_MAX levels and
 * JSON_READ_NODES_MAX values; texts are UTF-8.
 */
#ifndef LIB_DATA_JSON_READ_H
#define LIB_DATA_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/data/error.h"

struct value;

enum { JSON_READ_DEPTH_MAX = 64, JSON_READ_NODES_MAX = 1000000 };

enum json_read_flags {
	/* C comments, those to the end of the line (//, #) count as blanks. */
	JSON_READ_COMMENTS = 1,
};

/*
 * What was read, in order. A key comes before its value; texts and keys are
 * what stands between the quotes, for json_unescape(). Duplicate keys come
 * as they are. The events may leave by longjmp: the reader holds nothing.
 */
struct json_events {
	void (*null)(void *arg);
	void (*boolean)(void *arg, bool v);
	void (*integer)(void *arg, int64_t v);
	void (*real)(void *arg, double v);
	void (*text)(void *arg, struct span raw);
	void (*key)(void *arg, struct span raw);
	void (*open)(void *arg, bool is_map);
	void (*close)(void *arg);
};

/* 0, or -1 with the error (which may be NULL) after some of the events. */
int json_read(struct span text, unsigned flags, const struct json_events *to,
    void *arg, struct data_error *error);
/* Write what raw means, at most raw.len bytes; returns how many. */
size_t json_unescape(struct span raw, char *out);
/*
 * A tree, in which a key that comes again replaces what it had; NULL with the
 * error. Keys with a NUL are refused. value_free() it.
 */
struct value *json_read_value(struct span text, unsigned flags,
    struct data_error *error);

#endif
