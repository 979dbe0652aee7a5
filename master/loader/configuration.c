/* SPDX-License-Identifier: Apache-2.0 */
#include "master/loader/configuration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/dns/dns.h"
#include "lib/ipc/delivery.h"
#include "lib/policy/loader.h"
#include "lib/policy/log_templates.h"
#include "lib/policy/unbuilt.h"
#include "lib/settings/key_check.h"
#include "lib/settings/suite.h"
#include "lib/settings/suite_keys.h"
#include "lib/settings/yaml.h"

/* What the tables take and nobody here can use, with its line. */
static int
check_unbuilt(const char *file, struct problems *p)
{
	struct problems again = { .v = NULL };
	struct value *v = yaml_load(file, &again);
	size_t before = p->errors;

	if (v != NULL) {
		unbuilt_check_yaml(v, p);
		log_templates_check_yaml(v, p);
	}
	value_free(&v);
	problems_free(&again);
	return p->errors == before ? 0 : -1;
}

static int
load_yaml(struct suite *suite, const char *file, struct problems *p)
{
	if (access(file, F_OK) == -1 && errno == ENOENT) {
		suite_defaults(suite);
		return 0;
	}
	p->file = file;
	if (suite_load_yaml(file, suite, p) == -1)
		return -1;
	p->file = file;
	if (check_unbuilt(file, p) == 0)
		return 0;
	suite_free(suite);
	return -1;
}

static void
check_folder(const char *path, const char *what, struct problems *p)
{
	if (path != NULL && path[0] != '/')
		problem_add(p, 0, "%s: '%s' must be an absolute path", what,
		    path);
}

/* Does any type of this log go to this folder under this suffix? */
static bool
log_writes(const struct local_logs *l, const char *dir, const char *suffix)
{
	const struct log_record_opts *o;
	const char *d, *s;
	size_t i;

	for (i = 0; log_record_types[i] != NULL; i++) {
		o = local_logs_record(l, log_record_types[i]);
		d = o != NULL && o->log_dir != NULL ? o->log_dir : l->log_dir;
		s = o != NULL && o->suffix != NULL ? o->suffix : "";
		if ((o == NULL || o->enable) && strcmp(d, dir) == 0 &&
		    strcmp(s, suffix) == 0)
			return true;
	}
	return false;
}

/* Two logs in one folder could not tell their segments apart. */
static void
check_shared_folders(const struct suite *suite, struct problems *p)
{
	const struct log_record_opts *o;
	const struct local_logs *l;
	size_t i, k, t;
	bool clash;

	for (i = 1; i < suite->logs.n; i++) {
		l = &suite->logs.v[i];
		for (clash = false, k = 0; k < i; k++) {
			for (t = 0; log_record_types[t] != NULL; t++) {
				o = local_logs_record(l, log_record_types[t]);
				clash = clash || ((o == NULL || o->enable) &&
				    log_writes(&suite->logs.v[k],
				    o != NULL && o->log_dir != NULL ?
				    o->log_dir : l->log_dir,
				    o != NULL && o->suffix != NULL ?
				    o->suffix : ""));
			}
		}
		if (clash)
			problem_add(p, 0, "two logs write to %s under the same "
			    "suffix: give one of them another log_dir or "
			    "suffix", l->log_dir);
	}
}

static int
check_folders(const struct suite *suite, struct problems *p)
{
	const struct local_logs *l;
	size_t before = p->errors, i, k;

	check_folder(suite->spool.path, "the spool's path", p);
	for (i = 0; i < suite->logs.n; i++) {
		l = &suite->logs.v[i];
		check_folder(l->log_dir, "log_dir", p);
		for (k = 0; k < l->per_record.n; k++)
			check_folder(l->per_record.v[k].opts.log_dir,
			    "log_dir", p);
	}
	check_shared_folders(suite, p);
	return p->errors == before ? 0 : -1;
}

/* What is larger could not be told to the process that delivers. */
static int
check_size(struct buf *encoded, const char *what, const char *key,
    struct problems *p)
{
	bool good = buf_len(encoded) <= DELIVERY_TEXT_MAX;

	if (!good)
		problem_add(p, 0, "the options of %s '%.100s' are larger than "
		    "64 KiB: shorten their lists", what, key);
	buf_clear(encoded, DELIVERY_TEXT_MAX);
	return good ? 0 : -1;
}

static int
check_sizes(const struct suite *suite, struct problems *p)
{
	struct buf b = { .base = NULL };
	int status = 0;
	size_t i;

	for (i = 0; i < suite->paths.n; i++) {
		egress_path_put(&b, &suite->paths.v[i].path);
		status |= check_size(&b, "the path", suite->paths.v[i].key, p);
	}
	for (i = 0; i < suite->queues.n; i++) {
		queue_config_put(&b, &suite->queues.v[i].config);
		status |= check_size(&b, "the queue", suite->queues.v[i].key,
		    p);
	}
	for (i = 0; i < suite->pools.n; i++) {
		egress_pool_put(&b, &suite->pools.v[i]);
		status |= check_size(&b, "the pool", suite->pools.v[i].name,
		    p);
	}
	buf_free(&b);
	return status;
}

static int
check_resolvers(const struct suite *suite, struct problems *p)
{
	int status = dns_check(&suite->dns, p);
	size_t i;

	for (i = 0; i < suite->resolvers.n; i++)
		status |= dns_check(&suite->resolvers.v[i].config, p);
	return status;
}

int
configuration_load(struct suite *suite, const char *folder,
    const char *policy, bool validate, struct problems *p)
{
	char *file = xasprintf("%s/ekiden.yaml", folder);
	int status = load_yaml(suite, file, p);

	if (status == -1)
		goto out;
	if (policy != NULL) {
		free(suite->policy);
		suite->policy = xstrdup(policy);
	}
	p->file = suite->policy != NULL ? suite->policy : file;
	if (suite->policy != NULL)
		status = policy_declare(suite, validate, p);
	if (status == 0)
		status = check_resolvers(suite, p);
	if (status == 0)
		status = suite_finish(suite, p);
	if (status == 0)
		status = check_folders(suite, p);
	if (status == 0)
		status = check_sizes(suite, p);
	if (status == -1)
		suite_free(suite);
out:
	p->file = NULL;
	free(file);
	return status;
}

/* ---- keys ---------------------------------------------------------------- */

static int
keys_settle(struct key_list *l, bool check, struct problems *p)
{
	/* A caller without rights learns what it can. */
	const bool lenient = true;

	if (l->n > KEY_LIST_MAX) {
		problem_add(p, 0, "more than %d key files are named: name "
		    "fewer", KEY_LIST_MAX);
		return -1;
	}
	if (!check)
		return 0;
	if (key_list_read_files(l, lenient, p) == -1)
		return -1;
	return key_list_check(l, p);
}

int
configuration_keys(struct suite *suite, bool check,
    struct configuration_keys *out, struct problems *p)
{
	int status;

	*out = (struct configuration_keys){ 0 };
	suite_keys(suite, &out->smtpd, &out->out);
	status = keys_settle(&out->smtpd, check, p);
	status |= keys_settle(&out->out, check, p);
	return status;
}

void
configuration_keys_free(struct configuration_keys *keys)
{
	key_list_free(&keys->smtpd);
	key_list_free(&keys->out);
}
