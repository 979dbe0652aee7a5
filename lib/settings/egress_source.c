/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/egress_source.h"

#include <stdlib.h>
#include <string.h>

#include "lib/settings/option_kind.h"

static const struct option_row egress_source_rows[] = {
#define OPTIONS "lib/settings/egress_source.def"
#define OPTION_OF struct egress_source
#include "lib/settings/option_rows.h"
};

const struct option_table egress_source_table =
    OPTION_TABLE("kumo.make_egress_source", struct egress_source,
	egress_source_rows);

/* ---- SUSPEND_RULE ------------------------------------------------------- */

/* 'Immediate' or {Threshold = 'N/period'} */
static bool
trigger_of(const struct value *v, struct suspend_trigger *out)
{
	const struct value *rate = v;

	if (v->kind == VALUE_TEXT) {
		out->immediate = true;
		return span_eq_str(span_make(v->u.text.p, v->u.text.len),
		    "Immediate");
	}
	rate = value_get(v, "Threshold");
	return rate != NULL && rate->kind == VALUE_TEXT &&
	    v->u.map.n == 1 && throttle_parse(span_make(rate->u.text.p,
	    rate->u.text.len), &out->threshold) == 0;
}

static enum option_read
suspend_read(const struct option_at *at, void *field, const struct value *v)
{
	const struct value *trigger = value_get(v, "trigger");
	const struct value *duration = value_get(v, "duration");
	struct option_at inner = *at;
	struct suspend_rule rule = { .set = true };

	if (trigger == NULL || duration == NULL || v->u.map.n != 2 ||
	    !trigger_of(trigger, &rule.trigger))
		return OPTION_READ_WRONG;
	if (option_kind_DURATION.read(&inner, &rule.duration, duration) !=
	    OPTION_READ_OK)
		return OPTION_READ_WRONG;
	*(struct suspend_rule *)field = rule;
	return OPTION_READ_OK;
}

static void
suspend_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct suspend_rule *rule = field;

	(void)row;
	put_bool(b, rule->set);
	if (!rule->set)
		return;
	put_bool(b, rule->trigger.immediate);
	throttle_put(b, &rule->trigger.threshold);
	put_i64(b, rule->duration);
}

static void
suspend_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct suspend_rule *rule = field;

	(void)row;
	(void)depth;
	rule->set = reader_bool(r);
	if (!rule->set)
		return;
	rule->trigger.immediate = reader_bool(r);
	throttle_get(r, &rule->trigger.threshold);
	rule->duration = reader_i64(r);
	if (rule->duration < 0 ||
	    rule->trigger.immediate == rule->trigger.threshold.set)
		reader_fail(r);
}

static void
suspend_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct suspend_rule *rule = field;
	char *text;

	if (!rule->set) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key(j, SPAN_LIT("trigger"));
	if (rule->trigger.immediate) {
		jout_text(j, SPAN_LIT("Immediate"));
	} else {
		text = throttle_format(&rule->trigger.threshold);
		jout_object(j);
		jout_key_text(j, "Threshold", span_of(text));
		jout_object_end(j);
		free(text);
	}
	jout_key(j, SPAN_LIT("duration"));
	option_kind_DURATION.json(row, j, &rule->duration);
	jout_object_end(j);
}

const struct option_kind option_kind_SUSPEND_RULE = {
	.name = "suspension", .wanted = "a map of trigger and duration",
	.example = "{trigger = {Threshold = \"3/min\"}, duration = "
	    "\"5 minutes\"}",
	.read = suspend_read, .put = suspend_put, .get = suspend_get,
	.json = suspend_json,
};

void
egress_source_defaults(struct egress_source *s)
{
	option_defaults(&egress_source_table, s);
}

void
egress_source_put(struct buf *b, const struct egress_source *s)
{
	option_put(&egress_source_table, b, s);
}

void
egress_source_get(struct reader *r, struct egress_source *s)
{
	option_get(&egress_source_table, r, s);
}

void
egress_source_free(struct egress_source *s)
{
	option_free(&egress_source_table, s);
}

void
egress_source_terms(struct buf *b, const struct egress_source *s)
{
	static const char *const not_of_a_session[] = {
		"suspend_when_unplumbed", "suspend_when_proxy_unhealthy",
		"ttl", NULL,
	};

	option_put_but(&egress_source_table, b, s, not_of_a_session);
}

/* The options of each kind of relay go together, and one kind is enough. */
int
egress_source_check(const struct egress_source *s, int line,
    struct problems *problems)
{
	const char *why = NULL;

	if (s->ha_proxy_server != NULL && s->socks5_proxy_server != NULL)
		why = "ha_proxy_server and socks5_proxy_server exclude each "
		    "other";
	else if ((s->ha_proxy_server != NULL) !=
	    (s->ha_proxy_source_address.family != IP_NONE))
		why = "ha_proxy_server and ha_proxy_source_address need each "
		    "other";
	else if (s->socks5_proxy_server == NULL &&
	    (s->socks5_proxy_source_address.family != IP_NONE ||
	    s->socks5_proxy_username != NULL))
		why = "the socks5 options need socks5_proxy_server";
	else if ((s->socks5_proxy_username != NULL) !=
	    (s->socks5_proxy_password.path != NULL ||
	    s->socks5_proxy_password.data != NULL))
		why = "socks5_proxy_username and socks5_proxy_password need "
		    "each other";
	if (why == NULL)
		return 0;
	problem_add(problems, line, "source '%.100s': %s", s->name, why);
	return -1;
}

int
egress_source_read(struct egress_source *s, const struct value *map,
    struct problems *problems)
{
	if (option_read(&egress_source_table, s, map, problems) != 0)
		return -1;
	if (egress_source_check(s, map->line, problems) == 0)
		return 0;
	egress_source_free(s);
	return -1;
}
