/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/conformance.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/mime/ids.h"
#include "lib/mime/scan.h"
#include "lib/mime/transfer.h"

/* In the order of the alphabet. */
static const struct {
	const char *name;
	enum mime_issue issue;
} issues_by_name[] = {
	{ "LINE_TOO_LONG", MIME_LINE_TOO_LONG },
	{ "MISSING_COLON_VALUE", MIME_MISSING_COLON_VALUE },
	{ "MISSING_DATE_HEADER", MIME_MISSING_DATE_HEADER },
	{ "MISSING_MESSAGE_ID_HEADER", MIME_MISSING_MESSAGE_ID_HEADER },
	{ "MISSING_MIME_VERSION", MIME_MISSING_MIME_VERSION },
	{ "NAME_ENDS_WITH_SPACE", MIME_NAME_ENDS_WITH_SPACE },
	{ "NEEDS_TRANSFER_ENCODING", MIME_NEEDS_TRANSFER_ENCODING },
	{ "NON_CANONICAL_LINE_ENDINGS", MIME_NON_CANONICAL_LINE_ENDINGS },
};

enum { ISSUES = sizeof(issues_by_name) / sizeof(*issues_by_name) };

const char *const mime_issue_names[] = {
	"LINE_TOO_LONG", "MISSING_COLON_VALUE", "MISSING_DATE_HEADER",
	"MISSING_MESSAGE_ID_HEADER", "MISSING_MIME_VERSION",
	"NAME_ENDS_WITH_SPACE", "NEEDS_TRANSFER_ENCODING",
	"NON_CANONICAL_LINE_ENDINGS", NULL,
};

int
mime_issues_parse(struct span text, unsigned *out, struct span *bad_out)
{
	struct span name;
	ptrdiff_t bar;
	size_t i;

	*out = 0;
	while (text.len != 0) {
		bar = span_find(text, '|');
		name = span_make(text.p, bar < 0 ? text.len : (size_t)bar);
		text = span_from(text, name.len + (bar >= 0));
		name = span_trim(name);
		for (i = 0; i < ISSUES; i++) {
			if (span_eq_str(name, issues_by_name[i].name))
				break;
		}
		if (i < ISSUES) {
			*out |= issues_by_name[i].issue;
		} else if (name.len != 0) {
			*bad_out = name;
			return -1;
		}
	}
	return 0;
}

void
mime_issues_put(unsigned issues, struct buf *out)
{
	bool first = true;
	size_t i;

	for (i = 0; i < ISSUES; i++) {
		if (!(issues & issues_by_name[i].issue))
			continue;
		if (!first)
			buf_add_byte(out, '|');
		buf_add_str(out, issues_by_name[i].name);
		first = false;
	}
}

/* ---- finding ------------------------------------------------------------ */

static unsigned
field_issues(const struct mime_field *f)
{
	unsigned found = 0;

	if (f->no_colon)
		found |= MIME_MISSING_COLON_VALUE;
	if (f->spaced)
		found |= MIME_NAME_ENDS_WITH_SPACE;
	if (text_has_8bit(f->whole))
		found |= MIME_NEEDS_TRANSFER_ENCODING;
	return found;
}

static unsigned
part_issues(const struct mime_part *p)
{
	struct mime_lines lines;
	unsigned found = 0;
	size_t i;

	for (i = 0; i < p->n_fields; i++)
		found |= field_issues(&p->fields[i]);
	if (mime_is_multipart(p))
		return found;
	mime_lines_read(p->body, &lines);
	if (lines.longest > MIME_LINE_MAX)
		found |= MIME_LINE_TOO_LONG;
	if (lines.has_8bit || lines.has_nul)
		found |= MIME_NEEDS_TRANSFER_ENCODING;
	return found;
}

static bool
has_bare_end(struct span text)
{
	const char *p = text.p, *end = text.p + text.len, *at;

	/* Each LF behind a CR, each CR before an LF. */
	while (p < end && (at = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (at == text.p || at[-1] != '\r')
			return true;
		p = at + 1;
	}
	p = text.p;
	while (p < end && (at = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (at + 1 == end || at[1] != '\n')
			return true;
		p = at + 1;
	}
	return false;
}

/* "1.0", which may carry comments. */
static bool
is_version_1(struct span value)
{
	struct scan s = scan_of(value);
	struct span word;

	scan_skip(&s);
	word = scan_until(&s, "(");
	scan_skip(&s);
	return span_eq_str(word, "1.0") && !scan_more(&s);
}

static unsigned
missing_fields(const struct mime_part *root)
{
	struct arena scratch = { 0 };
	struct span id;
	const char *why;
	unsigned found = 0;

	if (mime_field_value(root, "Date").len == 0)
		found |= MIME_MISSING_DATE_HEADER;
	if (mime_id_parse(&scratch, mime_field_value(root, "Message-ID"), &id,
	    &why) != 0)
		found |= MIME_MISSING_MESSAGE_ID_HEADER;
	if (!is_version_1(mime_field_value(root, "Mime-Version")))
		found |= MIME_MISSING_MIME_VERSION;
	arena_free(&scratch);
	return found;
}

unsigned
mime_issues_find(const struct mime *m, struct span message)
{
	const struct mime_part *p;
	unsigned found = missing_fields(m->root);

	if (message.len != 0 && has_bare_end(message))
		found |= MIME_NON_CANONICAL_LINE_ENDINGS;
	for (p = m->root; p != NULL; p = mime_next(m->root, p))
		found |= part_issues(p);
	return found;
}

/* ---- what is missing ---------------------------------------------------- */

int
mime_add_missing(struct mime *m, unsigned issues,
    const struct mime_identity *who, const char **why_out)
{
	char date[CLOCK_RFC5322_MAX];
	struct buf id = { 0 };
	int rc = 0;

	if (issues & MIME_MISSING_DATE_HEADER)
		rc |= mime_field_set(m, m->root, SPAN_LIT("Date"),
		    span_of(clock_rfc5322(who->wall_us, date)));
	if (issues & MIME_MISSING_MESSAGE_ID_HEADER) {
		buf_add_byte(&id, '<');
		buf_add_span(&id, who->id);
		buf_add_byte(&id, '@');
		buf_add_span(&id, who->domain);
		buf_add_byte(&id, '>');
		rc |= mime_field_set(m, m->root, SPAN_LIT("Message-ID"),
		    buf_span(&id));
		buf_free(&id);
	}
	if (issues & MIME_MISSING_MIME_VERSION)
		rc |= mime_field_set(m, m->root, SPAN_LIT("Mime-Version"),
		    SPAN_LIT("1.0"));
	*why_out = "the header has too many fields";
	return rc;
}
