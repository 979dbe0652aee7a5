/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of one configuration that sessions hold on to: it lives until the
 * last of them is gone, however often the suite is reloaded meanwhile.
 */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/settings/listener.h"
#include "smtpd/keys.h"

struct key_list;
struct loop;
struct policy;
struct suite;

struct conf_listener {
	struct listener params;
	struct listener shared; /* params, when nothing depends on the ends */
	bool has_overlays;      /* it does: each session resolves its own */
};

struct door;

struct conf {
	unsigned refs;
	struct conf_listener *v;
	size_t n;
	char *hostname; /* of the host */
	int64_t store_deadline; /* ms */
	struct span *captures;  /* patterns of header fields for the logs */
	size_t ncaptures;
	struct keys keys;       /* of the listeners */
	struct policy *policy;  /* NULL without one */
	struct {
		bool dynamic_parameters, connection_accepted, ehlo,
		    auth_plain, mail_from, listener_domain, rcpt_to, data,
		    split_transaction, message_received, rewrite_response;
	} on; /* which events it handles */
};

/* With one reference, the caller's. Keys are taken from the list. */
struct conf *conf_new(const struct suite *suite,
    const struct key_list *keys);
/*
 * Make ready what each listener shows in TLS, so that a fault is told now.
 * The TLS library must have been started.
 */
void conf_prepare_tls(struct conf *c);
/* Runs the suite's policy, inside the jail. -1 and a log line: it fails. */
int conf_load_policy(struct conf *c, struct loop *loop,
    const struct suite *suite, struct door *door);
struct conf *conf_ref(struct conf *c);
/* Clears the caller's pointer. */
void conf_unref(struct conf **c);

#endif
