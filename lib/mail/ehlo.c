/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/ehlo.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/mechanism.h"

/* The next word; words are parted by spaces or tabs. */
static struct span
word_take(struct span *rest)
{
	struct span word;
	size_t n = 0;

	*rest = span_trim(*rest);
	while (n < rest->len && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	word = span_make(rest->p, n);
	*rest = span_from(*rest, n);
	return word;
}

static void
ehlo_mechanisms(struct span words, struct ehlo *out)
{
	while (words.len > 0)
		out->mechanisms |= mechanism_of(word_take(&words));
}

static void
ehlo_size(struct span rest, struct ehlo *out)
{
	struct span word = word_take(&rest);

	out->has_size = true;
	if (text_u64(word, 0, UINT64_MAX, &out->size) != 0)
		out->size = 0;
}

static void
ehlo_keyword(struct span line, struct ehlo *out)
{
	struct span word = word_take(&line);

	if (span_ieq_str(word, "PIPELINING"))
		out->pipelining = true;
	else if (span_ieq_str(word, "8BITMIME"))
		out->eight_bit_mime = true;
	else if (span_ieq_str(word, "SMTPUTF8"))
		out->smtputf8 = true;
	else if (span_ieq_str(word, "STARTTLS"))
		out->starttls = true;
	else if (span_ieq_str(word, "ENHANCEDSTATUSCODES"))
		out->enhanced_codes = true;
	else if (span_ieq_str(word, "CHUNKING"))
		out->chunking = true;
	else if (span_ieq_str(word, "DSN"))
		out->dsn = true;
	else if (span_ieq_str(word, "XCLIENT"))
		out->xclient = true;
	else if (span_ieq_str(word, "SIZE"))
		ehlo_size(line, out);
	else if (span_ieq_str(word, "AUTH"))
		ehlo_mechanisms(line, out);
	else if (span_istarts(word, "AUTH=")) {
		/* The form of before RFC 4954. */
		out->mechanisms |= mechanism_of(span_from(word, 5));
		ehlo_mechanisms(line, out);
	}
}

void
ehlo_parse(const struct reply *r, struct ehlo *out)
{
	unsigned i;

	memset(out, 0, sizeof(*out));
	if (r->code != 250)
		return;
	/* The first line is the greeting. */
	for (i = 1; i < reply_lines(r); i++)
		ehlo_keyword(reply_line(r, i), out);
}
