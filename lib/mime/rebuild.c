/* SPDX-License-Identifier: Apache-2.0 */
/* A tree again, without what is wrong in it. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mail/header.h"
#include "lib/mime/build.h"
#include "lib/mime/conformance.h"
#include "lib/mime/content.h"
#include "lib/mime/mailbox.h"
#include "lib/mime/word.h"

enum { EMBEDDED_MAX = 10 }; /* messages inside messages */

struct rebuilder {
	struct mime *m;
	const struct mime_rebuild *how;
	unsigned embedded;
	const char *why;
};

static int part_rebuild(struct rebuilder *r, const struct mime_part *from,
    struct mime_part **out);

static int
fault(struct rebuilder *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return -1;
}

/* ---- fields ------------------------------------------------------------- */

static const char *const address_fields[] = { "From", "To", "Cc", "Bcc",
	"Reply-To", "Sender", "Resent-From", "Resent-To", "Resent-Cc",
	"Resent-Bcc", "Resent-Sender", "Resent-Reply-To", NULL };
static const char *const param_fields[] = { "Content-Type",
	"Content-Disposition", "Content-Transfer-Encoding", NULL };

static bool
is_one_of(struct span name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (span_ieq_str(name, *names))
			return true;
	}
	return false;
}

/* Is it as it should be: a colon behind the name, ASCII, lines at CRLF? */
static bool
field_is_clean(const struct mime_field *f)
{
	struct span s = f->whole;
	size_t i;

	if (f->no_colon || f->spaced || s.len < 2 ||
	    memcmp(s.p + s.len - 2, "\r\n", 2) != 0)
		return false;
	for (i = 0; i < s.len; i++) {
		if ((uint8_t)s.p[i] >= 0x80 || s.p[i] == '\0')
			return false;
		if (s.p[i] == '\r' && (i + 1 == s.len || s.p[i + 1] != '\n'))
			return false;
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			return false;
	}
	return true;
}

/* The value as UTF-8 where that can be had. */
static void
value_utf8(const struct rebuilder *r, struct span value, struct buf *out)
{
	struct buf line = { 0 };

	buf_reserve(&line, 1);
	header_unfold(value, &line);
	if (text_is_utf8(buf_span(&line)) || !r->how->detect.on ||
	    !mime_detect_utf8(&r->how->detect, r->how->charsets,
	    buf_span(&line), out))
		buf_add_span(out, buf_span(&line));
	buf_free(&line);
}

static bool
ascii_domains(const struct mime_addresses *list)
{
	const struct mime_address *at;
	const struct mime_mailbox *m;

	for (at = list->first; at != NULL; at = at->next) {
		for (m = at->list; m != NULL; m = m->next) {
			if (text_has_8bit(m->local) ||
			    text_has_8bit(m->domain))
				return false;
		}
	}
	return true;
}

/*
 * Addresses of more than ASCII have no other form (RFC 6532): their fields
 * stay. So do those that cannot be read.
 */
static bool
addresses_encode(const struct rebuilder *r, struct span value,
    struct buf *out)
{
	struct arena scratch = { 0 };
	struct mime_addresses list;
	const char *why;
	bool done;

	done = mime_addresses_parse(&scratch, r->how->charsets, value,
	    MIME_ADDRESS_LIST, &list, &why) == 0 && ascii_domains(&list);
	if (done)
		mime_addresses_put(&list, out);
	arena_free(&scratch);
	return done;
}

static bool
params_encode(const struct rebuilder *r, struct span value, struct buf *out)
{
	struct arena scratch = { 0 };
	struct mime_params params;
	const char *why;
	bool done;

	done = mime_params_parse(&scratch, r->how->charsets, value, &params,
	    &why) == 0 && !text_has_8bit(params.value);
	if (done)
		mime_params_put(&params, out);
	arena_free(&scratch);
	return done;
}

/* Line ends inside as folds; a fold that another line lacks is given. */
static void
value_refold(struct span value, struct buf *out)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n') {
			/* Dropped, a NUL could make a word of two halves. */
			buf_add_byte(out, value.p[i] == '\0' ? '?' :
			    (uint8_t)value.p[i]);
			continue;
		}
		buf_add_str(out, "\r\n");
		i += value.p[i] == '\r' && i + 1 < value.len &&
		    value.p[i + 1] == '\n';
	}
}

static void
value_rebuild(const struct rebuilder *r, const struct mime_field *f,
    struct buf *out)
{
	struct buf text = { 0 };

	buf_reserve(&text, 1);
	if (!text_has_8bit(f->value)) {
		value_refold(f->value, out);
	} else {
		value_utf8(r, f->value, &text);
		if (is_one_of(f->name, address_fields)) {
			if (!addresses_encode(r, buf_span(&text), out))
				value_refold(f->value, out);
		} else if (!is_one_of(f->name, param_fields) ||
		    !params_encode(r, buf_span(&text), out)) {
			mime_words_put(buf_span(&text), out);
		}
	}
	buf_free(&text);
}

static int
fields_rebuild(struct rebuilder *r, struct mime_part *to,
    const struct mime_part *from)
{
	struct buf value = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < from->n_fields && rc == 0; i++) {
		const struct mime_field *f = &from->fields[i];

		if (field_is_clean(f)) {
			rc = mime_field_copy(r->m, to, f);
			continue;
		}
		buf_clear(&value, 65536);
		value_rebuild(r, f, &value);
		rc = mime_field_append(r->m, to, f->name, buf_span(&value));
	}
	buf_free(&value);
	return rc == 0 ? 0 : fault(r, "a header has too many fields");
}

/* ---- bodies ------------------------------------------------------------- */

/* May the body stay, but for its line ends? */
static bool
body_is_clean(struct span body)
{
	struct mime_lines lines;

	mime_lines_read(body, &lines);
	return !lines.has_8bit && !lines.has_nul &&
	    lines.longest <= MIME_LINE_MAX;
}

static void
body_keep(struct rebuilder *r, struct mime_part *to, struct span body)
{
	struct buf text = { 0 };

	buf_reserve(&text, 1);
	mime_crlf_put(body, &text);
	to->body = arena_span(&r->m->arena, buf_span(&text));
	buf_free(&text);
}

static int
set_param(struct rebuilder *r, struct mime_part *to, struct mime_content *c,
    struct arena *scratch, const char *charset)
{
	struct buf value = { 0 };
	int rc;

	mime_params_set(scratch, &c->type, "charset", span_of(charset));
	mime_params_put(&c->type, &value);
	rc = mime_field_set(r->m, to, SPAN_LIT("Content-Type"),
	    buf_span(&value));
	buf_free(&value);
	return rc == 0 ? 0 : fault(r, "a header has too many fields");
}

/* A set in which these bytes are text, or NULL to leave what is said. */
static const char *
charset_needed(const struct rebuilder *r, const struct mime_content *c,
    struct span bytes, struct buf *utf8)
{
	struct buf lost = { 0 };
	bool fits;

	if (!text_has_8bit(bytes))
		return NULL;
	fits = c->charset.p != NULL && charset_to_utf8(r->how->charsets,
	    c->charset, bytes, &lost) == 0 &&
	    /* Which says less than the bytes are. */
	    !span_ieq_str(c->charset, "us-ascii");
	buf_free(&lost);
	if (fits)
		return NULL;
	if (r->how->detect.on && mime_detect_utf8(&r->how->detect,
	    r->how->charsets, bytes, utf8))
		return "utf-8";
	if (c->charset.p != NULL && !span_ieq_str(c->charset, "us-ascii"))
		return NULL;
	return text_is_utf8(bytes) ? "utf-8" : "unknown-8bit";
}

static int
encoding_set(struct rebuilder *r, struct mime_part *to,
    enum mime_encoding encoding)
{
	if (encoding == MIME_7BIT) {
		mime_field_remove(to, SPAN_LIT("Content-Transfer-Encoding"));
		return 0;
	}
	return mime_field_set(r->m, to,
	    SPAN_LIT("Content-Transfer-Encoding"),
	    span_of(mime_encoding_name(encoding))) == 0 ? 0 :
	    fault(r, "a header has too many fields");
}

/* Text keeps its lines; what is more than text keeps its bytes. */
static int
text_rebuild(struct rebuilder *r, struct mime_part *to,
    struct mime_content *c, struct arena *scratch, struct span bytes)
{
	struct buf utf8 = { 0 }, body = { 0 };
	const char *charset;
	enum mime_encoding encoding;
	int rc = 0;

	buf_reserve(&utf8, 1);
	charset = charset_needed(r, c, bytes, &utf8);
	if (buf_len(&utf8) != 0)
		bytes = buf_span(&utf8);
	if (charset != NULL)
		rc = set_param(r, to, c, scratch, charset);
	encoding = mime_text_put(bytes, &body);
	to->body = arena_span(&r->m->arena, buf_span(&body));
	buf_free(&utf8);
	buf_free(&body);
	return rc == 0 ? encoding_set(r, to, encoding) : -1;
}

static int
bytes_rebuild(struct rebuilder *r, struct mime_part *to, struct span bytes)
{
	struct buf body = { 0 };

	buf_reserve(&body, 1);
	mime_base64_put(bytes, &body);
	to->body = arena_span(&r->m->arena, buf_span(&body));
	buf_free(&body);
	return encoding_set(r, to, MIME_BASE64);
}

/* Nothing but 7bit, 8bit or binary may stand there: so inside it. */
static int
message_rebuild(struct rebuilder *r, struct mime_part *to, struct span body)
{
	struct mime inner = { .root = NULL }, fresh = { .root = NULL };
	struct rebuilder deeper = { &fresh, r->how, r->embedded + 1, NULL };
	struct mime_part *rebuilt;
	struct buf text = { 0 };
	const char *why;
	int rc = -1;

	if (mime_parse(&inner, body, &why) == 0 &&
	    part_rebuild(&deeper, inner.root, &rebuilt) == 0) {
		mime_put(rebuilt, &text);
		to->body = arena_span(&r->m->arena, buf_span(&text));
		rc = 0;
	} else {
		fault(r, deeper.why != NULL ? deeper.why : why);
	}
	buf_free(&text);
	mime_free(&inner);
	mime_free(&fresh);
	return rc == 0 ? encoding_set(r, to, MIME_7BIT) : -1;
}

static bool
charset_is_wrong(const struct rebuilder *r, const struct mime_content *c,
    const struct mime_part *from)
{
	struct buf bytes = { 0 }, utf8 = { 0 };
	bool wrong;

	if (!r->how->detect.on || !mime_content_is(c, "text/") ||
	    c->attachment || c->encoding == MIME_UNKNOWN_ENCODING)
		return false;
	buf_reserve(&bytes, 1);
	mime_decode(c->encoding, from->body, &bytes);
	wrong = charset_needed(r, c, buf_span(&bytes), &utf8) != NULL &&
	    buf_len(&utf8) != 0;
	buf_free(&bytes);
	buf_free(&utf8);
	return wrong;
}

static int
leaf_rebuild(struct rebuilder *r, struct mime_part *to,
    const struct mime_part *from, struct mime_content *c,
    struct arena *scratch)
{
	struct buf bytes = { 0 };
	int rc;

	to->body = span_make("", 0);
	if (body_is_clean(from->body) && !charset_is_wrong(r, c, from)) {
		body_keep(r, to, from->body);
		return 0;
	}
	if (mime_content_is(c, "message/rfc822") &&
	    mime_encoding_is_identity(c->encoding) &&
	    r->embedded < EMBEDDED_MAX)
		return message_rebuild(r, to, from->body);
	/* What nobody can decode, and what must not be encoded, stays. */
	if (c->encoding == MIME_UNKNOWN_ENCODING ||
	    mime_content_is(c, "message/")) {
		body_keep(r, to, from->body);
		return 0;
	}
	buf_reserve(&bytes, 1);
	mime_decode(c->encoding, from->body, &bytes);
	/* Of an attached file, text or not, each byte counts. */
	rc = mime_content_is(c, "text/") && !c->attachment ?
	    text_rebuild(r, to, c, scratch, buf_span(&bytes)) :
	    bytes_rebuild(r, to, buf_span(&bytes));
	buf_free(&bytes);
	return rc;
}

/* ---- the tree ----------------------------------------------------------- */

/* Keeps its boundary when that is one of today's rules. */
static int
multipart_begin(struct rebuilder *r, struct mime_part *to,
    const struct mime_part *from, struct mime_content *c,
    struct arena *scratch)
{
	struct span boundary = from->boundary;
	struct buf value = { 0 };
	int rc = 0;

	mime_field_remove(to, SPAN_LIT("Content-Transfer-Encoding"));
	if (!mime_boundary_valid(boundary)) {
		boundary = mime_boundary_random(scratch);
		mime_params_set(scratch, &c->type, "boundary", boundary);
		mime_params_put(&c->type, &value);
		rc = mime_field_set(r->m, to, SPAN_LIT("Content-Type"),
		    buf_span(&value));
		buf_free(&value);
	}
	to->boundary = arena_span(&r->m->arena, boundary);
	return rc == 0 ? 0 : fault(r, "a header has too many fields");
}

static int
part_rebuild(struct rebuilder *r, const struct mime_part *from,
    struct mime_part **out)
{
	struct arena scratch = { 0 };
	struct mime_part *to = mime_part_new(r->m), *child;
	struct mime_content c;
	const struct mime_part *at;
	int rc;

	*out = to;
	if (to == NULL)
		return fault(r, "there are too many parts");
	to->made = true;
	mime_content_read(&scratch, r->how->charsets, from, &c);
	rc = fields_rebuild(r, to, from);
	if (rc == 0 && !mime_is_multipart(from))
		rc = leaf_rebuild(r, to, from, &c, &scratch);
	else if (rc == 0)
		rc = multipart_begin(r, to, from, &c, &scratch);
	arena_free(&scratch);
	for (at = from->first; rc == 0 && at != NULL; at = at->next) {
		rc = part_rebuild(r, at, &child);
		if (rc == 0)
			mime_part_link(to, child);
	}
	return rc;
}

int
mime_rebuild(struct mime *to, const struct mime_part *from,
    const struct mime_rebuild *how, const char **why_out)
{
	struct rebuilder r = { to, how, 0, NULL };
	int rc = part_rebuild(&r, from, &to->root);

	*why_out = r.why;
	return rc;
}
