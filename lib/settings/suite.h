/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole configuration: ekiden.yaml, what the policy declared at start, and
 * the policy's sources. Read once by the loader, then handed to every daemon as
 * one blob.
 *
 * Patterns: `example.com`, `*.example.com` (names below it), `*`. In queues one
 * may start with `tenant@` or `campaign:tenant@`, in paths with `source->`.
 * Every pattern that matches counts: the options of a more specific one are
 * laid over those of a less specific one.
 *   queues: * < *.domain < domain, then the same with tenant@, then with
 *           campaign:tenant@ (campaign:@ without a tenant)
 *   paths:  * < *.site < site < *.domain < domain, each with source-> over the
 *           same without
 */
#ifndef LIB_SETTINGS_SUITE_H
#define LIB_SETTINGS_SUITE_H

#include "lib/base/map.h"
#include "lib/settings/bundle.h"
#include "lib/settings/dns_opts.h"
#include "lib/settings/egress_path.h"
#include "lib/settings/egress_pool.h"
#include "lib/settings/egress_source.h"
#include "lib/settings/key_list.h"
#include "lib/settings/listener.h"
#include "lib/settings/listener_domain.h"
#include "lib/settings/local_logs.h"
#include "lib/settings/option.h"
#include "lib/settings/queue_config.h"
#include "lib/settings/redis_opts.h"
#include "lib/settings/spool_opts.h"

struct suite_processes {
#define OPTIONS "lib/settings/suite_processes.def"
#include "lib/settings/option_members.h"
};

struct suite_resolver {
#define OPTIONS "lib/settings/suite_resolver.def"
#include "lib/settings/option_members.h"
};

struct suite_spool {
#define OPTIONS "lib/settings/suite_spool.def"
#include "lib/settings/option_members.h"
};

/* Rows of the maps: the pattern in its normal form, lower-case, and options. */
struct suite_domain {
	char *key;
	struct listener_domain domain;
};

struct suite_queue {
	char *key;
	struct queue_config config;
};

struct suite_path {
	char *key;
	struct egress_path path;
};

struct suite {
#define OPTIONS "lib/settings/suite.def"
#include "lib/settings/option_members.h"
	struct bundle bundle;
	/* Of a loader: files that scripts name (suite_keys.h). */
	struct suite_script_keys {
		struct key_list listeners, delivery;
	} script_keys;
	struct suite_index {
		struct map domains, queues, paths; /* by normal pattern */
		struct map sources, pools;         /* by name */
	} index; /* made by suite_finish and suite_get, as is base: */
	struct suite_base {
		struct listener_domain domain;
		struct queue_config queue;
		struct egress_path path;
	} base; /* the defaults that look-ups start from and borrow */
};

extern const struct option_table suite_table;
extern const struct option_table suite_processes_table;
extern const struct option_table suite_resolver_table;
extern const struct option_table suite_spool_table;

/* All defaults; nothing declared. */
void suite_defaults(struct suite *s);
/*
 * suite_defaults and the file over it; suite_finish is the caller's. On -1 the
 * suite is empty. A policy's relative name is taken from the file's folder.
 */
int suite_load_yaml(const char *file, struct suite *s,
    struct problems *problems);
int suite_load_text(struct span text, struct suite *s,
    struct problems *problems);
/* Declarations of a policy: the object moves into the suite. */
void suite_add_listener(struct suite *s, struct listener *l);
void suite_add_logs(struct suite *s, struct local_logs *l);
void suite_add_source(struct suite *s, struct egress_source *source);
void suite_add_pool(struct suite *s, struct egress_pool *pool);
void suite_add_resolver(struct suite *s, const char *name,
    struct dns_opts *config);
/* What `data` says counts; `meta` fills in what nothing else has said. */
void suite_define_spool(struct suite *s, const struct spool_opts *spool);
/* The object moves into the suite. */
void suite_set_redis_throttles(struct suite *s, struct redis_opts *o);
/*
 * Fill what was left open: host name, process counts, the default listener and
 * log (unless a policy rules), and make the look-ups ready. Checks what one
 * object says of another. Call once, after the last declaration.
 */
int suite_finish(struct suite *s, struct problems *problems);

void suite_put(struct buf *b, const struct suite *s);
/* Look-ups are ready when the reader is not bad; free it in either case. */
void suite_get(struct reader *r, struct suite *s);
void suite_free(struct suite *s);
/*
 * A pattern's normal form on the heap: domain lower-case, the rest as it is.
 * NULL with the reason when it is none.
 */
char *suite_domain_key(struct span text, const char **why_out);
char *suite_queue_key(struct span text, const char **why_out);
char *suite_path_key(struct span text, const char **why_out);
void suite_json(struct jout *j, const struct suite *s);

/*
 * The options in force, laid together from all patterns that match; out borrows
 * from s and is never freed. tenant, campaign, source and site may be empty.
 * False when no pattern matched: out then holds the defaults.
 */
bool suite_queue_config(const struct suite *s, struct span domain,
    struct span tenant, struct span campaign, struct queue_config *out);
bool suite_path(const struct suite *s, struct span domain, struct span source,
    struct span site, struct egress_path *out);
bool suite_domain(const struct suite *s, struct span domain,
    struct listener_domain *out);
/* NULL when there is none of that name. */
const struct egress_source *suite_source(const struct suite *s,
    struct span name);
const struct egress_pool *suite_pool(const struct suite *s, struct span name);
const struct dns_opts *suite_resolver(const struct suite *s, const char *name);

#endif
