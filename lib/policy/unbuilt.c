/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/unbuilt.h"

#include <string.h>

#define LISTENER "kumo.start_esmtp_listener"
#define DOMAIN "kumo.make_listener_domain"
#define QUEUE "kumo.make_queue_config"
#define PATH "kumo.make_egress_path"
#define LOGS "kumo.configure_local_logs"
#define SOURCE "kumo.make_egress_source"

static const struct {
	const char *of, *inside, *key;
} rows[] = {
	{ LISTENER, NULL, "deferred_queue" },
	{ DOMAIN, NULL, "log_oob" },
	{ DOMAIN, NULL, "log_arf" },
	{ QUEUE, "protocol", "custom_lua" },
	{ QUEUE, "protocol", "xfer" },
	{ PATH, NULL, "smtp_auth_plain_username" },
	{ PATH, NULL, "smtp_auth_plain_password" },
	{ PATH, NULL, "allow_smtp_auth_plain_without_tls" },
	{ PATH, NULL, "allow_smtp_auth_plain_without_valid_certificate" },
	{ PATH, NULL, "enable_dane" },
	{ PATH, NULL, "enable_mta_sts" },
	{ LOGS, NULL, "filter_event" },
	{ SOURCE, NULL, "ha_proxy_server" },
	{ SOURCE, NULL, "socks5_proxy_server" },
	{ SOURCE, NULL, "suspend_when_unplumbed" },
	{ SOURCE, NULL, "suspend_when_proxy_unhealthy" },
};

/* Sections of ekiden.yaml: lists or maps of what a constructor takes. */
static const struct {
	const char *section, *of;
} sections[] = {
	{ "listeners", LISTENER },
	{ "domains", DOMAIN },
	{ "queues", QUEUE },
	{ "paths", PATH },
	{ "logs", LOGS },
	{ "sources", SOURCE },
};

/* Said so that nothing is wanted. */
static bool
is_off(const struct value *v)
{
	return v->kind == VALUE_NULL ||
	    (v->kind == VALUE_BOOL && !v->u.flag) ||
	    (v->kind == VALUE_TEXT && strcmp(v->u.text.p, "Ignore") == 0);
}

static void
check_overlays(const struct value *overlays, struct problems *p)
{
	size_t i;

	if (overlays == NULL || overlays->kind != VALUE_MAP)
		return;
	for (i = 0; i < overlays->u.map.n; i++)
		unbuilt_check(LISTENER, overlays->u.map.v[i].value, p);
}

void
unbuilt_check(const char *of, const struct value *map, struct problems *p)
{
	const struct value *at;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].of, of) != 0)
			continue;
		at = rows[i].inside != NULL ? value_get(map, rows[i].inside) :
		    map;
		at = at != NULL ? value_get(at, rows[i].key) : NULL;
		if (at == NULL || is_off(at))
			continue;
		problem_add(p, at->line, "%s%s%s of %s is not part of this "
		    "version of Ekiden: remove it",
		    rows[i].inside != NULL ? rows[i].inside : "",
		    rows[i].inside != NULL ? "." : "", rows[i].key, of);
	}
	if (strcmp(of, LISTENER) == 0) {
		check_overlays(value_get(map, "peer"), p);
		check_overlays(value_get(map, "via"), p);
	}
}

void
unbuilt_check_yaml(const struct value *yaml, struct problems *p)
{
	const struct value *section;
	size_t i, k;

	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		section = value_get(yaml, sections[i].section);
		if (section == NULL)
			continue;
		if (section->kind == VALUE_LIST) {
			for (k = 0; k < section->u.list.n; k++)
				unbuilt_check(sections[i].of,
				    section->u.list.v[k], p);
		} else if (section->kind == VALUE_MAP) {
			for (k = 0; k < section->u.map.n; k++)
				unbuilt_check(sections[i].of,
				    section->u.map.v[k].value, p);
		}
	}
}
