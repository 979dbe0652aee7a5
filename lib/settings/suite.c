/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/suite.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/yaml.h"

enum { PROCESSES_MAX = 256, HOSTNAME_SIZE = 256 };

/* In the order of enum log_level. */
static const char *const suite_log_level_names[] = {
	"error", "warn", "info", "debug", NULL,
};

static const struct option_mapped suite_domain_mapped = {
	.table = &listener_domain_table,
	.size = sizeof(struct suite_domain),
	.offset = offsetof(struct suite_domain, domain),
	.key = suite_domain_key,
};

static const struct option_mapped suite_queue_mapped = {
	.table = &queue_config_table,
	.size = sizeof(struct suite_queue),
	.offset = offsetof(struct suite_queue, config),
	.key = suite_queue_key,
};

static const struct option_mapped suite_path_mapped = {
	.table = &egress_path_table,
	.size = sizeof(struct suite_path),
	.offset = offsetof(struct suite_path, path),
	.key = suite_path_key,
	.prefix_option = "source",
	.prefix_join = "->",
};

static const struct option_row suite_processes_rows[] = {
#define OPTIONS "lib/settings/suite_processes.def"
#define OPTION_OF struct suite_processes
#include "lib/settings/option_rows.h"
};

const struct option_table suite_processes_table =
    OPTION_TABLE("ekiden.yaml processes", struct suite_processes,
	suite_processes_rows);

static const struct option_row suite_resolver_rows[] = {
#define OPTIONS "lib/settings/suite_resolver.def"
#define OPTION_OF struct suite_resolver
#include "lib/settings/option_rows.h"
};

const struct option_table suite_resolver_table =
    OPTION_TABLE("ekiden.yaml resolvers", struct suite_resolver,
	suite_resolver_rows);

static const struct option_row suite_spool_rows[] = {
#define OPTIONS "lib/settings/suite_spool.def"
#define OPTION_OF struct suite_spool
#include "lib/settings/option_rows.h"
};

const struct option_table suite_spool_table =
    OPTION_TABLE("ekiden.yaml spool", struct suite_spool, suite_spool_rows);

static const struct option_row suite_rows[] = {
#define OPTIONS "lib/settings/suite.def"
#define OPTION_OF struct suite
#include "lib/settings/option_rows.h"
};

const struct option_table suite_table =
    OPTION_TABLE("ekiden.yaml", struct suite, suite_rows);

/* ---- loading ------------------------------------------------------------ */

void
suite_defaults(struct suite *s)
{
	option_defaults(&suite_table, s);
}

static int
suite_load_value(struct suite *s, const struct value *v,
    struct problems *problems)
{
	suite_defaults(s);
	if (v != NULL && option_fill(&suite_table, s, v, problems) == 0)
		return 0;
	suite_free(s);
	return -1;
}

int
suite_load_text(struct span text, struct suite *s, struct problems *problems)
{
	struct value *v = yaml_parse(text, problems);
	int rc = suite_load_value(s, v, problems);

	value_free(&v);
	return rc;
}

/* The policy beside the file, unless its name says where it is. */
static void
suite_policy_place(struct suite *s, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *whole;

	if (s->policy == NULL || s->policy[0] == '/' || slash == NULL)
		return;
	whole = xasprintf("%.*s/%s", (int)(slash - file), file, s->policy);
	free(s->policy);
	s->policy = whole;
}

int
suite_load_yaml(const char *file, struct suite *s, struct problems *problems)
{
	struct value *v = yaml_load(file, problems);
	int rc = suite_load_value(s, v, problems);

	value_free(&v);
	if (rc == 0)
		suite_policy_place(s, file);
	return rc;
}

/* ---- declarations ------------------------------------------------------- */

void
suite_add_listener(struct suite *s, struct listener *l)
{
	s->listeners.v = xreallocarray(s->listeners.v, s->listeners.n + 1,
	    sizeof(*s->listeners.v));
	s->listeners.v[s->listeners.n++] = *l;
	memset(l, 0, sizeof(*l));
}

void
suite_add_logs(struct suite *s, struct local_logs *l)
{
	s->logs.v = xreallocarray(s->logs.v, s->logs.n + 1,
	    sizeof(*s->logs.v));
	s->logs.v[s->logs.n++] = *l;
	memset(l, 0, sizeof(*l));
}

void
suite_add_source(struct suite *s, struct egress_source *source)
{
	s->sources.v = xreallocarray(s->sources.v, s->sources.n + 1,
	    sizeof(*s->sources.v));
	s->sources.v[s->sources.n++] = *source;
	memset(source, 0, sizeof(*source));
}

void
suite_add_pool(struct suite *s, struct egress_pool *pool)
{
	s->pools.v = xreallocarray(s->pools.v, s->pools.n + 1,
	    sizeof(*s->pools.v));
	s->pools.v[s->pools.n++] = *pool;
	memset(pool, 0, sizeof(*pool));
}

void
suite_add_resolver(struct suite *s, const char *name, struct dns_opts *config)
{
	struct suite_resolver *r;

	s->resolvers.v = xreallocarray(s->resolvers.v, s->resolvers.n + 1,
	    sizeof(*s->resolvers.v));
	r = &s->resolvers.v[s->resolvers.n++];
	memset(r, 0, sizeof(*r));
	r->name = xstrdup(name);
	r->config = *config;
	option_bit_set(&suite_resolver_table, r, 0);
	option_bit_set(&suite_resolver_table, r, 1);
	memset(config, 0, sizeof(*config));
}

void
suite_set_redis_throttles(struct suite *s, struct redis_opts *o)
{
	redis_opts_free(&s->redis_throttles);
	s->redis_throttles = *o;
	memset(o, 0, sizeof(*o));
}

/* The row of that name in `spool:`, which has all that counts elsewhere. */
static size_t
spool_row(const char *name)
{
	size_t i = 0;

	while (strcmp(suite_spool_rows[i].name, name) != 0) {
		i++;
		assert(i < suite_spool_table.n);
	}
	return i;
}

/* Copy what counts and was given; both tables have it in one type. */
static void
spool_take(struct suite_spool *to, const struct option_table *from_table,
    const void *from, bool weak)
{
	const struct option_row *row;
	size_t i, at;

	for (i = 0; i < from_table->n; i++) {
		row = &from_table->rows[i];
		if ((row->flags & OPT_F_NOEFFECT) != 0 ||
		    row->kind == &option_kind_TABLE ||
		    row->kind == &option_kind_ENUM ||
		    row->kind == &option_kind_TEXT ||
		    !option_bit(from_table, from, i))
			continue;
		at = spool_row(row->name);
		if (weak && option_bit(&suite_spool_table, to, at))
			continue;
		memcpy((uint8_t *)to + suite_spool_rows[at].offset,
		    (const uint8_t *)from + row->offset, row->size);
		option_bit_set(&suite_spool_table, to, at);
	}
}

void
suite_define_spool(struct suite *s, const struct spool_opts *spool)
{
	bool weak = spool->name != SPOOL_DATA;
	size_t path = spool_row("path");

	spool_take(&s->spool, &spool_opts_table, spool, weak);
	spool_take(&s->spool, &rocks_params_table, &spool->rocks_params,
	    weak);
	if (weak)
		return;
	free(s->spool.path);
	s->spool.path = xstrdup(spool->path);
	option_bit_set(&suite_spool_table, &s->spool, path);
}

/* ---- finishing ---------------------------------------------------------- */

static char *
suite_system_hostname(void)
{
	char name[HOSTNAME_SIZE];

	if (gethostname(name, sizeof(name)) != 0)
		return xstrdup("localhost");
	name[sizeof(name) - 1] = '\0';
	return xstrdup(name[0] == '\0' ? "localhost" : name);
}

static uint32_t
suite_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > PROCESSES_MAX ? PROCESSES_MAX : (uint32_t)n;
}

static void
suite_fill_open(struct suite *s)
{
	struct listener listener;
	struct local_logs logs;
	size_t i;

	if (s->hostname == NULL)
		s->hostname = suite_system_hostname();
	if (s->processes.smtpd == 0)
		s->processes.smtpd = suite_cores();
	if (s->processes.smtp_out == 0)
		s->processes.smtp_out = suite_cores();
	if (s->listeners.n == 0 && s->policy == NULL) {
		listener_defaults(&listener);
		suite_add_listener(s, &listener);
	}
	if (s->logs.n == 0 && s->policy == NULL) {
		local_logs_defaults(&logs);
		logs.log_dir = xstrdup("/var/log/ekiden");
		suite_add_logs(s, &logs);
	}
	for (i = 0; i < s->listeners.n; i++) {
		if (s->listeners.v[i].hostname == NULL)
			s->listeners.v[i].hostname = xstrdup(s->hostname);
	}
}

static void
suite_check_listeners(const struct suite *s, struct problems *problems)
{
	const struct ip *a, *b;
	char text[IP_TEXT_MAX];
	size_t i, k;

	for (i = 0; i < s->listeners.n; i++) {
		a = &s->listeners.v[i].listen;
		listener_check(&s->listeners.v[i], 0, problems);
		for (k = 0; k < i && a->port != 0; k++) {
			b = &s->listeners.v[k].listen;
			if (ip_eq(a, b) && a->port == b->port)
				problem_add(problems, 0, "two listeners on %s",
				    ip_port_format(a, text));
		}
	}
}

static void
suite_check_pool(const struct suite *s, const struct egress_pool *pool,
    struct problems *problems)
{
	const char *name;
	size_t i;

	for (i = 0; i < pool->entries.n; i++) {
		name = pool->entries.v[i].name;
		if (suite_source(s, span_of(name)) == NULL)
			problem_add(problems, 0, "pool '%.100s' names the "
			    "source '%.100s', which is not there", pool->name,
			    name);
	}
}

/* With a policy, events may answer for what is not declared here. */
static void
suite_check_names(const struct suite *s, struct problems *problems)
{
	const struct suite_queue *q;
	size_t i;

	for (i = 0; i < s->pools.n; i++)
		suite_check_pool(s, &s->pools.v[i], problems);
	for (i = 0; i < s->queues.n; i++) {
		q = &s->queues.v[i];
		if (q->config.egress_pool != NULL && suite_pool(s,
		    span_of(q->config.egress_pool)) == NULL)
			problem_add(problems, 0, "queue '%.100s' names the "
			    "pool '%.100s', which is not there", q->key,
			    q->config.egress_pool);
	}
}

static void
suite_index(struct suite *s, struct problems *problems)
{
	size_t i;

	listener_domain_defaults(&s->base.domain);
	queue_config_defaults(&s->base.queue);
	egress_path_defaults(&s->base.path);
	for (i = 0; i < s->domains.n; i++)
		map_set(&s->index.domains, span_of(s->domains.v[i].key),
		    &s->domains.v[i].domain);
	for (i = 0; i < s->queues.n; i++)
		map_set(&s->index.queues, span_of(s->queues.v[i].key),
		    &s->queues.v[i].config);
	for (i = 0; i < s->paths.n; i++)
		map_set(&s->index.paths, span_of(s->paths.v[i].key),
		    &s->paths.v[i].path);
	for (i = 0; i < s->sources.n; i++) {
		if (map_set(&s->index.sources, span_of(s->sources.v[i].name),
		    &s->sources.v[i]) != NULL)
			problem_add(problems, 0, "two sources are named "
			    "'%.100s'", s->sources.v[i].name);
	}
	for (i = 0; i < s->pools.n; i++) {
		if (map_set(&s->index.pools, span_of(s->pools.v[i].name),
		    &s->pools.v[i]) != NULL)
			problem_add(problems, 0, "two pools are named "
			    "'%.100s'", s->pools.v[i].name);
	}
}

static void
suite_check_resolvers(const struct suite *s, struct problems *problems)
{
	size_t i, k;

	for (i = 0; i < s->resolvers.n; i++) {
		for (k = 0; k < i; k++) {
			if (strcmp(s->resolvers.v[i].name,
			    s->resolvers.v[k].name) == 0)
				problem_add(problems, 0, "two resolvers are "
				    "named '%.100s'", s->resolvers.v[i].name);
		}
	}
}

int
suite_finish(struct suite *s, struct problems *problems)
{
	size_t before = problems->errors, i;

	suite_fill_open(s);
	suite_index(s, problems);
	suite_check_listeners(s, problems);
	suite_check_resolvers(s, problems);
	for (i = 0; i < s->sources.n; i++)
		egress_source_check(&s->sources.v[i], 0, problems);
	if (s->policy == NULL)
		suite_check_names(s, problems);
	return problems->errors == before ? 0 : -1;
}

/* ---- between processes -------------------------------------------------- */

void
suite_put(struct buf *b, const struct suite *s)
{
	option_put(&suite_table, b, s);
	bundle_put(b, &s->bundle);
}

/* Is it what suite_finish leaves? */
static bool
suite_finished(const struct suite *s)
{
	size_t i;

	for (i = 0; i < s->listeners.n; i++) {
		if (s->listeners.v[i].hostname == NULL)
			return false;
	}
	return s->hostname != NULL && s->processes.smtpd != 0 &&
	    s->processes.smtp_out != 0;
}

void
suite_get(struct reader *r, struct suite *s)
{
	option_get(&suite_table, r, s);
	bundle_get(r, &s->bundle);
	if (!reader_ok(r))
		return;
	if (suite_finished(s))
		suite_index(s, NULL);
	else
		reader_fail(r);
}

void
suite_free(struct suite *s)
{
	map_free(&s->index.domains, NULL);
	map_free(&s->index.queues, NULL);
	map_free(&s->index.paths, NULL);
	map_free(&s->index.sources, NULL);
	map_free(&s->index.pools, NULL);
	listener_domain_free(&s->base.domain);
	queue_config_free(&s->base.queue);
	egress_path_free(&s->base.path);
	bundle_free(&s->bundle);
	key_list_free(&s->script_keys.listeners);
	key_list_free(&s->script_keys.delivery);
	option_free(&suite_table, s);
}

void
suite_json(struct jout *j, const struct suite *s)
{
	option_json(&suite_table, j, s);
}
