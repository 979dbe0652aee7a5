/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports about mail, in multipart/report (RFC 6522): on its delivery (RFC
 * 3464) and on complaints (RFC 5965). What is read lies in an arena.
 */
#ifndef LIB_MIME_REPORT_H
#define LIB_MIME_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mime/part.h"

struct charsets;

enum { REPORT_RECIPIENTS_MAX = 1000, REPORT_FIELDS_MAX = 1000 };

enum report_kind {
	REPORT_NONE, /* another message */
	REPORT_READ,
	REPORT_BAD,  /* one, but broken */
};

/* "dns; host.example" */
struct report_typed {
	struct span type, text; /* type.p NULL: not there */
};

struct report_date {
	bool given;
	int64_t seconds;
};

/* A field that the standard does not name, or one of several. */
struct report_field {
	struct span name; /* in lower case */
	struct span value;
	bool taken;       /* is a member of the struct beside it */
};

struct report_fields {
	struct report_field *v;
	size_t n;
};

struct dsn_status {
	uint8_t class;
	uint16_t subject, detail;
	struct span comment; /* p NULL: none */
};

struct dsn_recipient {
	struct report_typed original, final; /* final is always there */
	struct span action;                  /* in lower case, always there */
	struct dsn_status status;
	struct report_typed remote_mta, diagnostic;
	struct report_date last_attempt, retry_until;
	struct span final_log_id;            /* p NULL: none */
	struct report_fields fields;
};

struct dsn {
	struct report_typed reporting_mta; /* always there */
	struct span envelope_id;
	struct report_typed gateway, received_from;
	struct report_date arrival;
	struct report_fields fields;
	struct dsn_recipient *v;
	size_t n;
	struct span original; /* message or its header; p NULL: none */
};

enum report_kind dsn_parse(struct arena *a, const struct charsets *charsets,
    const struct mime *m, struct dsn *out, const char **why_out);

struct report_texts {
	struct span *v;
	size_t n;
};

struct feedback {
	struct span type, user_agent, version; /* always there */
	struct report_date arrival;
	bool has_incidents;
	uint32_t incidents;
	struct span envelope_id, mail_from; /* p NULL: none */
	struct report_typed reporting_mta;
	struct span source_ip;
	struct report_texts authentication_results, rcpt_to, domains, uris;
	struct report_fields fields;
	struct span original;
	struct span supplemental; /* JSON of our trace field in it; or NULL */
};

enum report_kind feedback_parse(struct arena *a,
    const struct charsets *charsets, const struct mime *m,
    struct feedback *out, const char **why_out);

/* ---- making ------------------------------------------------------------- */

enum dsn_return {
	DSN_RETURN_FULL,
	DSN_RETURN_HEADERS,
	DSN_RETURN_NOTHING,
};

/* One message that will not be delivered to these recipients. */
struct dsn_making {
	struct report_typed reporting_mta;
	struct span sender;           /* to whom the report goes */
	const struct span *recipients;
	size_t n;
	bool expired;                 /* else refused */
	struct span peer_name, peer_addr; /* who refused; may be empty */
	uint16_t code;                /* of the answer, with its text */
	bool has_status;
	struct dsn_status status;
	struct span text;
	int64_t arrived, failed;      /* seconds */
	int64_t now_us;
	enum dsn_return returns;
	struct span original;         /* the message, unless nothing returns */
	struct span id;               /* of the report's Message-ID */
	bool stable;                  /* the same bytes each time, for tests */
};

/* Appends the report as a message. */
void dsn_make(const struct dsn_making *d, struct buf *out);

#endif
