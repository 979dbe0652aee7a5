/* SPDX-License-Identifier: Apache-2.0 */
/* Writing reports on mail that was not delivered (RFC 3464). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/mail/fold.h"
#include "lib/mail/header.h"
#include "lib/mime/build.h"
#include "lib/mime/report.h"
#include "lib/mime/transfer.h"

#define STABLE_BOUNDARY "report-boundary"

enum { TEXT_MAX = 1000 }; /* octets of an answer that are shown */

static void
put_date(int64_t seconds, struct buf *out)
{
	char date[CLOCK_RFC5322_MAX];

	buf_add_str(out, clock_rfc5322(seconds * 1000000, date));
}

/* One line of any text, ASCII or not. */
static void
put_line(struct span text, bool ascii, struct buf *out)
{
	size_t i;
	char c;

	for (i = 0; i < text.len; i++) {
		c = text.p[i];
		if (c == '\r' || c == '\n' || c == '\t' || c == '\0')
			c = ' ';
		else if (ascii && ((uint8_t)c < ' ' || (uint8_t)c > '~'))
			c = '?';
		buf_add_byte(out, (uint8_t)c);
	}
}

/* The front of a text, no character of UTF-8 cut in two. */
static struct span
cut(struct span s)
{
	if (s.len <= TEXT_MAX)
		return s;
	s.len = TEXT_MAX;
	while (s.len > 0 && ((uint8_t)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

/* The answer, code and status in front. */
static void
put_answer(const struct dsn_making *d, bool ascii, struct buf *out)
{
	struct span text = cut(d->text);

	buf_addf(out, "%u ", d->code);
	if (d->has_status)
		buf_addf(out, "%u.%u.%u ", d->status.class, d->status.subject,
		    d->status.detail);
	put_line(text, ascii || !text_is_utf8(text), out);
	if (text.len < d->text.len)
		buf_add_str(out, "...");
}

/* ---- what people read --------------------------------------------------- */

static void
put_explanation(const struct dsn_making *d, struct buf *out)
{
	size_t i;

	buf_add_str(out, "Your message of ");
	put_date(d->arrived, out);
	buf_add_str(out, "\r\nwas not delivered to:\r\n\r\n");
	for (i = 0; i < d->n; i++) {
		buf_add_str(out, "    ");
		put_line(d->recipients[i], false, out);
		buf_add_str(out, "\r\n");
	}
	buf_add_str(out, "\r\n");
	if (d->expired) {
		buf_add_str(out, "It waited for as long as it may. The last "
		    "word on it was:\r\n\r\n    ");
	} else {
		put_line(d->peer_name, false, out);
		buf_add_str(out, " (");
		put_line(d->peer_addr, false, out);
		buf_add_str(out, ") answered:\r\n\r\n    ");
	}
	put_answer(d, false, out);
	buf_add_str(out, "\r\n\r\nNo further attempt will be made.\r\n");
}

/* ---- what programs read ------------------------------------------------- */

/* "Name: value" as one field, folded. */
static void
put_field(const char *name, const struct buf *value, struct buf *out)
{
	buf_add_str(out, name);
	buf_add_str(out, ": ");
	fold_text(buf_span(value), FOLD_SOFT - 20, FOLD_HARD, out);
	buf_add_str(out, "\r\n");
}

static void
put_date_field(const char *name, int64_t seconds, struct buf *out)
{
	buf_add_str(out, name);
	buf_add_str(out, ": ");
	put_date(seconds, out);
	buf_add_str(out, "\r\n");
}

static struct dsn_status
status_of(const struct dsn_making *d)
{
	struct dsn_status s = d->status;

	if (!d->has_status)
		s = (struct dsn_status){ .class =
		    d->code / 100 == 4 || d->code / 100 == 2 ?
		    (uint8_t)(d->code / 100) : 5 };
	return s;
}

static void
put_recipient(const struct dsn_making *d, struct span recipient,
    struct buf *out)
{
	struct dsn_status s = status_of(d);
	struct buf value = { 0 };

	buf_addf(&value, "%s;", text_has_8bit(recipient) ? "utf-8" : "rfc822");
	put_line(recipient, false, &value);
	put_field("Final-Recipient", &value, out);
	buf_add_str(out, "Action: failed\r\n");
	buf_addf(out, "Status: %u.%u.%u\r\n", s.class, s.subject, s.detail);
	if (d->peer_name.len != 0) {
		buf_clear(&value, 4096);
		buf_add_str(&value, "dns; ");
		put_line(d->peer_name, true, &value);
		put_field("Remote-MTA", &value, out);
	}
	buf_clear(&value, 4096);
	buf_add_str(&value, "smtp; ");
	put_answer(d, true, &value);
	put_field("Diagnostic-Code", &value, out);
	put_date_field("Last-Attempt-Date", d->failed, out);
	buf_free(&value);
}

static void
put_status(const struct dsn_making *d, struct buf *out)
{
	struct buf value = { 0 };
	size_t i;

	put_line(d->reporting_mta.type, true, &value);
	buf_add_str(&value, "; ");
	put_line(d->reporting_mta.text, true, &value);
	put_field("Reporting-MTA", &value, out);
	put_date_field("Arrival-Date", d->arrived, out);
	for (i = 0; i < d->n; i++) {
		buf_add_str(out, "\r\n");
		put_recipient(d, d->recipients[i], out);
	}
	buf_free(&value);
}

/* ---- the message -------------------------------------------------------- */

static void
part_begin(struct span boundary, struct span type, struct span encoding,
    struct buf *out)
{
	buf_add_str(out, "\r\n--");
	buf_add_span(out, boundary);
	buf_add_str(out, "\r\nContent-Type: ");
	buf_add_span(out, type);
	if (encoding.len != 0) {
		buf_add_str(out, "\r\nContent-Transfer-Encoding: ");
		buf_add_span(out, encoding);
	}
	buf_add_str(out, "\r\n\r\n");
}

static void
put_text_part(const struct dsn_making *d, struct span boundary,
    struct buf *out)
{
	struct buf text = { 0 }, body = { 0 };
	enum mime_encoding encoding;
	bool ascii;

	put_explanation(d, &text);
	ascii = !text_has_8bit(buf_span(&text));
	encoding = mime_text_put(buf_span(&text), &body);
	part_begin(boundary, ascii ?
	    SPAN_LIT("text/plain;\r\n\tcharset=\"us-ascii\"") :
	    SPAN_LIT("text/plain;\r\n\tcharset=\"utf-8\""),
	    encoding == MIME_7BIT ? span_of("") :
	    span_of(mime_encoding_name(encoding)), out);
	buf_add_span(out, buf_span(&body));
	buf_free(&text);
	buf_free(&body);
}

static void
put_status_part(const struct dsn_making *d, struct span boundary,
    struct buf *out)
{
	struct buf status = { 0 };
	bool ascii;

	put_status(d, &status);
	ascii = !text_has_8bit(buf_span(&status));
	/* Addresses of more than ASCII have a form of their own, RFC 6533. */
	part_begin(boundary, ascii ? SPAN_LIT("message/delivery-status") :
	    SPAN_LIT("message/global-delivery-status"), ascii ? span_of("") :
	    SPAN_LIT("8bit"), out);
	buf_add_span(out, buf_span(&status));
	buf_free(&status);
}

static void
put_original_part(const struct dsn_making *d, struct span boundary,
    struct buf *out)
{
	struct span original = d->original;
	struct header_section section;
	bool headers = d->returns == DSN_RETURN_HEADERS, full_8bit;
	struct span type;

	header_check(original, &section);
	full_8bit = text_has_8bit(original);
	if (headers)
		original.len = section.fields_len;
	if (section.has_8bit)
		type = headers ? SPAN_LIT("message/global-headers") :
		    SPAN_LIT("message/global");
	else
		type = headers ? SPAN_LIT("text/rfc822-headers") :
		    SPAN_LIT("message/rfc822");
	part_begin(boundary, type, (headers ? section.has_8bit : full_8bit) ?
	    SPAN_LIT("8bit") : span_of(""), out);
	buf_add_span(out, original);
}

static void
put_header(const struct dsn_making *d, struct span boundary, bool has_8bit,
    struct buf *out)
{
	char date[CLOCK_RFC5322_MAX];

	buf_add_str(out, "Content-Type: multipart/report;\r\n\tboundary=\"");
	buf_add_span(out, boundary);
	buf_add_str(out, "\";\r\n\treport-type=\"delivery-status\"\r\n"
	    "Subject: Returned mail\r\nMime-Version: 1.0\r\nMessage-ID: <");
	put_line(d->id, true, out);
	buf_add_byte(out, '@');
	put_line(d->reporting_mta.text, true, out);
	buf_add_str(out, ">\r\nDate: ");
	buf_add_str(out, d->stable ? MIME_STABLE_DATE :
	    clock_rfc5322(d->now_us, date));
	buf_add_str(out, "\r\nTo: <");
	put_line(d->sender, false, out);
	buf_add_str(out, ">\r\nFrom: Mail Delivery Subsystem\r\n\t"
	    "<mailer-daemon@");
	put_line(d->reporting_mta.text, true, out);
	buf_add_str(out, ">\r\nAuto-Submitted: auto-replied\r\n");
	if (has_8bit)
		buf_add_str(out, "Content-Transfer-Encoding: 8bit\r\n");
}

void
dsn_make(const struct dsn_making *d, struct buf *out)
{
	struct arena scratch = { 0 };
	struct span boundary = d->stable ? SPAN_LIT(STABLE_BOUNDARY) :
	    mime_boundary_random(&scratch);
	struct buf parts = { 0 };

	put_text_part(d, boundary, &parts);
	put_status_part(d, boundary, &parts);
	if (d->returns != DSN_RETURN_NOTHING)
		put_original_part(d, boundary, &parts);
	put_header(d, boundary, text_has_8bit(buf_span(&parts)), out);
	buf_add_span(out, buf_span(&parts));
	buf_add_str(out, "\r\n--");
	buf_add_span(out, boundary);
	buf_add_str(out, "--\r\n");
	buf_free(&parts);
	arena_free(&scratch);
}
