/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log record before it is JSON: what happened to a message, and where. Made
 * by the process that saw it, stored in the event journal together with the
 * message's envelope, written out by the logger. Field meanings: log-record
 * documentation, ekiden-logs(5).
 */
#ifndef LIB_MAIL_RECORD_H
#define LIB_MAIL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/uuid.h"
#include "lib/base/wire.h"

enum record_type {
	RECORD_RECEPTION,
	RECORD_DELIVERY,
	RECORD_BOUNCE,
	RECORD_TRANSIENT_FAILURE,
	RECORD_EXPIRATION,
	RECORD_ADMIN_BOUNCE,
	RECORD_OOB,
	RECORD_FEEDBACK,
	RECORD_REJECTION,
	RECORD_ADMIN_REBIND,
	RECORD_DEFERRED_INJECTION_REBIND,
	RECORD_DELAYED,
	RECORD_XFER_OUT,
	RECORD_XFER_IN,
	RECORD_TYPES
};

/* "Reception", "TransientFailure" ... */
const char *record_type_name(enum record_type type);

struct record {
	enum record_type type;
	int64_t time_us; /* wall time */

	/* The reply of the peer, or our own. */
	uint16_t code;
	bool has_enhanced;
	uint8_t enh_class;
	uint16_t enh_subject, enh_detail;
	struct span content;
	struct span command; /* "" is none */

	/* Other side: MX name or EHLO name, address (no port). "" is none. */
	struct span peer_name, peer_addr;
	bool peer_is_secure;

	/* Way out; empty where no attempt was made. */
	struct span site;    /* ready queue name */
	struct span pool, source;
	struct span source_address; /* ip:port */
	struct span delivery_protocol;
	struct span provider;

	struct span tls_cipher, tls_version;
	struct span *tls_subject;
	uint32_t n_tls_subject;
	struct uuid session; /* zero is none */

	/* The recipients concerned; none listed means the envelope's. */
	struct span *rcpts;
	uint32_t n_rcpts;
};

enum { RECORD_TEXT_MAX = 65536 };

void record_put(struct buf *b, const struct record *rec);
void record_get(struct reader *r, struct record *out, struct arena *a);

#endif
