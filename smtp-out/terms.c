/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/terms.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/wire.h"

void
terms_read(struct terms *t, struct span path, struct span source,
    struct span protocol)
{
	struct reader r;

	egress_path_defaults(&t->path);
	egress_source_defaults(&t->source);
	protocol_defaults(&t->protocol);
	t->damaged = false;
	if (path.len > 0) {
		egress_path_free(&t->path);
		reader_init(&r, path);
		egress_path_get(&r, &t->path);
		t->damaged |= !reader_end(&r);
	}
	if (source.len > 0) {
		egress_source_free(&t->source);
		reader_init(&r, source);
		egress_source_get(&r, &t->source);
		t->damaged |= !reader_end(&r);
	}
	if (protocol.len > 0) {
		protocol_free(&t->protocol);
		reader_init(&r, protocol);
		protocol_get(&r, &t->protocol);
		t->damaged |= !reader_end(&r);
	}
}

void
terms_free(struct terms *t)
{
	egress_path_free(&t->path);
	egress_source_free(&t->source);
	protocol_free(&t->protocol);
}

const char *
terms_unmet(const struct terms *t)
{
	const struct egress_path *p = &t->path;

	if (t->damaged)
		return "the session's configuration, which is damaged,";
	if (p->smtp_auth_plain_username != NULL)
		return "option smtp_auth_plain_username of the egress path";
	if (p->smtp_auth_plain_password.path != NULL ||
	    p->smtp_auth_plain_password.data != NULL)
		return "option smtp_auth_plain_password of the egress path";
	if (p->enable_dane)
		return "option enable_dane of the egress path";
	/* On by default, and then a wish; by name it is a demand. */
	if (p->enable_mta_sts &&
	    option_is_set(&egress_path_table, p, "enable_mta_sts"))
		return "option enable_mta_sts of the egress path";
	if (t->source.ha_proxy_server != NULL)
		return "option ha_proxy_server of the egress source";
	if (t->source.socks5_proxy_server != NULL)
		return "option socks5_proxy_server of the egress source";
	return NULL;
}

bool
terms_tls_required(const struct terms *t)
{
	return t->path.enable_tls == TLS_REQUIRED ||
	    t->path.enable_tls == TLS_REQUIRED_INSECURE;
}

bool
terms_tls_opportunistic(const struct terms *t)
{
	return t->path.enable_tls == TLS_OPPORTUNISTIC ||
	    t->path.enable_tls == TLS_OPPORTUNISTIC_INSECURE;
}

bool
terms_tls_verified(const struct terms *t)
{
	return t->path.enable_tls == TLS_OPPORTUNISTIC ||
	    t->path.enable_tls == TLS_REQUIRED;
}
