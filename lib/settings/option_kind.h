/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a type of option can do: the one place where a new type is made. Only
 * the files of this folder include it.
 */
#ifndef LIB_SETTINGS_OPTION_KIND_H
#define LIB_SETTINGS_OPTION_KIND_H

#include "lib/settings/option.h"

enum { OPTION_DEPTH_MAX = 16 };

enum option_read {
	OPTION_READ_OK,
	OPTION_READ_WRONG, /* the caller says what was wanted */
	OPTION_READ_TOLD,  /* the problem was added already */
};

/* Where a value is being read. */
struct option_at {
	const struct option_table *table;
	const struct option_row *row;
	struct problems *problems;
	unsigned depth; /* of tables inside each other */
};

struct option_kind {
	const char *name;    /* "duration" */
	const char *wanted;  /* "a duration" */
	const char *example; /* "\"5 minutes\" or 300"; may be NULL */
	bool list;           /* the default's text is a list */
	/* Of what, where option_list.h does the work; else NULL. */
	const struct option_list *items;
	/* What "none" is; NULL = all zero. */
	void (*init)(const struct option_row *row, void *field);
	/* Into a field that init made; whatever is there then gets free'd. */
	enum option_read (*read)(const struct option_at *at, void *field,
	    const struct value *v);
	void (*put)(const struct option_row *row, struct buf *b,
	    const void *field);
	/* Leaves what free accepts, also on a bad reader. */
	void (*get)(const struct option_row *row, struct reader *r, void *field,
	    unsigned depth);
	/* May be NULL. */
	void (*free)(const struct option_row *row, void *field);
	void (*json)(const struct option_row *row, struct jout *j,
	    const void *field);
	/* More than `wanted` can say; may be NULL. */
	void (*describe)(const struct option_row *row, struct buf *out);
};

/* Of OPT_MAPPED: elements { char *key; struct x options; }. */
struct option_mapped {
	const struct option_table *table;
	size_t size;   /* of an element; key is its first member */
	size_t offset; /* of the options in it */
	/* The pattern's normal form on the heap, or NULL with *why_out. */
	char *(*key)(struct span text, const char **why_out);
	/* An option that belongs in front of the key, or NULL. */
	const char *prefix_option;
	const char *prefix_join;
};

#define OPTION_KINDS(K)                                                        \
	K(BOOL) K(U16) K(U32) K(U64) K(MODE) K(DURATION) K(SIZE)               \
	K(PERCENT_OR_COUNT) K(TEXT) K(LINES) K(HOSTNAME) K(HOST_PORT) K(TEXTS) \
	K(CIDRS) K(IP) K(IP_PORT) K(LIMIT) K(THROTTLE) K(NAMED_LIMITS)         \
	K(NAMED_THROTTLES) K(KEYSOURCE) K(META) K(SUSPEND_RULE) K(MX_HOSTS)    \
	K(ENUM) K(TABLE) K(TABLES) K(MAPPED) K(OPENSSL_OPTIONS)                \
	K(RUSTLS_SUITES) K(PROTOCOL) K(OOB_MODE) K(OVERLAYS) K(PER_RECORD)     \
	K(NAME_SERVERS) K(TRUST_ANCHOR) K(DNS) K(REDIS_NODES) K(SECRET)
#define OPTION_KIND_DECLARE(kind)                                              \
	extern const struct option_kind option_kind_##kind;
OPTION_KINDS(OPTION_KIND_DECLARE)
#undef OPTION_KIND_DECLARE

/* A table over an array of rows made with option_rows.h. */
#define OPTION_TABLE(of_, tag, rows_)                                          \
	{ .of = of_, .size = sizeof(tag), .set = offsetof(tag, set),           \
	  .rows = rows_, .n = sizeof(rows_) / sizeof(*(rows_)) }

/* Tables inside tables: as the functions of option.h, one level deeper. */
int option_fill_at(const struct option_table *t, void *obj,
    const struct value *map, const char *skip, struct problems *problems,
    unsigned depth);
int option_read_at(const struct option_table *t, void *obj,
    const struct value *map, struct problems *problems, unsigned depth);
void option_get_at(const struct option_table *t, struct reader *r, void *obj,
    unsigned depth);

/*
 * The values of all options that have an effect, but for those in a NULL-ended
 * list of names: to be compared, not read.
 */
void option_put_but(const struct option_table *t, struct buf *b,
    const void *obj, const char *const *names);

/* Are the texts and addresses of required options there? */
bool option_complete(const struct option_table *t, const void *obj);

/* Is it a list (or an empty map); its number of items. */
bool option_is_list(const struct value *v, size_t *n_out);
/* Is it a map (or an empty list); its number of pairs. */
bool option_is_map(const struct value *v, size_t *n_out);
bool option_bit(const struct option_table *t, const void *obj, size_t row);
void option_bit_set(const struct option_table *t, void *obj, size_t row);
/* Text of a value for a message: `"abc"`, `70000`, `a list`. */
void option_value_text(const struct value *v, struct buf *out);
/* Adds: option 'name' of table: and the words. */
void option_problem(const struct option_at *at, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Position of a name in a NULL-ended list, or -1. */
int option_name_find(const char *const *names, struct span name);

/* Heap text of a text value without NULs or controls; NULL when it is none. */
char *option_text(const struct value *v);
/* NULL and "" differ. */
void option_text_put(struct buf *b, const char *s);
char *option_text_get(struct reader *r, bool lines);
void throttle_put(struct buf *b, const struct throttle_spec *t);
void throttle_get(struct reader *r, struct throttle_spec *t);

#endif
