/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields that tell where a message has been: Received (RFC 5321 section
 * 4.4), and the supplemental field whose base64 JSON comes back in reports.
 */
#ifndef LIB_MAIL_TRACE_H
#define LIB_MAIL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"

struct trace_received {
	struct span helo;     /* as the client said; empty: its address */
	struct span peer_name; /* verified reverse name; may be empty */
	struct ip peer;
	struct span hostname; /* this host */
	struct span id;
	struct span recipient; /* when there is one only; else empty */
	bool esmtp;
	bool tls;
	bool authenticated;
	struct span tls_version; /* "TLSv1.3" */
	struct span tls_cipher;
	int64_t wall_us;
};

/* "SMTP", "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA" (RFC 3848). */
const char *trace_protocol(bool esmtp, bool tls, bool authenticated);
/* The folded field with its CRLF. */
void trace_received_put(struct buf *out, const struct trace_received *t);

struct trace_meta {
	struct span key;
	struct span json; /* the value as JSON text */
};

/*
 * The folded field with its CRLF. One recipient is written as text, several
 * as an array.
 */
void trace_supplemental_put(struct buf *out, struct span field_name,
    const struct span *recipients, size_t nrecipients,
    const struct trace_meta *meta, size_t nmeta);
/*
 * The JSON inside a field's raw value when it carries the marker: 0, or -1
 * (and nothing appended) for any other text.
 */
int trace_supplemental_get(struct span value, struct buf *json_out);

#endif
