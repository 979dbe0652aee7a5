/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/auth_results.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/chars.h"
#include "lib/mime/params.h"
#include "lib/mime/scan.h"

struct parser {
	struct scan s;
	struct arena *a;
};

/* ---- reading ------------------------------------------------------------ */

/* A quoted text, or whatever goes to the next blank or semicolon. */
static int
value_read(struct parser *p, struct span *out)
{
	struct buf text = { 0 };
	int rc = 0;

	scan_skip(&p->s);
	if (scan_peek(&p->s) == '"') {
		rc = scan_quoted(&p->s, &text);
		*out = arena_span(p->a, buf_span(&text));
		buf_free(&text);
		return rc;
	}
	*out = arena_span(p->a, scan_until(&p->s, ";(\""));
	return out->len != 0 ? 0 : scan_fault(&p->s, "a value is empty");
}

/* Keyword, or two with a dot between; blanks and comments may be anywhere. */
static int
name_read(struct parser *p, struct span *out)
{
	struct buf text = { 0 };
	struct span word;

	buf_reserve(&text, 1);
	for (;;) {
		scan_skip(&p->s);
		word = scan_until(&p->s, "=/;(\"@.");
		buf_add_span(&text, word);
		scan_skip(&p->s);
		if (word.len == 0 || !scan_take(&p->s, '.'))
			break;
		buf_add_byte(&text, '.');
	}
	*out = arena_span(p->a, buf_span(&text));
	buf_free(&text);
	return word.len != 0 ? 0 : scan_fault(&p->s, "a name is missing");
}

static int
equals_read(struct parser *p)
{
	scan_skip(&p->s);
	return scan_take(&p->s, '=') ? 0 :
	    scan_fault(&p->s, "a name lacks its \"=\"");
}

static int
version_read(struct parser *p, uint64_t *out)
{
	return text_u64(scan_run(&p->s, CHAR_DIGIT), 1, UINT32_MAX, out) == 0 ?
	    0 : scan_fault(&p->s, "a version is no number");
}

static int
prop_add(struct parser *p, struct mime_auth_result *r, struct span name,
    struct span value)
{
	if (r->props == NULL)
		r->props = arena_alloc(p->a,
		    MIME_AUTH_PROPS_MAX * sizeof(*r->props));
	if (r->n_props == MIME_AUTH_PROPS_MAX)
		return scan_fault(&p->s, "there are too many properties");
	r->props[r->n_props++] = (struct mime_auth_prop){ name, value };
	return 0;
}

/* reason=, and ptype.property= as often as there are. */
static int
props_read(struct parser *p, struct mime_auth_result *r)
{
	struct span name, value;

	for (;;) {
		scan_skip(&p->s);
		if (!scan_more(&p->s) || scan_peek(&p->s) == ';')
			return 0;
		if (name_read(p, &name) != 0 || equals_read(p) != 0 ||
		    value_read(p, &value) != 0)
			return -1;
		if (span_ieq_str(name, "reason"))
			r->reason = value;
		else if (span_find(name, '.') < 0)
			return scan_fault(&p->s, "a property lacks its type");
		else if (prop_add(p, r, name, value) != 0)
			return -1;
	}
}

static int
result_read(struct parser *p, struct mime_auth_result *r)
{
	if (name_read(p, &r->method) != 0)
		return -1;
	scan_skip(&p->s);
	if (scan_take(&p->s, '/')) {
		scan_skip(&p->s);
		if (version_read(p, &r->version) != 0)
			return -1;
	}
	if (equals_read(p) != 0 || name_read(p, &r->result) != 0)
		return -1;
	return props_read(p, r);
}

/* "none" where a result would be: nothing was looked at. */
static bool
take_none(struct parser *p)
{
	struct scan at = p->s;
	struct span word = scan_until(&at, "=/;(\"");

	scan_skip(&at);
	if (!span_ieq_str(word, "none") ||
	    (scan_more(&at) && scan_peek(&at) != ';'))
		return false;
	p->s = at;
	return true;
}

static int
results_read(struct parser *p, struct mime_auth_results *out)
{
	size_t size = 0;

	for (;;) {
		scan_skip(&p->s);
		if (!scan_more(&p->s))
			return 0;
		if (!scan_take(&p->s, ';'))
			return scan_fault(&p->s, "a result lacks its \";\"");
		scan_skip(&p->s);
		if (!scan_more(&p->s))
			return 0;
		if (take_none(p))
			continue;
		if (out->n == size) {
			struct mime_auth_result *grown;

			if (size >= MIME_AUTH_RESULTS_MAX)
				return scan_fault(&p->s,
				    "there are too many results");
			size = size * 2 + 8;
			grown = arena_alloc(p->a, size * sizeof(*grown));
			if (out->n != 0)
				memcpy(grown, out->v,
				    out->n * sizeof(*grown));
			out->v = grown;
		}
		if (result_read(p, &out->v[out->n]) != 0)
			return -1;
		out->n++;
	}
}

int
mime_auth_results_parse(struct arena *a, struct span text,
    struct mime_auth_results *out, const char **why_out)
{
	struct parser p = { scan_of(text), a };
	int rc;

	memset(out, 0, sizeof(*out));
	rc = value_read(&p, &out->serv_id);
	scan_skip(&p.s);
	if (rc == 0 && ascii_digit(scan_peek(&p.s)))
		rc = version_read(&p, &out->version);
	if (rc == 0)
		rc = results_read(&p, out);
	*why_out = p.s.why;
	return rc;
}

/* ---- writing ------------------------------------------------------------ */

/* A token, or local@domain of such; anything else must be quoted. */
static bool
plain_value(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!char_is(s.p[i], CHAR_ATEXT | CHAR_8BIT) &&
		    s.p[i] != '.' && s.p[i] != '@' && s.p[i] != ':')
			return false;
	}
	return s.len > 0;
}

static void
value_put(struct span s, struct buf *out)
{
	size_t i;

	if (plain_value(s)) {
		buf_add_span(out, s);
		return;
	}
	buf_add_byte(out, '"');
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_byte(out, '\\');
		/* No line end leaves a field. */
		buf_add_byte(out, s.p[i] == '\r' || s.p[i] == '\n' ||
		    s.p[i] == '\0' ? ' ' : (uint8_t)s.p[i]);
	}
	buf_add_byte(out, '"');
}

void
mime_auth_results_put(const struct mime_auth_results *r, struct buf *out)
{
	size_t i, k;

	value_put(r->serv_id, out);
	if (r->version != 0)
		buf_addf(out, " %llu", (unsigned long long)r->version);
	if (r->n == 0)
		buf_add_str(out, "; none");
	for (i = 0; i < r->n; i++) {
		const struct mime_auth_result *at = &r->v[i];

		buf_add_str(out, ";\r\n\t");
		buf_add_span(out, at->method);
		if (at->version != 0)
			buf_addf(out, "/%llu",
			    (unsigned long long)at->version);
		buf_add_byte(out, '=');
		buf_add_span(out, at->result);
		if (at->reason.p != NULL) {
			buf_add_str(out, "\r\n\treason=");
			value_put(at->reason, out);
		}
		for (k = 0; k < at->n_props; k++) {
			buf_add_str(out, "\r\n\t");
			buf_add_span(out, at->props[k].name);
			buf_add_byte(out, '=');
			value_put(at->props[k].value, out);
		}
	}
}
