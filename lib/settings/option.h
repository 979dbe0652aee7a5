/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: each constructor (kumo.make_egress_path, ...) and each key of
 * ekiden.yaml is a row of one table, and the struct, the defaults, the check of
 * what an operator wrote, the form between processes, the JSON and the man
 * page's list all come from that row. The rows are in the .def files; a struct
 * member is named exactly like its option.
 *
 *   OPT(TYPE, name, default, min, max, "meaning")
 *   OPT_REQUIRED(TYPE, name, min, max, "meaning")
 *   OPT_NOEFFECT(TYPE, name, default, min, max, "meaning", "why")
 *   OPT_ENUM(names, name, default, "meaning")
 *   OPT_ENUM_REQUIRED(names, name, "meaning")
 *   OPT_ENUM_NOEFFECT(names, name, default, "meaning", "why")
 *   OPT_TABLE(tag, name, "meaning")           a struct of an own table
 *   OPT_TABLES(tag, name, "meaning")          a list of them
 *   OPT_TABLES_NOEFFECT(tag, name, "meaning", "why")
 *   OPT_MAPPED(tag, name, "meaning")          pattern -> struct
 *
 * The default is text as an operator would write it, lists with ", " between;
 * NULL is "none". min and max are in the unit of the member; max 0 means the
 * type's own. A NOEFFECT option is read and checked like any other; that it was
 * set is a notice saying why it changes nothing here.
 *
 * Every struct carries `set`: which options were given by name. An object from
 * option_defaults, option_fill, option_get is given back with option_free.
 */
#ifndef LIB_SETTINGS_OPTION_H
#define LIB_SETTINGS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/jout.h"
#include "lib/base/wire.h"
#include "lib/settings/problem.h"
#include "lib/settings/value.h"

enum {
	OPTION_ROWS_MAX = 128,
	OPTION_TEXT_MAX = 1024 * 1024, /* longest text between processes */
};

/* One bit per row of the table, by the row's position. */
struct option_set {
	uint64_t bits[OPTION_ROWS_MAX / 64];
};

/* ---- member types ------------------------------------------------------- */

struct texts {
	char **v;
	size_t n;
};

/* "10%" of a whole, or a plain count. */
struct share {
	uint64_t n;
	bool percent;
};

/* Is what is left of a whole less than the floor asks for? */
bool share_is_below(uint64_t left, uint64_t whole, const struct share *floor);

/* "[local:]N" */
struct limit_spec {
	uint64_t limit;
	bool local;
};

/* "[local:]N/[K]period[,max_burst=B]"; not set = no throttle. */
struct throttle_spec {
	bool set;
	bool local;
	uint64_t limit;
	int64_t period_ms; /* K times the unit */
	uint64_t burst;    /* equals limit unless given */
};

struct named_limit {
	char *name;
	struct limit_spec spec;
};

struct named_limits {
	struct named_limit *v; /* smallest limit first */
	size_t n;
};

struct named_throttle {
	char *name;
	struct throttle_spec spec;
};

struct named_throttles {
	struct named_throttle *v; /* smallest rate first */
	size_t n;
};

/*
 * Where a key or password is: at most one of path and data is set, both NULL =
 * none. file and line are of the option itself, where it was read from a
 * configuration; between processes they are left out.
 */
struct key_source {
	char *path; /* of a file, or KEY_HELD and more: see key_list.h */
	char *data; /* data_len bytes and a NUL; wiped when freed */
	size_t data_len;
	char *file; /* NULL = unknown */
	int line;
};

#define KEY_HELD "key_data:"

struct meta_pair {
	char *key;
	char *json; /* the value as JSON text */
};

struct metas {
	struct meta_pair *v;
	size_t n;
};

/* N/period or at once: when a source is taken out of use. */
struct suspend_trigger {
	bool immediate;
	struct throttle_spec threshold;
};

struct suspend_rule {
	bool set;
	struct suspend_trigger trigger;
	int64_t duration; /* ms */
};

/* One next hop of protocol.smtp.mx_list. */
struct mx_host {
	char *name;     /* host name, the address as it was written, or the
			   path of a socket (its first letter tells) */
	uint16_t port;  /* 0 = the path's smtp_port */
	struct ip addr; /* family IP_NONE = look the name up */
};

struct mx_hosts {
	struct mx_host *v;
	size_t n;
};

/* All next hops are paths of sockets; else none is. */
bool mx_hosts_are_sockets(const struct mx_hosts *list);

/* What each type of the .def files is in C. */
#define OPTION_C_BOOL bool
#define OPTION_C_U16 uint16_t
#define OPTION_C_U32 uint32_t
#define OPTION_C_U64 uint64_t
#define OPTION_C_MODE int32_t      /* permission bits, -1 = none */
#define OPTION_C_DURATION int64_t  /* ms, -1 = none */
#define OPTION_C_SIZE uint64_t     /* bytes */
#define OPTION_C_PERCENT_OR_COUNT struct share
#define OPTION_C_TEXT char *       /* NULL = none */
#define OPTION_C_LINES char *      /* text that may hold line ends */
#define OPTION_C_HOSTNAME char *   /* without spaces, at most 255 bytes */
#define OPTION_C_HOST_PORT char *  /* "host:port", NULL = none */
#define OPTION_C_TEXTS struct texts
#define OPTION_C_CIDRS struct cidr_set
#define OPTION_C_IP struct ip      /* family IP_NONE = none; port 0 */
#define OPTION_C_IP_PORT struct ip /* with its port */
#define OPTION_C_LIMIT struct limit_spec
#define OPTION_C_THROTTLE struct throttle_spec
#define OPTION_C_NAMED_LIMITS struct named_limits
#define OPTION_C_NAMED_THROTTLES struct named_throttles
#define OPTION_C_KEYSOURCE struct key_source
#define OPTION_C_META struct metas
#define OPTION_C_SUSPEND_RULE struct suspend_rule
#define OPTION_C_MX_HOSTS struct mx_hosts

/* ---- tables ------------------------------------------------------------- */

struct option_kind;

enum option_flag {
	OPT_F_REQUIRED = 1,
	OPT_F_NOEFFECT = 2,
};

struct option_row {
	const char *name;
	const struct option_kind *kind;
	size_t offset; /* of the member */
	size_t size;
	const char *default_text;
	uint64_t min, max;
	unsigned flags;    /* enum option_flag */
	const void *extra; /* enum names, or the inner table */
	const char *meaning;
	const char *why; /* of OPT_F_NOEFFECT */
};

struct option_table {
	const char *of; /* "kumo.make_egress_path" */
	size_t size;    /* of the struct */
	size_t set;     /* offset of its struct option_set */
	const struct option_row *rows;
	size_t n;
};

/* ---- one object --------------------------------------------------------- */

/* Overwrites obj (which must hold nothing) with the defaults, nothing set. */
void option_defaults(const struct option_table *t, void *obj);
/*
 * Lay the map's options over obj, which was initialised. All that is wrong is
 * added to problems; 0 when nothing was. Required options are checked by
 * option_check, once all layers are in.
 */
int option_fill(const struct option_table *t, void *obj,
    const struct value *map, struct problems *problems);
/* Are all required options there? line is where the object was written. */
int option_check(const struct option_table *t, const void *obj, int line,
    struct problems *problems);
/* option_defaults, option_fill and option_check; on -1 obj is freed. */
int option_read(const struct option_table *t, void *obj,
    const struct value *map, struct problems *problems);

/* The form between processes. Both sides are of one build. */
void option_put(const struct option_table *t, struct buf *b, const void *obj);
/*
 * Ranges are checked, and that what is required is there; after an error obj
 * holds what option_free accepts.
 */
void option_get(const struct option_table *t, struct reader *r, void *obj);

void option_free(const struct option_table *t, void *obj);
/* The effective values as one JSON object; keys and passwords are left out. */
void option_json(const struct option_table *t, struct jout *j,
    const void *obj);
/* The rows as mdoc list items. */
void option_table_mdoc(const struct option_table *t, struct buf *out);
/* Was this option given by name? */
bool option_is_set(const struct option_table *t, const void *obj,
    const char *name);
/*
 * Copy what `over` has set onto `base`, member by member and without
 * duplicating: base then borrows from over and must not be freed.
 */
void option_overlay(const struct option_table *t, void *base,
    const void *over);

/*
 * "[local:]N/[K]period[,max_burst=B]"; 0 or -1. The formats give heap text that
 * parses to the same.
 */
int throttle_parse(struct span s, struct throttle_spec *out);
char *throttle_format(const struct throttle_spec *t);
/* "[local:]N"; 0 or -1. */
int limit_parse(struct span s, struct limit_spec *out);
/* "20 MiB", "10M" (1024s), "2 MB" (1000s), "4096"; 0 or -1. */
int size_parse(struct span s, uint64_t *bytes_out);

/* All tables, for the man pages and tests; NULL-ended. */
extern const struct option_table *const option_tables[];

#endif
