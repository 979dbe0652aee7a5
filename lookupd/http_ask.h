/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP as scripts ask for it. */
#ifndef LOOKUPD_HTTP_ASK_H
#define LOOKUPD_HTTP_ASK_H

#include "lib/base/span.h"

struct ask;
struct value;

/*
 * LOOKUP_HTTP: {method, url, fields = list of {name, value}, body, timeout_ms,
 * idle_ms, accept_invalid_certs, verbose}. Gives {status, fields, body}.
 */
void http_ask_start(struct ask *a);
void http_ask_cancel(struct ask *a);
/* LOOKUP_HTTP_CLOSE: {idle_ms, accept_invalid_certs}; gives nil. */
void http_ask_close(struct ask *a);
/* A field of a response as scripts get it: {name in lower case, value}. */
struct value *http_ask_field(struct span name, struct span value);

#endif
