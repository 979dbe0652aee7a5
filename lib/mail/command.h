/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SMTP command line, already cut at its CRLF, as verb and argument, and
 * the arguments of each verb. Spans point into the line. Each parser gives
 * NULL, or why the line is refused; *out then holds nothing of use.
 */
#ifndef LIB_MAIL_COMMAND_H
#define LIB_MAIL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/mail/address.h"
#include "lib/mail/refusal.h"

enum verb {
	VERB_UNKNOWN,
	VERB_FOREIGN, /* HTTP or TLS at this port: answer once, then close */
	VERB_HELO,
	VERB_EHLO,
	VERB_LHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_BDAT,
	VERB_RSET,
	VERB_NOOP,
	VERB_QUIT,
	VERB_VRFY,
	VERB_EXPN,
	VERB_HELP,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_XCLIENT,
	VERB_COUNT
};

struct command {
	enum verb verb;
	struct span word; /* the verb as given */
	struct span arg;  /* without spaces around it */
};

/*
 * Refuses controls, bad UTF-8, unknown verbs (500 5.5.1), and an argument
 * where none is allowed or none where one is needed (501 5.5.4). out->verb is
 * set in any case.
 */
const struct refusal *command_parse(struct span line, struct command *out);
/* "MAIL"; for logs. */
const char *command_verb_name(enum verb verb);

/* HELO, EHLO, LHLO: a domain or an address literal. */
struct command_helo {
	struct span name;
	bool literal;
};
const struct refusal *command_helo_parse(struct span arg,
    struct command_helo *out);

enum body_type { BODY_NOT_GIVEN, BODY_7BIT, BODY_8BITMIME };

struct command_mail {
	struct address from;
	uint64_t size; /* SIZE=; 0 when not given */
	bool has_size;
	enum body_type body;
	bool smtputf8;
	bool has_auth;
	struct span auth; /* AUTH= as xtext; decodes to "<>" or a mailbox */
};
const struct refusal *command_mail_parse(struct span arg,
    struct command_mail *out);

struct command_rcpt {
	struct address to;
};
/* smtputf8: did MAIL ask for it? */
const struct refusal *command_rcpt_parse(struct span arg, bool smtputf8,
    struct command_rcpt *out);

struct command_bdat {
	uint64_t size;
	bool last;
};
const struct refusal *command_bdat_parse(struct span arg,
    struct command_bdat *out);

struct command_auth {
	struct span mechanism; /* see mechanism_of() */
	bool has_initial;
	struct span initial; /* base64 as given; empty for "=" */
};
const struct refusal *command_auth_parse(struct span arg,
    struct command_auth *out);

#endif
