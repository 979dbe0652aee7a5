/* SPDX-License-Identifier: Apache-2.0 */
#include "smtpd/conf.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/wire.h"
#include "lib/policy/door.h"
#include "lib/policy/policy.h"
#include "lib/settings/suite.h"

/* A copy that owns itself: by the form between processes, as it came here. */
static void
listener_copy(const struct listener *from, struct listener *to)
{
	struct buf b = { 0 };
	struct reader r;

	listener_put(&b, from);
	reader_init(&r, buf_span(&b));
	listener_get(&r, to);
	buf_free(&b);
}

/* Every pattern that any log wants, once. */
static void
captures_collect(struct conf *c, const struct suite *suite)
{
	size_t i, j, k;

	for (i = 0; i < suite->logs.n; i++) {
		const struct texts *t = &suite->logs.v[i].headers;

		for (j = 0; j < t->n; j++) {
			struct span p = span_of(t->v[j]);

			for (k = 0; k < c->ncaptures; k++) {
				if (span_ieq(c->captures[k], p))
					break;
			}
			if (k < c->ncaptures)
				continue;
			c->captures = xreallocarray(c->captures,
			    c->ncaptures + 1, sizeof(*c->captures));
			c->captures[c->ncaptures++] =
			    span_make(span_dup(p), p.len);
		}
	}
}

struct conf *
conf_new(const struct suite *suite, const struct key_list *keys)
{
	struct conf *c = xcalloc(1, sizeof(*c));
	size_t i;

	c->refs = 1;
	c->n = suite->listeners.n;
	c->v = xcalloc(c->n, sizeof(*c->v));
	for (i = 0; i < c->n; i++) {
		struct conf_listener *l = &c->v[i];

		listener_copy(&suite->listeners.v[i], &l->params);
		l->has_overlays = l->params.peer.n > 0 || l->params.via.n > 0;
		listener_resolve(&l->params, NULL, NULL, &l->shared);
	}
	c->hostname = xstrdup(suite->hostname != NULL ? suite->hostname :
	    "localhost");
	c->store_deadline = suite->spool.store_deadline;
	captures_collect(c, suite);
	keys_take(&c->keys, keys);
	return c;
}

void
conf_prepare_tls(struct conf *c)
{
	const struct listener *l;
	size_t i;

	for (i = 0; i < c->n; i++) {
		l = &c->v[i].shared;
		keys_server(&c->keys, l, span_of(l->hostname != NULL ?
		    l->hostname : c->hostname));
	}
}

static void
events_known(struct conf *c)
{
	const struct {
		bool *on;
		const char *event;
	} rows[] = {
		{ &c->on.dynamic_parameters,
		    "smtp_server_get_dynamic_parameters" },
		{ &c->on.connection_accepted,
		    "smtp_server_connection_accepted" },
		{ &c->on.ehlo, "smtp_server_ehlo" },
		{ &c->on.auth_plain, "smtp_server_auth_plain" },
		{ &c->on.mail_from, "smtp_server_mail_from" },
		{ &c->on.listener_domain, "get_listener_domain" },
		{ &c->on.rcpt_to, "smtp_server_rcpt_to" },
		{ &c->on.data, "smtp_server_data" },
		{ &c->on.split_transaction, "smtp_server_split_transaction" },
		{ &c->on.message_received, "smtp_server_message_received" },
		{ &c->on.rewrite_response, "smtp_server_rewrite_response" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		*rows[i].on = policy_has(c->policy, rows[i].event);
}

int
conf_load_policy(struct conf *c, struct loop *loop, const struct suite *suite,
    struct door *door)
{
	struct policy_error error = { 0 };

	if (suite->bundle.n == 0)
		return 0;
	c->policy = policy_load(loop, suite, &error);
	if (c->policy == NULL) {
		log_warnx("policy: %s", error.text);
		policy_error_free(&error);
		return -1;
	}
	policy_set_door(c->policy, door);
	events_known(c);
	return 0;
}

struct conf *
conf_ref(struct conf *c)
{
	c->refs++;
	return c;
}

void
conf_unref(struct conf **cp)
{
	struct conf *c = *cp;
	size_t i;

	*cp = NULL;
	if (c == NULL || --c->refs > 0)
		return;
	policy_free(&c->policy);
	keys_free(&c->keys);
	for (i = 0; i < c->n; i++) {
		listener_unresolve(&c->v[i].shared);
		listener_free(&c->v[i].params);
	}
	for (i = 0; i < c->ncaptures; i++)
		free((char *)(uintptr_t)c->captures[i].p);
	free(c->captures);
	free(c->v);
	free(c->hostname);
	free(c);
}
