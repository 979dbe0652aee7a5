/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/domain.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/mail/chars.h"

static bool
domain_inner(char c, unsigned flags)
{
	return char_is(c, CHAR_LETDIG) ||
	    ((flags & DOMAIN_8BIT) && char_is(c, CHAR_8BIT)) ||
	    ((flags & DOMAIN_UNDERSCORE) && c == '_');
}

bool
domain_valid(struct span s, unsigned flags)
{
	size_t i, label = 0;

	if (s.len == 0 || s.len > DOMAIN_MAX)
		return false;
	for (i = 0; i < s.len; i++) {
		if (domain_inner(s.p[i], flags)) {
			label++;
			continue;
		}
		if (label == 0 || label > DOMAIN_LABEL_MAX)
			return false;
		if (s.p[i] == '-')
			label++;
		else if (s.p[i] == '.' && s.p[i - 1] != '-')
			label = 0;
		else
			return false;
	}
	return label > 0 && label <= DOMAIN_LABEL_MAX && s.p[s.len - 1] != '-';
}

static struct span
without_dot(struct span s)
{
	if (s.len > 1 && s.p[s.len - 1] == '.')
		s.len--;
	return s;
}

static bool
is_literal(struct span s)
{
	return s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']' &&
	    !text_has_8bit(s) && memchr(s.p, '\0', s.len) == NULL;
}

/* What UTS 46 maps to need not be a host name: it is checked as one again. */
static int
domain_to_ascii(struct span s, char **out)
{
	char *text, *ascii = NULL;
	int rc;

	if (s.len > DOMAIN_MAX || memchr(s.p, '\0', s.len) != NULL ||
	    !text_is_utf8(s))
		return -1;
	text = span_dup(s);
	rc = idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&ascii,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	free(text);
	if (rc != IDN2_OK)
		return -1;
	s = without_dot(span_of(ascii));
	if (!domain_valid(s, DOMAIN_UNDERSCORE)) {
		idn2_free(ascii);
		return -1;
	}
	*out = span_dup(s);
	idn2_free(ascii);
	return 0;
}

int
domain_normalise(struct span s, char **out)
{
	s = without_dot(s);
	if (text_has_8bit(s)) {
		if (domain_to_ascii(s, out) != 0)
			return -1;
	} else if (domain_valid(s, DOMAIN_UNDERSCORE) ||
	    (s.len <= DOMAIN_MAX && is_literal(s)))
		*out = span_dup(s);
	else
		return -1;
	ascii_lower_all(*out, strlen(*out));
	return 0;
}

bool
domain_same(struct span a, struct span b)
{
	char *one = NULL, *two = NULL;
	bool same;

	a = without_dot(a);
	b = without_dot(b);
	if (!text_has_8bit(a) && !text_has_8bit(b))
		return span_ieq(a, b);
	same = domain_normalise(a, &one) == 0 &&
	    domain_normalise(b, &two) == 0 && strcmp(one, two) == 0;
	free(one);
	free(two);
	return same;
}
