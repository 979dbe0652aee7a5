/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files that scripts name. The daemons open no file, and what a handler
 * will give at run time is not known when the configuration is loaded; so
 * names are gathered in two ways. What kumo.make_egress_path is given while
 * the policy is loaded is sure. And all scripts and data files of the bundle
 * are searched for tls_certificate and tls_private_key with a plain quoted
 * name behind them, as in
 *	tls_private_key = '/etc/ekiden/client.key'
 *	"tls_private_key": "/etc/ekiden/client.key"
 * which is what a handler looks like as a rule; such a name is a guess. In the
 * braces of kumo.make_egress_path it is one of delivery; anywhere else it is a
 * listener's if the policy has a handler that gives options of listeners.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/policy/state.h"
#include "lib/settings/suite_keys.h"

#define PATHS "kumo.make_egress_path"
#define LISTENERS "kumo.start_esmtp_listener"

/* ---- what was made while loading ---------------------------------------- */

static int64_t
source_add(struct key_list *l, const struct key_source *source,
    enum tls_pem_use use, const char *option)
{
	uint32_t at;
	char *where;

	if (source->path == NULL)
		return -1;
	where = suite_key_where(source, option, PATHS);
	at = key_list_add(l, span_of(source->path), use, false, where);
	free(where);
	return at;
}

void
key_names_made(struct policy *p, const struct egress_path *path)
{
	struct key_list *l = &p->suite->script_keys.delivery;
	int64_t chain, key;

	/* More than that is refused later; what may be said stays bounded. */
	if (l->n > KEY_LIST_MAX)
		return;
	chain = source_add(l, &path->tls_certificate, TLS_PEM_CHAIN,
	    "tls_certificate");
	key = source_add(l, &path->tls_private_key, TLS_PEM_KEY,
	    "tls_private_key");
	if (chain != -1 && key != -1)
		key_list_pair(l, (uint32_t)chain, (uint32_t)key,
		    l->v[key].where);
}

/* ---- what is written ----------------------------------------------------- */

struct search {
	struct span text;
	size_t at;
	int line;
	bool lua; /* has its comments and brackets; else any data */
	const char *file;
	struct suite_script_keys *out;
	bool dynamic;      /* listeners have keys of handlers, too */
	size_t depth;      /* of braces */
	size_t path_depth; /* of those of kumo.make_egress_path, 0 = outside */
	bool path_begins;  /* its name was read just now */
	int64_t chain, key; /* seen in these braces, -1 = not yet */
};

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

static char
peek(const struct search *s, size_t ahead)
{
	return s->at + ahead < s->text.len ? s->text.p[s->at + ahead] : '\0';
}

static void
skip(struct search *s, const char *set)
{
	while (s->at < s->text.len && strchr(set, s->text.p[s->at]) != NULL &&
	    s->text.p[s->at] != '\0')
		s->at++;
}

static void
skip_line(struct search *s)
{
	while (s->at < s->text.len && s->text.p[s->at] != '\n')
		s->at++;
}

/* At "--": to the end of the line, or of "--[==[ ... ]==]". */
static void
skip_comment(struct search *s)
{
	size_t level = 0, i;

	s->at += 2;
	if (peek(s, 0) != '[') {
		skip_line(s);
		return;
	}
	while (peek(s, 1 + level) == '=')
		level++;
	if (peek(s, 1 + level) != '[') {
		skip_line(s);
		return;
	}
	for (s->at += level + 2; s->at < s->text.len; s->at++) {
		s->line += peek(s, 0) == '\n';
		if (peek(s, 0) != ']')
			continue;
		for (i = 0; i < level && peek(s, 1 + i) == '='; i++)
			;
		if (i == level && peek(s, 1 + i) == ']') {
			s->at += level + 2;
			return;
		}
	}
}

/* At a quote: what is between it and the next one, if that is plain. */
static struct span
quoted(struct search *s)
{
	char quote = s->text.p[s->at++];
	size_t from = s->at;
	bool plain = true;
	struct span in;

	while (s->at < s->text.len && peek(s, 0) != quote &&
	    peek(s, 0) != '\n') {
		if (peek(s, 0) == '\\') {
			plain = false;
			s->at++;
		}
		s->at++;
	}
	/* A last backslash may have led behind the end. */
	if (s->at >= s->text.len || peek(s, 0) != quote) {
		s->at = s->at < s->text.len ? s->at : s->text.len;
		return span_of("");
	}
	in = span_make(s->text.p + from, s->at - from);
	s->at++;
	return plain && memchr(in.p, '\0', in.len) == NULL ? in : span_of("");
}

static void
found(struct search *s, struct span name, bool is_key, int line)
{
	bool of_path = s->path_depth > 0 || !s->dynamic;
	struct key_list *l = of_path ? &s->out->delivery : &s->out->listeners;
	int64_t *mine = is_key ? &s->key : &s->chain;
	char *where;

	if (l->n > KEY_LIST_MAX)
		return;
	where = xasprintf("%s:%d: option '%s' of %s", s->file, line,
	    is_key ? "tls_private_key" : "tls_certificate", of_path ? PATHS :
	    LISTENERS);
	*mine = key_list_add(l, name, is_key ? TLS_PEM_KEY : TLS_PEM_CHAIN,
	    true, where);
	if (s->chain != -1 && s->key != -1) {
		key_list_pair(l, (uint32_t)s->chain, (uint32_t)s->key, where);
		s->chain = s->key = -1;
	}
	free(where);
}

/* Behind the option's name: is a plain name given to it? */
static void
value_of(struct search *s, bool is_key)
{
	int line = s->line;
	struct span name;

	skip(s, "\"'] \t");
	if (peek(s, 0) != '=' && peek(s, 0) != ':')
		return;
	s->at++;
	skip(s, " \t");
	if (peek(s, 0) != '\'' && peek(s, 0) != '"')
		return;
	name = quoted(s);
	skip(s, " \t");
	/* Only a part of a name is no name. */
	if (name.len == 0 || (s->lua && peek(s, 0) == '.' &&
	    peek(s, 1) == '.'))
		return;
	found(s, name, is_key, line);
}

static void
word(struct search *s, struct span w)
{
	if (span_eq_str(w, "tls_certificate"))
		value_of(s, false);
	else if (span_eq_str(w, "tls_private_key"))
		value_of(s, true);
	s->path_begins = span_eq_str(w, "make_egress_path");
}

static void
brace(struct search *s, char c)
{
	s->chain = s->key = -1;
	if (c == '{') {
		s->depth++;
		if (s->path_begins && s->path_depth == 0)
			s->path_depth = s->depth;
	} else if (s->depth > 0) {
		if (s->depth == s->path_depth)
			s->path_depth = 0;
		s->depth--;
	}
	s->path_begins = false;
}

static void
search_step(struct search *s)
{
	char c = peek(s, 0);
	size_t from = s->at;

	if (is_word(c)) {
		while (is_word(peek(s, 0)))
			s->at++;
		word(s, span_make(s->text.p + from, s->at - from));
	} else if (s->lua && c == '-' && peek(s, 1) == '-') {
		skip_comment(s);
	} else if (s->lua && (c == '\'' || c == '"')) {
		word(s, quoted(s));
	} else {
		s->line += c == '\n';
		if (c == '{' || c == '}')
			brace(s, c);
		else if (strchr(" \t\r\n(", c) == NULL)
			s->path_begins = false;
		s->at++;
	}
}

void
key_names_search(struct policy *p)
{
	const bool dynamic = map_get(&p->events, SPAN_LIT(
	    "smtp_server_get_dynamic_parameters")) != NULL;
	const struct chunk *c;
	struct search s;
	bool data;
	size_t i;

	for (i = 0; i < p->bundle.n; i++) {
		c = &p->bundle.v[i];
		if (strncmp(c->name, "require:", 8) == 0)
			continue;
		data = strncmp(c->name, "file:", 5) == 0;
		s = (struct search){ .text = span_make(c->p, c->len),
			.line = 1, .lua = !data,
			.file = c->name + (data ? 5 : 0),
			.out = &p->suite->script_keys, .dynamic = dynamic,
			.chain = -1, .key = -1 };
		while (s.at < s.text.len)
			search_step(&s);
	}
}
