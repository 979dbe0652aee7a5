/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns and what they match. A name has few patterns that could match it,
 * one per dot: each is looked up, so that the cost does not grow with the
 * configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/suite.h"

enum { PATTERN_MAX = 1024, NAME_MAX_BYTES = 512 };

/* ---- normal forms ------------------------------------------------------- */

static bool
pattern_bytes(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

/* "*", "*.example.com", "example.com" */
static const char *
pattern_wrong(struct span s)
{
	if (s.len == 0 || s.len > PATTERN_MAX || !pattern_bytes(s))
		return "is no domain; wanted 'example.com', '*.example.com' "
		    "or '*'";
	if (span_eq_str(s, "*"))
		return NULL;
	if (span_starts(s, "*."))
		s = span_from(s, 2);
	if (s.len == 0 || span_find(s, '*') >= 0)
		return "has a * in another place than '*' alone or '*.' in "
		    "front";
	if (span_find(s, '!') >= 0)
		return "holds a routing domain, which cannot be matched";
	return NULL;
}

/* The prefix as it is, then the pattern in lower case. */
static char *
pattern_key(struct span text, size_t prefix, const char **why_out)
{
	char *key;

	*why_out = pattern_wrong(span_from(text, prefix));
	if (*why_out != NULL || !pattern_bytes(text)) {
		if (*why_out == NULL)
			*why_out = "holds a space or control";
		return NULL;
	}
	key = span_dup(text);
	ascii_lower_all(key + prefix, text.len - prefix);
	return key;
}

char *
suite_domain_key(struct span text, const char **why_out)
{
	return pattern_key(text, 0, why_out);
}

char *
suite_queue_key(struct span text, const char **why_out)
{
	size_t at = text.len;

	while (at > 0 && text.p[at - 1] != '@')
		at--;
	if (at == 1) {
		*why_out = "has no tenant in front of the @";
		return NULL;
	}
	return pattern_key(text, at, why_out);
}

char *
suite_path_key(struct span text, const char **why_out)
{
	const char *arrow = memmem(text.p, text.len, "->", 2);
	size_t prefix = 0;

	if (arrow != NULL)
		prefix = (size_t)(arrow - text.p) + 2;
	if (prefix == 2) {
		*why_out = "has no source in front of the ->";
		return NULL;
	}
	if (arrow != NULL && memmem(text.p + prefix, text.len - prefix, "->",
	    2) != NULL) {
		*why_out = "names two sources";
		return NULL;
	}
	return pattern_key(text, prefix, why_out);
}

/* ---- laying patterns together ------------------------------------------- */

struct lookup {
	const struct option_table *table;
	const struct map *index;
	void *out;
	struct buf key;
	bool found;
};

/* Lay over what prefix, an optional "*" and name stand for. */
static void
lookup_lay(struct lookup *l, struct span prefix, bool star, struct span name)
{
	const void *options;

	buf_clear(&l->key, NAME_MAX_BYTES);
	buf_add_span(&l->key, prefix);
	if (star)
		buf_add_byte(&l->key, '*');
	buf_add_span(&l->key, name);
	ascii_lower_all((char *)buf_data(&l->key) + prefix.len,
	    buf_len(&l->key) - prefix.len);
	options = map_get(l->index, buf_span(&l->key));
	if (options == NULL)
		return;
	option_overlay(l->table, l->out, options);
	l->found = true;
}

/* Without a prefix, then with it, if there is one. */
static void
lookup_both(struct lookup *l, struct span prefix, bool star, struct span name)
{
	lookup_lay(l, span_of(""), star, name);
	if (prefix.len != 0)
		lookup_lay(l, prefix, star, name);
}

/* All patterns of one name below "*": "*.com", "*.example.com", the name. */
static void
lookup_name(struct lookup *l, struct span prefix, struct span name, bool both)
{
	size_t at;

	if (name.len == 0 || name.len > NAME_MAX_BYTES)
		return;
	for (at = name.len; at-- > 1;) {
		if (name.p[at] != '.')
			continue;
		if (both)
			lookup_both(l, prefix, true, span_from(name, at));
		else
			lookup_lay(l, prefix, true, span_from(name, at));
	}
	if (both)
		lookup_both(l, prefix, false, name);
	else
		lookup_lay(l, prefix, false, name);
}

static void
lookup_prefixed(struct lookup *l, struct span prefix, struct span name)
{
	lookup_lay(l, prefix, true, span_of(""));
	lookup_name(l, prefix, name, false);
}

bool
suite_queue_config(const struct suite *s, struct span domain,
    struct span tenant, struct span campaign, struct queue_config *out)
{
	struct lookup l = { .table = &queue_config_table,
		.index = &s->index.queues, .out = out };
	struct buf prefix = { 0 };

	*out = s->base.queue;
	lookup_prefixed(&l, span_of(""), domain);
	if (tenant.len != 0) {
		buf_add_span(&prefix, tenant);
		buf_add_byte(&prefix, '@');
		lookup_prefixed(&l, buf_span(&prefix), domain);
	}
	if (campaign.len != 0) {
		buf_clear(&prefix, NAME_MAX_BYTES);
		buf_add_span(&prefix, campaign);
		buf_add_byte(&prefix, ':');
		buf_add_span(&prefix, tenant);
		buf_add_byte(&prefix, '@');
		lookup_prefixed(&l, buf_span(&prefix), domain);
	}
	buf_free(&prefix);
	buf_free(&l.key);
	return l.found;
}

bool
suite_path(const struct suite *s, struct span domain, struct span source,
    struct span site, struct egress_path *out)
{
	struct lookup l = { .table = &egress_path_table,
		.index = &s->index.paths, .out = out };
	struct buf prefix = { 0 };

	*out = s->base.path;
	if (source.len != 0) {
		buf_add_span(&prefix, source);
		buf_add_str(&prefix, "->");
	}
	lookup_both(&l, buf_span(&prefix), true, span_of(""));
	lookup_name(&l, buf_span(&prefix), site, true);
	lookup_name(&l, buf_span(&prefix), domain, true);
	buf_free(&prefix);
	buf_free(&l.key);
	return l.found;
}

bool
suite_domain(const struct suite *s, struct span domain,
    struct listener_domain *out)
{
	struct lookup l = { .table = &listener_domain_table,
		.index = &s->index.domains, .out = out };

	*out = s->base.domain;
	lookup_prefixed(&l, span_of(""), domain);
	buf_free(&l.key);
	return l.found;
}

const struct egress_source *
suite_source(const struct suite *s, struct span name)
{
	return map_get(&s->index.sources, name);
}

const struct egress_pool *
suite_pool(const struct suite *s, struct span name)
{
	return map_get(&s->index.pools, name);
}

/* A handful, declared by hand. */
const struct dns_opts *
suite_resolver(const struct suite *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->resolvers.n; i++) {
		if (strcmp(s->resolvers.v[i].name, name) == 0)
			return &s->resolvers.v[i].config;
	}
	return NULL;
}
