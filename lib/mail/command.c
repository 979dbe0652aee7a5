/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/command.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mail/domain.h"
#include "lib/mail/xtext.h"

enum need { ARG_NONE, ARG_NEEDED, ARG_ANY };

enum { VERB_LEN = 8 };

/* Most frequent first: the table is searched from the front. */
static const struct {
	char name[VERB_LEN + 1];
	enum verb verb;
	enum need need;
} verbs[] = {
	{ "MAIL", VERB_MAIL, ARG_NEEDED },
	{ "RCPT", VERB_RCPT, ARG_NEEDED },
	{ "DATA", VERB_DATA, ARG_NONE },
	{ "BDAT", VERB_BDAT, ARG_NEEDED },
	{ "RSET", VERB_RSET, ARG_NONE },
	{ "EHLO", VERB_EHLO, ARG_NEEDED },
	{ "QUIT", VERB_QUIT, ARG_NONE },
	{ "STARTTLS", VERB_STARTTLS, ARG_NONE },
	{ "AUTH", VERB_AUTH, ARG_NEEDED },
	{ "NOOP", VERB_NOOP, ARG_ANY },
	{ "HELO", VERB_HELO, ARG_NEEDED },
	{ "LHLO", VERB_LHLO, ARG_NEEDED },
	{ "XCLIENT", VERB_XCLIENT, ARG_NEEDED },
	{ "VRFY", VERB_VRFY, ARG_ANY },
	{ "EXPN", VERB_EXPN, ARG_ANY },
	{ "HELP", VERB_HELP, ARG_ANY },
	{ "GET", VERB_FOREIGN, ARG_ANY },
	{ "POST", VERB_FOREIGN, ARG_ANY },
	{ "HEAD", VERB_FOREIGN, ARG_ANY },
	{ "PUT", VERB_FOREIGN, ARG_ANY },
	{ "DELETE", VERB_FOREIGN, ARG_ANY },
	{ "OPTIONS", VERB_FOREIGN, ARG_ANY },
	{ "CONNECT", VERB_FOREIGN, ARG_ANY },
	{ "PATCH", VERB_FOREIGN, ARG_ANY },
	{ "TRACE", VERB_FOREIGN, ARG_ANY },
	{ "PRI", VERB_FOREIGN, ARG_ANY },
};

static const struct refusal bad_bytes = { 501, "5.5.2",
	"Controls and bytes that are not UTF-8 have no place in a command" };
static const struct refusal unknown_verb = { 500, "5.5.1",
	"Command not recognized" };
static const struct refusal foreign_verb = { 500, "5.5.1",
	"This is an SMTP server" };
static const struct refusal arg_missing = { 501, "5.5.4",
	"Argument is missing" };
static const struct refusal arg_unwanted = { 501, "5.5.4",
	"No argument is allowed here" };
static const struct refusal bad_helo = { 501, "5.5.4",
	"Domain name or address literal is required" };
static const struct refusal mail_syntax = { 501, "5.5.4",
	"Syntax: MAIL FROM:<address> [parameters]" };
static const struct refusal rcpt_syntax = { 501, "5.5.4",
	"Syntax: RCPT TO:<address>" };
static const struct refusal bad_sender = { 501, "5.1.7",
	"Bad sender address syntax" };
static const struct refusal bad_recipient = { 501, "5.1.3",
	"Bad recipient address syntax" };
static const struct refusal needs_utf8 = { 553, "5.6.7",
	"Address needs SMTPUTF8" };
static const struct refusal bad_parameter = { 501, "5.5.4",
	"Bad parameter" };
static const struct refusal double_parameter = { 501, "5.5.4",
	"Parameter is given twice" };
static const struct refusal unknown_parameter = { 555, "5.5.4",
	"Parameter is not implemented" };
static const struct refusal bad_bdat = { 501, "5.5.4",
	"Syntax: BDAT size [LAST]" };
static const struct refusal bad_auth = { 501, "5.5.4",
	"Syntax: AUTH mechanism [initial-response]" };

/* Eight bytes with ASCII letters as capitals; no other byte becomes one. */
static uint64_t
verb_key(const char *p, size_t len)
{
	uint64_t key = 0;

	memcpy(&key, p, len);
	return key & 0xdfdfdfdfdfdfdfdfULL;
}

static const struct refusal *
verb_find(struct command *c)
{
	uint64_t key, name;
	size_t i;

	if (c->word.len == 0 || c->word.len > VERB_LEN)
		return &unknown_verb;
	key = verb_key(c->word.p, c->word.len);
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		memcpy(&name, verbs[i].name, sizeof(name));
		if (name != key)
			continue;
		c->verb = verbs[i].verb;
		if (c->verb == VERB_FOREIGN)
			return &foreign_verb;
		if (verbs[i].need == ARG_NONE && c->arg.len != 0)
			return &arg_unwanted;
		if (verbs[i].need == ARG_NEEDED && c->arg.len == 0)
			return &arg_missing;
		return NULL;
	}
	return &unknown_verb;
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && s.p[0] == ' ')
		s = span_from(s, 1);
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

const struct refusal *
command_parse(struct span line, struct command *out)
{
	unsigned seen = 0;
	ptrdiff_t space;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < line.len; i++)
		seen |= char_classes[(unsigned char)line.p[i]];
	/* A TLS handshake record. */
	if (line.len >= 2 && line.p[0] == 0x16 && line.p[1] == 0x03) {
		out->verb = VERB_FOREIGN;
		return &foreign_verb;
	}
	space = span_find(line, ' ');
	out->word = space < 0 ? line : span_make(line.p, (size_t)space);
	if (seen & CHAR_CONTROL)
		return &bad_bytes;
	if ((seen & CHAR_8BIT) && !text_is_utf8(line))
		return &bad_bytes;
	out->arg = trim(span_from(line, out->word.len));
	return verb_find(out);
}

const char *
command_verb_name(enum verb verb)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (verbs[i].verb == verb && verb != VERB_FOREIGN)
			return verbs[i].name;
	}
	return "-";
}

const struct refusal *
command_helo_parse(struct span arg, struct command_helo *out)
{
	struct address a;
	const char *why;
	char probe[DOMAIN_MAX + 2] = "x@";

	out->name = arg;
	out->literal = arg.len > 0 && arg.p[0] == '[';
	if (!out->literal)
		/* Hosts with "_" in their names are many and harmless. */
		return domain_valid(arg, DOMAIN_UNDERSCORE) ? NULL : &bad_helo;
	if (arg.len > DOMAIN_MAX)
		return &bad_helo;
	memcpy(probe + 2, arg.p, arg.len);
	return address_parse(span_make(probe, arg.len + 2), &a, &why) == 0 ?
	    NULL : &bad_helo;
}

/*
 * Behind "FROM:" or "TO:": the path, then the end or a space. Spaces before
 * the path are borne because many programs write them.
 */
static int
path_take(struct span *arg, const char *lead, unsigned flags,
    struct address *out)
{
	const char *why;
	size_t used;

	*arg = trim(span_from(*arg, strlen(lead)));
	if (address_path_parse(*arg, flags, out, &used, &why) != 0)
		return -1;
	*arg = span_from(*arg, used);
	return arg->len == 0 || arg->p[0] == ' ' ? 0 : -1;
}

struct parameter {
	struct span keyword;
	bool has_value;
	struct span value;
};

/* esmtp-param = esmtp-keyword ["=" esmtp-value]; 1, 0 at the end, or -1. */
static int
parameter_take(struct span *rest, struct parameter *out)
{
	struct span word;
	ptrdiff_t at;
	size_t i;

	*rest = trim(*rest);
	if (rest->len == 0)
		return 0;
	at = span_find(*rest, ' ');
	word = at < 0 ? *rest : span_make(rest->p, (size_t)at);
	*rest = span_from(*rest, word.len);
	at = span_find(word, '=');
	out->has_value = at >= 0;
	out->keyword = at < 0 ? word : span_make(word.p, (size_t)at);
	out->value = span_from(word, out->keyword.len + 1);
	for (i = 0; i < out->keyword.len; i++) {
		if (!char_is(out->keyword.p[i], CHAR_LETDIG) &&
		    (out->keyword.p[i] != '-' || i == 0))
			return -1;
	}
	for (i = 0; i < out->value.len; i++) {
		if (!char_is(out->value.p[i], CHAR_VALUE | CHAR_8BIT))
			return -1;
	}
	return out->keyword.len == 0 ||
	    (out->has_value && out->value.len == 0) ? -1 : 1;
}

/* AUTH= names who submitted the message, or "<>" (RFC 4954 section 5). */
static bool
auth_value_valid(struct span value)
{
	struct buf text = { 0 };
	struct address a;
	const char *why;
	bool valid;

	if (value.len > 500)
		return false;
	valid = xtext_decode(value, &text) == 0 &&
	    (span_eq_str(buf_span(&text), "<>") ||
	    address_parse(buf_span(&text), &a, &why) == 0);
	buf_free(&text);
	return valid;
}

static const struct refusal *
mail_parameter(const struct parameter *p, struct command_mail *out)
{
	if (span_ieq_str(p->keyword, "SIZE")) {
		if (out->has_size)
			return &double_parameter;
		out->has_size = true;
		return p->has_value && text_u64(p->value, 0, UINT64_MAX,
		    &out->size) == 0 ? NULL : &bad_parameter;
	}
	if (span_ieq_str(p->keyword, "BODY")) {
		if (out->body != BODY_NOT_GIVEN)
			return &double_parameter;
		if (p->has_value && span_ieq_str(p->value, "8BITMIME"))
			out->body = BODY_8BITMIME;
		else if (p->has_value && span_ieq_str(p->value, "7BIT"))
			out->body = BODY_7BIT;
		else
			return &bad_parameter;
		return NULL;
	}
	if (span_ieq_str(p->keyword, "SMTPUTF8")) {
		if (out->smtputf8)
			return &double_parameter;
		out->smtputf8 = true;
		return p->has_value ? &bad_parameter : NULL;
	}
	if (span_ieq_str(p->keyword, "AUTH")) {
		if (out->has_auth)
			return &double_parameter;
		out->has_auth = true;
		out->auth = p->value;
		return p->has_value && auth_value_valid(p->value) ? NULL :
		    &bad_parameter;
	}
	return &unknown_parameter;
}

const struct refusal *
command_mail_parse(struct span arg, struct command_mail *out)
{
	const struct refusal *no;
	struct parameter p;
	int more;

	memset(out, 0, sizeof(*out));
	if (!span_istarts(arg, "FROM:"))
		return &mail_syntax;
	if (path_take(&arg, "FROM:", ADDRESS_NULL_OK, &out->from) != 0)
		return &bad_sender;
	while ((more = parameter_take(&arg, &p)) == 1) {
		no = mail_parameter(&p, out);
		if (no != NULL)
			return no;
	}
	if (more < 0)
		return &bad_parameter;
	return out->from.has_8bit && !out->smtputf8 ? &needs_utf8 : NULL;
}

const struct refusal *
command_rcpt_parse(struct span arg, bool smtputf8, struct command_rcpt *out)
{
	struct parameter p;
	int more;

	memset(out, 0, sizeof(*out));
	if (!span_istarts(arg, "TO:"))
		return &rcpt_syntax;
	if (path_take(&arg, "TO:", ADDRESS_POSTMASTER_OK, &out->to) != 0)
		return &bad_recipient;
	more = parameter_take(&arg, &p);
	if (more != 0)
		return more < 0 ? &bad_parameter : &unknown_parameter;
	return out->to.has_8bit && !smtputf8 ? &needs_utf8 : NULL;
}

const struct refusal *
command_bdat_parse(struct span arg, struct command_bdat *out)
{
	ptrdiff_t space = span_find(arg, ' ');
	struct span size = space < 0 ? arg : span_make(arg.p, (size_t)space);
	struct span rest = trim(span_from(arg, size.len));

	out->last = rest.len != 0;
	if (out->last && !span_ieq_str(rest, "LAST"))
		return &bad_bdat;
	return text_u64(size, 0, UINT64_MAX, &out->size) == 0 ? NULL :
	    &bad_bdat;
}

/* sasl-mech = 1*20mech-char, in either case; then base64 or "=". */
const struct refusal *
command_auth_parse(struct span arg, struct command_auth *out)
{
	ptrdiff_t space = span_find(arg, ' ');
	size_t i;
	char c;

	out->mechanism = space < 0 ? arg : span_make(arg.p, (size_t)space);
	out->initial = trim(span_from(arg, out->mechanism.len));
	out->has_initial = out->initial.len != 0;
	if (out->mechanism.len == 0 || out->mechanism.len > 20)
		return &bad_auth;
	for (i = 0; i < out->mechanism.len; i++) {
		c = out->mechanism.p[i];
		if (!char_is(c, CHAR_LETDIG) && c != '-' && c != '_')
			return &bad_auth;
	}
	if (span_eq_str(out->initial, "=")) {
		out->initial.len = 0;
		return NULL;
	}
	for (i = 0; i < out->initial.len; i++) {
		c = out->initial.p[i];
		if (!char_is(c, CHAR_LETDIG) && c != '+' && c != '/' &&
		    c != '=')
			return &bad_auth;
	}
	return NULL;
}
