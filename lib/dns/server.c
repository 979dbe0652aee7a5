/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/server.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/settings/dns_opts.h"

enum { CLASS_IN = 1, SEC_BOGUS = 1, SEC_SECURE = 2 };

#define ROOT_KEY "/usr/share/dns/root.key"
#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS_FILE "/etc/hosts"

struct dns_server {
	struct ub_ctx *ctx;
	/* Of ub_ctx_delete: what is open then is not answered. */
	bool closing;
};

struct server_question {
	struct dns_server *server;
	uint16_t type;
	dns_done_fn *done;
	void *arg;
};

/* ---- options ------------------------------------------------------------ */

static bool
uses_resolv_conf(const struct dns_opts *o)
{
	return o->backend == DNS_SYSTEM && o->name_servers.n == 0;
}

static bool
uses_hosts(const struct dns_opts *o)
{
	return o->options.use_hosts_file != DNS_HOSTS_NEVER;
}

bool
dns_server_needs_files(const struct dns_opts *o)
{
	return uses_resolv_conf(o) || uses_hosts(o) || o->options.validate ||
	    o->options.trust_anchor_file.file != NULL;
}

static const char *
anchor_file(const struct dns_opts *o)
{
	if (o->options.trust_anchor_file.file != NULL)
		return o->options.trust_anchor_file.file;
	return ROOT_KEY;
}

static bool
is_set(const struct dns_opts *o, const char *name)
{
	return option_is_set(&dns_resolver_options_table, &o->options, name);
}

/* Do all servers have this protocol? */
static bool
protocol_is(const struct dns_opts *o, int protocol)
{
	size_t i;

	for (i = 0; i < o->name_servers.n; i++) {
		if (o->name_servers.v[i].protocol != protocol)
			return false;
	}
	return o->name_servers.n != 0;
}

static int
servers_check(const struct dns_opts *o, struct problems *p)
{
	const struct name_server *first, *s;
	size_t i;

	for (i = 0; i < o->name_servers.n; i++) {
		first = &o->name_servers.v[0];
		s = &o->name_servers.v[i];
		if (s->protocol != first->protocol) {
			problem_add(p, 0, "dns: all name_servers must have "
			    "the same protocol");
			return -1;
		}
		if (!ip_eq(&s->bind_addr, &first->bind_addr)) {
			problem_add(p, 0, "dns: all name_servers must have "
			    "the same bind_addr");
			return -1;
		}
		if (!s->trust_negative_responses)
			problem_notice(p, 0, "dns: trust_negative_responses "
			    "changes nothing here: an answer is an answer");
	}
	return 0;
}

int
dns_server_check(const struct dns_opts *o, struct problems *p)
{
	if (servers_check(o, p) == -1)
		return -1;
	if (o->options.trust_anchor_file.managed) {
		problem_add(p, 0, "dns: trust_anchor_file: a managed file "
		    "cannot be written by the jailed resolver: name the file "
		    "itself and keep it up to date with unbound-anchor(8)");
		return -1;
	}
	if (o->options.validate && access(anchor_file(o), R_OK) == -1) {
		problem_add(p, 0, "dns: validate needs a trust anchor, and %s "
		    "cannot be read: install dns-root-data or set "
		    "trust_anchor_file", anchor_file(o));
		return -1;
	}
	if (!o->options.edns0)
		problem_notice(p, 0, "dns: edns0 = false changes nothing here: "
		    "libunbound falls back by itself");
	if (o->options.try_tcp_on_error)
		problem_notice(p, 0, "dns: try_tcp_on_error changes nothing "
		    "here: TCP is used for truncated answers");
	if (o->search.n != 0 || o->domain != NULL || is_set(o, "ndots"))
		problem_notice(p, 0, "dns: domain, search and ndots change "
		    "nothing here: mail names are always whole");
	return 0;
}

/* ---- making ------------------------------------------------------------- */

static void
set(struct ub_ctx *ctx, const char *option, const char *value)
{
	int err = ub_ctx_set_option(ctx, option, value);

	if (err != 0)
		log_warnx("dns: libunbound does not take %s %s: %s", option,
		    value, ub_strerror(err));
}

static void
set_number(struct ub_ctx *ctx, const char *option, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	set(ctx, option, text);
}

static void
set_ttls(struct ub_ctx *ctx, const struct dns_opts *o)
{
	const struct dns_resolver_options *r = &o->options;

	if (r->positive_max_ttl >= 0)
		set_number(ctx, "cache-max-ttl:", r->positive_max_ttl / 1000);
	if (r->positive_min_ttl >= 0)
		set_number(ctx, "cache-min-ttl:", r->positive_min_ttl / 1000);
	if (r->negative_max_ttl >= 0)
		set_number(ctx, "cache-max-negative-ttl:",
		    r->negative_max_ttl / 1000);
}

static void
set_options(struct ub_ctx *ctx, const struct dns_opts *o)
{
	char bind[IP_TEXT_MAX];

	set(ctx, "module-config:",
	    o->options.validate ? "validator iterator" : "iterator");
	/* A resolver on this host is as good as any. */
	set(ctx, "do-not-query-localhost:", "no");
	set(ctx, "use-syslog:", "no");
	/* Private networks have their names too. */
	set(ctx, "unblock-lan-zones:", "yes");
	set(ctx, "insecure-lan-zones:", "yes");
	set_number(ctx, "num-queries-per-thread:", 4096);
	set_number(ctx, "outgoing-range:", 4096);
	/* About a kilobyte for an answer of a few records. */
	set_number(ctx, "msg-cache-size:",
	    (int64_t)o->options.cache_size * 512 + 65536);
	set_number(ctx, "rrset-cache-size:",
	    (int64_t)o->options.cache_size * 1024 + 65536);
	if (o->options.case_randomization)
		set(ctx, "use-caps-for-id:", "yes");
	if (is_set(o, "attempts"))
		set_number(ctx, "outbound-msg-retry:", o->options.attempts);
	set_ttls(ctx, o);
	if (protocol_is(o, DNS_TCP))
		set(ctx, "tcp-upstream:", "yes");
	if (protocol_is(o, DNS_UDP))
		set(ctx, "do-tcp:", "no");
	if (o->name_servers.n != 0 &&
	    o->name_servers.v[0].bind_addr.family != IP_NONE)
		set(ctx, "outgoing-interface:",
		    ip_format(&o->name_servers.v[0].bind_addr, bind));
}

static int
set_servers(struct ub_ctx *ctx, const struct dns_opts *o, char **why_out)
{
	char ip[IP_TEXT_MAX], *at;
	size_t i;
	int err = 0;

	for (i = 0; i < o->name_servers.n && err == 0; i++) {
		const struct ip *a = &o->name_servers.v[i].socket_addr;

		at = xasprintf("%s@%u", ip_format(a, ip),
		    a->port != 0 ? a->port : 53u);
		err = ub_ctx_set_fwd(ctx, at);
		if (err != 0)
			*why_out = xasprintf("name server %s: %s", at,
			    ub_strerror(err));
		free(at);
	}
	if (uses_resolv_conf(o) && ub_ctx_resolvconf(ctx, RESOLV_CONF) != 0)
		log_warnx("dns: %s cannot be read, asking from the root",
		    RESOLV_CONF);
	return err == 0 ? 0 : -1;
}

static int
set_files(struct ub_ctx *ctx, const struct dns_opts *o, char **why_out)
{
	int err;

	if (uses_hosts(o) && ub_ctx_hosts(ctx, HOSTS_FILE) != 0)
		log_warnx("dns: %s cannot be read", HOSTS_FILE);
	if (!o->options.validate)
		return 0;
	err = ub_ctx_add_ta_file(ctx, anchor_file(o));
	if (err != 0) {
		*why_out = xasprintf("trust anchor %s: %s", anchor_file(o),
		    ub_strerror(err));
		return -1;
	}
	return 0;
}

static void
ignore_answer(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int limited)
{
	(void)arg;
	(void)rcode;
	(void)packet;
	(void)len;
	(void)sec;
	(void)why_bogus;
	(void)limited;
}

struct dns_server *
dns_server_new(struct loop *loop, const struct dns_opts *o, char **why_out)
{
	struct dns_server *s = xcalloc(1, sizeof(*s));
	int err;

	s->ctx = ub_ctx_create_event(loop_base(loop));
	if (s->ctx == NULL) {
		*why_out = xstrdup("libunbound does not start");
		dns_server_free(&s);
		return NULL;
	}
	ub_ctx_debugout(s->ctx, NULL);
	set_options(s->ctx, o);
	if (set_servers(s->ctx, o, why_out) == -1 ||
	    set_files(s->ctx, o, why_out) == -1) {
		dns_server_free(&s);
		return NULL;
	}
	/*
	 * The first question makes libunbound open its files, and this one
	 * needs no server: from here on it opens none.
	 */
	err = ub_resolve_event(s->ctx, "localhost.", DNS_A, CLASS_IN, NULL,
	    ignore_answer, NULL);
	/* Built in as "no such name"; the operator's servers may have it. */
	if (err == 0)
		err = ub_ctx_zone_remove(s->ctx, "test.");
	if (err != 0) {
		*why_out = xasprintf("libunbound: %s", ub_strerror(err));
		dns_server_free(&s);
	}
	return s;
}

void
dns_server_free(struct dns_server **sp)
{
	struct dns_server *s = *sp;

	if (s == NULL)
		return;
	s->closing = true;
	if (s->ctx != NULL)
		ub_ctx_delete(s->ctx);
	free(s);
	*sp = NULL;
}

/* ---- asking ------------------------------------------------------------- */

static void
server_answered(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int limited)
{
	struct server_question *q = arg;
	struct arena arena = { .blocks = NULL };
	struct dns_answer answer = { .status = DNS_FAILED };

	(void)limited;
	if (q->server->closing) {
		free(q);
		return;
	}
	if (rcode != 0 || packet == NULL || len < 0)
		answer.why = "the servers failed";
	else if (sec == SEC_BOGUS)
		answer.why = why_bogus != NULL && *why_bogus != '\0' ?
		    why_bogus : "the answer failed validation";
	else
		dns_message_read(span_make(packet, (size_t)len), q->type,
		    &answer, &arena);
	answer.secure = sec == SEC_SECURE;
	q->done(q->arg, &answer);
	arena_free(&arena);
	free(q);
}

void
dns_server_ask(struct dns_server *s, const char *name, uint16_t type,
    dns_done_fn *done, void *arg)
{
	struct server_question *q = xmalloc(sizeof(*q));
	struct dns_answer answer = { .status = DNS_FAILED };
	int err;

	*q = (struct server_question){ s, type, done, arg };
	err = ub_resolve_event(s->ctx, name, type, CLASS_IN, q,
	    server_answered, NULL);
	if (err != 0) {
		free(q);
		answer.why = ub_strerror(err);
		done(arg, &answer);
	}
}
