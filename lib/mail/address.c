/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/address.h"

#include <string.h>

#include "lib/base/ip.h"
#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mail/domain.h"

static int
fault(const char **why_out, const char *why)
{
	*why_out = why;
	return -1;
}

/* Dot-string = Atom *("." Atom); its length, 0 for none. */
static size_t
dot_string(struct span s)
{
	size_t i;
	bool atom = false;

	for (i = 0; i < s.len; i++) {
		if (char_is(s.p[i], CHAR_ATEXT | CHAR_8BIT))
			atom = true;
		else if (s.p[i] == '.' && atom)
			atom = false;
		else
			break;
	}
	return atom ? i : 0;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE; its length, 0 for none. */
static size_t
quoted_string(struct span s)
{
	size_t i;

	for (i = 1; i < s.len; i++) {
		if (char_is(s.p[i], CHAR_QTEXT | CHAR_8BIT))
			continue;
		if (s.p[i] == '"')
			return i + 1;
		/* quoted-pairSMTP = "\" and one of 32 to 126 */
		if (s.p[i] != '\\' || ++i == s.len ||
		    char_is(s.p[i], CHAR_CONTROL | CHAR_8BIT))
			return 0;
	}
	return 0;
}

/* address-literal; tags other than IPv6 name nothing that we could use. */
static size_t
address_literal(struct span s)
{
	const char *end = memchr(s.p, ']', s.len);
	struct span inner;
	struct ip ip;

	if (end == NULL)
		return 0;
	inner = span_make(s.p + 1, (size_t)(end - s.p) - 1);
	if (span_istarts(inner, "IPv6:")) {
		inner = span_from(inner, 5);
		if (inner.len == 0 || inner.p[0] == '[' ||
		    ip_parse(inner, &ip) != 0 || ip.family != IP_V6)
			return 0;
	} else if (ip_parse(inner, &ip) != 0 || ip.family != IP_V4)
		return 0;
	return (size_t)(end - s.p) + 1;
}

static size_t
domain_run(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!char_is(s.p[i], CHAR_LETDIG | CHAR_8BIT) &&
		    s.p[i] != '-' && s.p[i] != '.')
			break;
	}
	return i;
}

/* Bytes above 0x7f are UTF-8, and no C1 control. */
static bool
clean_8bit(struct span s)
{
	size_t i;

	if (!text_is_utf8(s))
		return false;
	for (i = 0; i + 1 < s.len; i++) {
		if ((unsigned char)s.p[i] == 0xc2 &&
		    (unsigned char)s.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static int
local_parse(struct span s, struct address *a, const char **why_out)
{
	a->quoted = s.len > 0 && s.p[0] == '"';
	a->local.p = s.p;
	a->local.len = a->quoted ? quoted_string(s) : dot_string(s);
	if (a->local.len == 0)
		return fault(why_out, "bad local part");
	if (a->local.len > ADDRESS_LOCAL_MAX)
		return fault(why_out, "local part too long");
	return 0;
}

static int
domain_parse(struct span s, struct address *a, const char **why_out)
{
	a->literal = s.len > 0 && s.p[0] == '[';
	a->domain.p = s.p;
	a->domain.len = a->literal ? address_literal(s) : domain_run(s);
	if (a->domain.len > DOMAIN_MAX)
		return fault(why_out, "domain too long");
	if (a->domain.len == 0 ||
	    (!a->literal && !domain_valid(a->domain, DOMAIN_8BIT)))
		return fault(why_out, "bad domain");
	return 0;
}

/* Mailbox = Local-part "@" ( Domain / address-literal ), at the front of s. */
static int
mailbox_parse(struct span s, unsigned flags, struct address *a,
    const char **why_out)
{
	struct span rest;

	if (local_parse(s, a, why_out) != 0)
		return -1;
	rest = span_from(s, a->local.len);
	if (rest.len == 0 || rest.p[0] != '@') {
		if (!(flags & ADDRESS_POSTMASTER_OK) ||
		    !span_ieq_str(a->local, "postmaster"))
			return fault(why_out, "no domain");
		a->text = a->local;
		return 0;
	}
	if (domain_parse(span_from(rest, 1), a, why_out) != 0)
		return -1;
	a->text = span_make(s.p, a->local.len + 1 + a->domain.len);
	a->has_8bit = text_has_8bit(a->text);
	if (a->has_8bit && !clean_8bit(a->text))
		return fault(why_out, "bad UTF-8");
	if (a->text.len > ADDRESS_PATH_MAX - 2)
		return fault(why_out, "address too long");
	return 0;
}

int
address_parse(struct span s, struct address *out, const char **why_out)
{
	memset(out, 0, sizeof(*out));
	if (mailbox_parse(s, 0, out, why_out) != 0)
		return -1;
	if (out->text.len != s.len)
		return fault(why_out, "text behind the address");
	return 0;
}

/*
 * A-d-l = At-domain *( "," At-domain ), then ":". Accepted and dropped (RFC
 * 5321 appendix C). Its length; 0 when there is none; -1 when it is broken.
 */
static ptrdiff_t
source_route(struct span s)
{
	size_t at = 0, len;

	if (s.len == 0 || s.p[0] != '@')
		return 0;
	while (at < s.len && s.p[at] == '@') {
		at++;
		len = domain_run(span_from(s, at));
		if (!domain_valid(span_make(s.p + at, len), DOMAIN_8BIT))
			return -1;
		at += len;
		if (at == s.len)
			return -1;
		if (s.p[at] == ':')
			return (ptrdiff_t)at + 1;
		if (s.p[at] != ',')
			return -1;
		at++;
	}
	return -1;
}

int
address_path_parse(struct span s, unsigned flags, struct address *out,
    size_t *used_out, const char **why_out)
{
	ptrdiff_t route;
	size_t end;

	memset(out, 0, sizeof(*out));
	if (s.len < 2 || s.p[0] != '<')
		return fault(why_out, "no angle bracket");
	if (s.p[1] == '>') {
		if (!(flags & ADDRESS_NULL_OK))
			return fault(why_out, "empty path");
		*used_out = 2;
		return 0;
	}
	route = source_route(span_from(s, 1));
	if (route < 0)
		return fault(why_out, "bad source route");
	if (mailbox_parse(span_from(s, 1 + (size_t)route), flags, out,
	    why_out) != 0)
		return -1;
	end = 1 + (size_t)route + out->text.len;
	if (end == s.len || s.p[end] != '>')
		return fault(why_out, "text behind the address");
	if (end + 1 > ADDRESS_PATH_MAX)
		return fault(why_out, "path too long");
	*used_out = end + 1;
	return 0;
}

bool
address_is_null(const struct address *a)
{
	return a->text.len == 0;
}

bool
address_same(const struct address *a, const struct address *b)
{
	return span_eq(a->local, b->local) && domain_same(a->domain, b->domain);
}
