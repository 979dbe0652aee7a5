/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/xclient.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/domain.h"
#include "lib/mail/xtext.h"

enum { XCLIENT_TEXT_MAX = 255 };

static const struct {
	const char *name;
	enum xclient_attribute bit;
} attributes[] = {
	{ "ADDR", XCLIENT_ADDR },
	{ "PORT", XCLIENT_PORT },
	{ "NAME", XCLIENT_NAME },
	{ "PROTO", XCLIENT_PROTO },
	{ "HELO", XCLIENT_HELO },
	{ "LOGIN", XCLIENT_LOGIN },
	{ "DESTADDR", XCLIENT_DESTADDR },
	{ "DESTPORT", XCLIENT_DESTPORT },
};

static const struct refusal no_attribute = { 501, "5.5.4",
	"Syntax: XCLIENT attribute=value" };
static const struct refusal unknown_attribute = { 501, "5.5.4",
	"Attribute is unknown or given twice" };
static const struct refusal bad_value = { 501, "5.5.4",
	"Bad attribute value" };

static unsigned
attribute_of(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		if (span_ieq_str(name, attributes[i].name))
			return attributes[i].bit;
	}
	return 0;
}

/* IPv4, or IPv6 behind "IPV6:"; the tag is not missed where it is left out. */
static int
value_ip(struct span s, struct ip *out)
{
	bool tagged = span_istarts(s, "IPV6:");

	if (tagged)
		s = span_from(s, 5);
	if (s.len == 0 || s.p[0] == '[' || ip_parse(s, out) != 0)
		return -1;
	return tagged && out->family != IP_V6 ? -1 : 0;
}

static int
value_port(struct span s, uint16_t *out)
{
	uint64_t port;

	if (text_u64(s, 0, 65535, &port) != 0)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

/* Kept in the arena; a host's text also goes into headers: no blanks. */
static int
value_text(struct span s, bool host, struct arena *a, struct span *out)
{
	if (s.len > XCLIENT_TEXT_MAX || (host && span_find(s, ' ') >= 0))
		return -1;
	*out = arena_span(a, s);
	return 0;
}

static int
value_set(unsigned bit, struct span s, struct arena *a, struct xclient *out)
{
	switch ((enum xclient_attribute)bit) {
	case XCLIENT_ADDR:
		return value_ip(s, &out->addr);
	case XCLIENT_DESTADDR:
		return value_ip(s, &out->destaddr);
	case XCLIENT_PORT:
		return value_port(s, &out->port);
	case XCLIENT_DESTPORT:
		return value_port(s, &out->destport);
	case XCLIENT_PROTO:
		out->esmtp = span_ieq_str(s, "ESMTP");
		return out->esmtp || span_ieq_str(s, "SMTP") ? 0 : -1;
	case XCLIENT_NAME:
		if (!domain_valid(s, DOMAIN_UNDERSCORE))
			return -1;
		return value_text(s, true, a, &out->name);
	case XCLIENT_HELO:
		return value_text(s, true, a, &out->helo);
	case XCLIENT_LOGIN:
		return value_text(s, false, a, &out->login);
	}
	return -1;
}

static const struct refusal *
attribute_set(struct span word, struct arena *a, struct buf *text,
    struct xclient *out)
{
	ptrdiff_t eq = span_find(word, '=');
	struct span value;
	unsigned bit;

	if (eq < 0)
		return &no_attribute;
	bit = attribute_of(span_make(word.p, (size_t)eq));
	if (bit == 0 || (out->given & bit))
		return &unknown_attribute;
	out->given |= bit;
	buf_clear(text, SIZE_MAX);
	if (xtext_decode(span_from(word, (size_t)eq + 1), text) != 0)
		return &bad_value;
	value = buf_span(text);
	if (span_ieq_str(value, "[UNAVAILABLE]"))
		out->unavailable |= bit;
	else if (span_ieq_str(value, "[TEMPUNAVAIL]"))
		out->tempunavail |= bit;
	else if (value.len == 0 || value_set(bit, value, a, out) != 0)
		return &bad_value;
	return NULL;
}

const struct refusal *
xclient_parse(struct span arg, struct arena *a, struct xclient *out)
{
	const struct refusal *no = NULL;
	struct buf text = { 0 };
	struct span word;
	ptrdiff_t space;

	memset(out, 0, sizeof(*out));
	while (arg.len > 0 && no == NULL) {
		space = span_find(arg, ' ');
		word = space < 0 ? arg : span_make(arg.p, (size_t)space);
		arg = span_from(arg, word.len + (space >= 0));
		if (word.len != 0)
			no = attribute_set(word, a, &text, out);
	}
	buf_free(&text);
	return no != NULL || out->given != 0 ? no : &no_attribute;
}
