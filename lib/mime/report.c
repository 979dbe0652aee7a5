/* SPDX-License-Identifier: Apache-2.0 */
/* Reading reports. */
#include "lib/mime/report.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/header.h"
#include "lib/mail/trace.h"
#include "lib/mime/content.h"
#include "lib/mime/report_fields.h"
#include "lib/mime/scan.h"

/* ---- RFC 3464 ----------------------------------------------------------- */

/* "5.1.1", perhaps with words behind it. */
static int
status_read(struct span s, struct dsn_status *out)
{
	uint64_t v[3];
	ptrdiff_t end;
	size_t i;

	for (i = 0; i < 3; i++) {
		for (end = 0; (size_t)end < s.len && ascii_digit(s.p[end]);
		    end++)
			;
		if (text_u64(span_make(s.p, (size_t)end), 0, i == 0 ? 9 : 999,
		    &v[i]) != 0)
			return -1;
		s = span_from(s, (size_t)end);
		if (i < 2 && (s.len == 0 || s.p[0] != '.'))
			return -1;
		if (i < 2)
			s = span_from(s, 1);
	}
	if (s.len != 0 && s.p[0] != ' ' && s.p[0] != '\t' && s.p[0] != '(')
		return -1;
	out->class = (uint8_t)v[0];
	out->subject = (uint16_t)v[1];
	out->detail = (uint16_t)v[2];
	s = span_trim(s);
	out->comment = s.len != 0 ? s : span_make(NULL, 0);
	return 0;
}

static int
action_read(struct report_reader *r, struct span text, struct span *out)
{
	static const char *const actions[] = { "failed", "delayed",
		"delivered", "relayed", "expanded" };
	struct scan s = scan_of(text);
	struct span word;
	size_t i;

	scan_skip(&s);
	word = scan_until(&s, "(;");
	for (i = 0; i < 5; i++) {
		if (span_ieq_str(word, actions[i])) {
			*out = span_of(actions[i]);
			return 0;
		}
	}
	return report_fault(r, "action", "is none of those there are");
}

static int
recipient_read(struct report_reader *r, struct dsn_recipient *out)
{
	struct report_fields *f = &out->fields;
	struct span action, status;

	if (report_typed(r, f, "original-recipient", &out->original) != 0 ||
	    report_typed(r, f, "final-recipient", &out->final) != 0 ||
	    report_typed(r, f, "remote-mta", &out->remote_mta) != 0 ||
	    report_typed(r, f, "diagnostic-code", &out->diagnostic) != 0 ||
	    report_date(r, f, "last-attempt-date", &out->last_attempt) != 0 ||
	    report_date(r, f, "will-retry-until", &out->retry_until) != 0 ||
	    report_text(r, f, "final-log-id", &out->final_log_id) != 0 ||
	    report_text(r, f, "action", &action) != 0 ||
	    report_text(r, f, "status", &status) != 0)
		return -1;
	if (out->final.type.p == NULL)
		return report_fault(r, "final-recipient", "is missing");
	if (action.p == NULL || status.p == NULL)
		return report_fault(r, action.p == NULL ? "action" : "status",
		    "is missing");
	if (status_read(status, &out->status) != 0)
		return report_fault(r, "status", "is no status code");
	return action_read(r, action, &out->action);
}

static int
message_read(struct report_reader *r, struct dsn *out)
{
	struct report_fields *f = &out->fields;

	if (report_typed(r, f, "reporting-mta", &out->reporting_mta) != 0 ||
	    report_text(r, f, "original-envelope-id",
	    &out->envelope_id) != 0 ||
	    report_typed(r, f, "dsn-gateway", &out->gateway) != 0 ||
	    report_typed(r, f, "received-from-mta",
	    &out->received_from) != 0 ||
	    report_date(r, f, "arrival-date", &out->arrival) != 0)
		return -1;
	if (out->reporting_mta.type.p == NULL)
		return report_fault(r, "reporting-mta", "is missing");
	return 0;
}

static int
recipients_read(struct report_reader *r, struct span text, struct dsn *out)
{
	struct report_fields fields;
	struct dsn_recipient *grown;
	size_t size = 0;

	for (;;) {
		if (report_group(r, &text, &fields) != 0)
			return -1;
		if (fields.n == 0)
			return 0;
		if (out->n == REPORT_RECIPIENTS_MAX)
			return report_fault(r, "the report",
			    "has too many recipients");
		if (out->n == size) {
			size = size * 2 + 1;
			grown = arena_alloc(r->a, size * sizeof(*grown));
			if (out->n != 0)
				memcpy(grown, out->v,
				    out->n * sizeof(*grown));
			out->v = grown;
		}
		out->v[out->n].fields = fields;
		if (recipient_read(r, &out->v[out->n]) != 0)
			return -1;
		out->n++;
	}
}

enum report_kind
dsn_parse(struct arena *a, const struct charsets *charsets,
    const struct mime *m, struct dsn *out, const char **why_out)
{
	struct report_reader r = { a, charsets, NULL };
	const struct mime_part *part;
	struct buf bytes = { 0 };
	struct span text;
	int rc;

	memset(out, 0, sizeof(*out));
	*why_out = NULL;
	if (!report_is(m, "delivery-status", true))
		return REPORT_NONE;
	part = report_part(m, "message/delivery-status");
	if (part == NULL)
		part = report_part(m, "message/global-delivery-status");
	if (part == NULL) {
		*why_out = "it has no part with the delivery status";
		return REPORT_BAD;
	}
	buf_reserve(&bytes, 1);
	mime_body_text(charsets, part, &bytes);
	text = arena_span(a, buf_span(&bytes));
	buf_free(&bytes);
	rc = report_group(&r, &text, &out->fields);
	if (rc == 0)
		rc = message_read(&r, out);
	if (rc == 0)
		rc = recipients_read(&r, text, out);
	out->original = report_original(a, m);
	*why_out = r.why;
	return rc == 0 ? REPORT_READ : REPORT_BAD;
}

/* ---- RFC 5965 ----------------------------------------------------------- */

static struct span
without_brackets(struct span s)
{
	s = span_trim(s);
	if (s.len >= 2 && s.p[0] == '<' && s.p[s.len - 1] == '>')
		return span_make(s.p + 1, s.len - 2);
	return s;
}

/* Some writers name it otherwise, and some write what is no date. */
static void
arrival_read(struct report_reader *r, struct report_fields *f,
    struct report_date *out)
{
	if (report_date(r, f, "arrival-date", out) != 0 || !out->given)
		report_date(r, f, "received-date", out);
	r->why = NULL;
}

static int
incidents_read(struct report_reader *r, struct report_fields *f,
    struct feedback *out)
{
	struct span text;
	uint64_t n;

	if (report_text(r, f, "incidents", &text) != 0)
		return -1;
	if (text.p == NULL)
		return 0;
	if (text_u64(span_trim(text), 0, UINT32_MAX, &n) != 0)
		return report_fault(r, "incidents", "is no number");
	out->has_incidents = true;
	out->incidents = (uint32_t)n;
	return 0;
}

static int
feedback_read(struct report_reader *r, struct feedback *out)
{
	struct report_fields *f = &out->fields;
	size_t i;

	if (report_text(r, f, "feedback-type", &out->type) != 0 ||
	    report_text(r, f, "user-agent", &out->user_agent) != 0 ||
	    report_text(r, f, "version", &out->version) != 0)
		return -1;
	if (out->type.p == NULL)
		return report_fault(r, "feedback-type", "is missing");
	if (out->user_agent.p == NULL || out->version.p == NULL)
		return report_fault(r, out->version.p == NULL ? "version" :
		    "user-agent", "is missing");
	arrival_read(r, f, &out->arrival);
	if (incidents_read(r, f, out) != 0 ||
	    report_text(r, f, "original-envelope-id",
	    &out->envelope_id) != 0 ||
	    report_text(r, f, "original-mail-from", &out->mail_from) != 0 ||
	    report_typed(r, f, "reporting-mta", &out->reporting_mta) != 0 ||
	    report_text(r, f, "source-ip", &out->source_ip) != 0)
		return -1;
	if (out->mail_from.p != NULL)
		out->mail_from = without_brackets(out->mail_from);
	report_texts(r, f, "authentication-results",
	    &out->authentication_results);
	report_texts(r, f, "original-rcpt-to", &out->rcpt_to);
	for (i = 0; i < out->rcpt_to.n; i++)
		out->rcpt_to.v[i] = without_brackets(out->rcpt_to.v[i]);
	report_texts(r, f, "reported-domain", &out->domains);
	report_texts(r, f, "reported-uri", &out->uris);
	return 0;
}

/* Our trace in the header of what came back. */
static struct span
supplemental_find(struct arena *a, struct span original)
{
	struct buf json = { 0 };
	struct header_scan scan;
	struct header_field f;
	struct span out = { NULL, 0 };

	if (original.p == NULL)
		return out;
	header_scan_init(&scan, original);
	while (out.p == NULL && header_next(&scan, &f)) {
		if (span_istarts(f.name, "X-") &&
		    trace_supplemental_get(f.value, &json) == 0)
			out = arena_span(a, buf_span(&json));
	}
	buf_free(&json);
	return out;
}

enum report_kind
feedback_parse(struct arena *a, const struct charsets *charsets,
    const struct mime *m, struct feedback *out, const char **why_out)
{
	struct report_reader r = { a, charsets, NULL };
	const struct mime_part *part;
	struct buf bytes = { 0 };
	struct span text;
	int rc;

	memset(out, 0, sizeof(*out));
	*why_out = NULL;
	if (!report_is(m, "feedback-report", false))
		return REPORT_NONE;
	part = report_part(m, "message/feedback-report");
	if (part == NULL) {
		*why_out = "it has no part with the feedback";
		return REPORT_BAD;
	}
	buf_reserve(&bytes, 1);
	mime_body_text(charsets, part, &bytes);
	text = arena_span(a, buf_span(&bytes));
	buf_free(&bytes);
	rc = report_group(&r, &text, &out->fields);
	if (rc == 0)
		rc = feedback_read(&r, out);
	out->original = report_original(a, m);
	out->supplemental = supplemental_find(a, out->original);
	*why_out = r.why;
	return rc == 0 ? REPORT_READ : REPORT_BAD;
}
