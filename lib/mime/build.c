/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/build.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"
#include "lib/mime/content.h"
#include "lib/mime/ids.h"

#define TYPE SPAN_LIT("Content-Type")
#define ENCODING SPAN_LIT("Content-Transfer-Encoding")

/* ---- fields ------------------------------------------------------------- */

/* A header has room for the few fields of here, unless a stranger filled it. */
static int
field_set(struct mime *m, struct mime_part *p, struct span name,
    const struct buf *value, const char **why_out)
{
	if (mime_field_set(m, p, name, buf_span(value)) == 0)
		return 0;
	*why_out = "the header has too many fields";
	return -1;
}

static int
params_set(struct mime *m, struct mime_part *p, struct span name,
    const struct mime_params *params, const char **why_out)
{
	struct buf value = { 0 };
	int rc;

	mime_params_put(params, &value);
	rc = field_set(m, p, name, &value, why_out);
	buf_free(&value);
	return rc;
}

static int
encoding_set(struct mime *m, struct mime_part *p, enum mime_encoding encoding,
    const char **why_out)
{
	if (encoding == MIME_7BIT) {
		mime_field_remove(p, ENCODING);
		return 0;
	}
	if (mime_field_set(m, p, ENCODING,
	    span_of(mime_encoding_name(encoding))) == 0)
		return 0;
	*why_out = "the header has too many fields";
	return -1;
}

static int
type_parse(struct arena *a, struct span type, struct mime_params *out,
    const char **why_out)
{
	if (mime_params_parse(a, NULL, type, out, why_out) == 0 &&
	    mime_type_valid(out->value))
		return 0;
	*why_out = "this is no content type";
	return -1;
}

/* ---- leaves ------------------------------------------------------------- */

static void
text_encode(struct mime *m, struct mime_part *p, struct span text,
    enum mime_encoding *out)
{
	struct buf body = { 0 };

	*out = mime_text_put(text, &body);
	p->body = arena_span(&m->arena, buf_span(&body));
	p->made = true;
	buf_free(&body);
}

static void
bytes_encode(struct mime *m, struct mime_part *p, struct span bytes)
{
	struct buf body = { 0 };

	mime_base64_put(bytes, &body);
	p->body = arena_span(&m->arena, buf_span(&body));
	p->made = true;
	buf_free(&body);
}

static const char *
charset_for(struct span text)
{
	return text_has_8bit(text) ? "utf-8" : "us-ascii";
}

static struct mime_part *
leaf_new(struct mime *m, const char **why_out)
{
	struct mime_part *p = mime_part_new(m);

	if (p == NULL)
		*why_out = "there are too many parts";
	return p;
}

struct mime_part *
mime_text_new(struct mime *m, struct span type, struct span text,
    const char **why_out)
{
	struct arena scratch = { 0 };
	struct mime_part *p = NULL;
	struct mime_params params;
	enum mime_encoding encoding;

	if (!text_is_utf8(text))
		*why_out = "the text is not UTF-8";
	else if (type_parse(&scratch, type, &params, why_out) == 0)
		p = leaf_new(m, why_out);
	if (p != NULL) {
		mime_params_set(&scratch, &params, "charset",
		    span_of(charset_for(text)));
		text_encode(m, p, text, &encoding);
		if (params_set(m, p, TYPE, &params, why_out) != 0 ||
		    encoding_set(m, p, encoding, why_out) != 0)
			p = NULL;
	}
	arena_free(&scratch);
	return p;
}

static int
disposition_set(struct mime *m, struct mime_part *p,
    const struct mime_attachment *as, const char **why_out)
{
	struct arena scratch = { 0 };
	struct mime_params params = { .n = 0 };
	struct buf value = { 0 };
	struct mime_ids id;
	struct span content_id = as->content_id;
	int rc;

	params.value = as->is_inline ? SPAN_LIT("inline") :
	    SPAN_LIT("attachment");
	if (as->file_name.p != NULL)
		mime_params_set(&scratch, &params, "filename", as->file_name);
	rc = params_set(m, p, SPAN_LIT("Content-Disposition"), &params,
	    why_out);
	if (rc == 0 && as->content_id.p != NULL) {
		id.v = &content_id;
		id.n = 1;
		mime_ids_put(&id, &value);
		rc = field_set(m, p, SPAN_LIT("Content-ID"), &value, why_out);
	}
	buf_free(&value);
	arena_free(&scratch);
	return rc;
}

struct mime_part *
mime_binary_new(struct mime *m, struct span type, struct span bytes,
    const struct mime_attachment *as, const char **why_out)
{
	struct arena scratch = { 0 };
	struct mime_part *p = NULL;
	struct mime_params params;

	if (type_parse(&scratch, type, &params, why_out) == 0)
		p = leaf_new(m, why_out);
	if (p != NULL) {
		bytes_encode(m, p, bytes);
		if (params_set(m, p, TYPE, &params, why_out) != 0 ||
		    encoding_set(m, p, MIME_BASE64, why_out) != 0 ||
		    (as->given && disposition_set(m, p, as, why_out) != 0))
			p = NULL;
	}
	arena_free(&scratch);
	return p;
}

/* ---- multiparts --------------------------------------------------------- */

bool
mime_boundary_valid(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = ascii_lower(s.p[i]);

		if (c <= '\0' || (!ascii_digit(c) && (c < 'a' || c > 'z') &&
		    strchr("'()+_,-./:=? ", c) == NULL))
			return false;
	}
	return s.len > 0 && s.len <= 70 && s.p[s.len - 1] != ' ';
}

struct span
mime_boundary_random(struct arena *a)
{
	struct uuid id = uuid_random();
	char hex[UUID_HEX_MAX];

	return span_of(arena_printf(a, "part-%s", uuid_hex(&id, hex)));
}

struct mime_part *
mime_multipart_new(struct mime *m, struct span type, struct span boundary,
    const char **why_out)
{
	struct arena scratch = { 0 };
	struct mime_part *p = NULL;
	struct mime_params params;

	if (type_parse(&scratch, type, &params, why_out) == 0) {
		if (boundary.len == 0 &&
		    mime_params_get(&params, "boundary") != NULL)
			boundary = *mime_params_get(&params, "boundary");
		if (boundary.len == 0)
			boundary = mime_boundary_random(&scratch);
		if (mime_boundary_valid(boundary))
			p = leaf_new(m, why_out);
		else
			*why_out = "this is no boundary";
	}
	if (p != NULL) {
		mime_params_set(&scratch, &params, "boundary", boundary);
		p->boundary = arena_span(&m->arena, boundary);
		p->made = true;
		if (params_set(m, p, TYPE, &params, why_out) != 0)
			p = NULL;
	}
	arena_free(&scratch);
	return p;
}

/* The levels of the tree at p, itself counted. */
static unsigned
tree_height(const struct mime_part *p)
{
	const struct mime_part *at;
	unsigned depth, most = 0, above = mime_depth(p);

	for (at = p; at != NULL; at = mime_next(p, at)) {
		depth = mime_depth(at) - above + 1;
		if (depth > most)
			most = depth;
	}
	return most;
}

/* Would a line of the part end one of the multiparts above? */
static bool
breaks_boundary(const struct mime_part *to, const struct mime_part *part)
{
	struct buf text = { 0 };
	bool found = false;

	buf_reserve(&text, 1);
	mime_put(part, &text);
	for (; to != NULL && !found; to = to->parent)
		found = mime_has_delimiter(buf_span(&text), to->boundary);
	buf_free(&text);
	return found;
}

int
mime_append(struct mime *m, struct mime_part *to, const struct mime_part *part,
    const char **why_out)
{
	struct mime_part *copy;

	if (!mime_is_multipart(to)) {
		*why_out = "only a multipart takes parts";
		return -1;
	}
	if (mime_depth(to) + 1 + tree_height(part) > MIME_DEPTH_MAX) {
		*why_out = "its parts would be nested too deep";
		return -1;
	}
	if (breaks_boundary(to, part)) {
		*why_out = "the part has a line that is the boundary";
		return -1;
	}
	copy = mime_part_copy(m, part);
	if (copy == NULL) {
		*why_out = "there are too many parts";
		return -1;
	}
	copy->opening = span_make(NULL, 0);
	mime_part_link(to, copy);
	return 0;
}

/* ---- new content -------------------------------------------------------- */

/* Does ASCII text mean itself in that set? */
static bool
holds_ascii(struct span charset)
{
	return span_ieq_str(charset, "us-ascii") ||
	    span_ieq_str(charset, "utf-8") ||
	    span_istarts(charset, "iso-8859-") ||
	    span_istarts(charset, "windows-125") ||
	    span_istarts(charset, "koi8-");
}

/* Has the charset parameter to change for this text? */
static bool
charset_differs(const struct mime_content *c, struct span text)
{
	if (c->charset.p == NULL || !c->has_type)
		return true;
	return text_has_8bit(text) ? !span_ieq_str(c->charset, "utf-8") :
	    !holds_ascii(c->charset);
}

static int
text_set(struct mime *m, struct mime_part *p, struct mime_content *c,
    struct arena *scratch, struct span text, const char **why_out)
{
	enum mime_encoding encoding;

	text_encode(m, p, text, &encoding);
	if (charset_differs(c, text)) {
		mime_params_set(scratch, &c->type, "charset",
		    span_of(charset_for(text)));
		if (params_set(m, p, TYPE, &c->type, why_out) != 0)
			return -1;
	}
	return encoding_set(m, p, encoding, why_out);
}

static int
bytes_set(struct mime *m, struct mime_part *p, struct mime_content *c,
    struct span bytes, const char **why_out)
{
	if (!c->has_type) {
		c->type.value = SPAN_LIT("application/octet-stream");
		c->type.n = 0;
		if (params_set(m, p, TYPE, &c->type, why_out) != 0)
			return -1;
	}
	bytes_encode(m, p, bytes);
	return encoding_set(m, p, MIME_BASE64, why_out);
}

int
mime_body_set(struct mime *m, struct mime_part *p, struct span content,
    struct span type, const char **why_out)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	int rc = 0;

	mime_content_read(&scratch, NULL, p, &c);
	if (type.p != NULL) {
		rc = type_parse(&scratch, type, &c.type, why_out);
		if (rc == 0)
			rc = params_set(m, p, TYPE, &c.type, why_out);
		c.has_type = true;
		c.charset = span_make(NULL, 0);
		if (rc == 0 && mime_params_get(&c.type, "charset") != NULL)
			c.charset = *mime_params_get(&c.type, "charset");
	} else if (mime_is_multipart(p)) {
		*why_out = "a multipart has parts in place of a body: to "
		    "replace them, say the new content type";
		rc = -1;
	}
	if (rc == 0) {
		p->first = p->last = NULL;
		p->boundary.p = NULL;
		rc = text_is_utf8(content) && mime_content_is(&c, "text/") ?
		    text_set(m, p, &c, &scratch, content, why_out) :
		    bytes_set(m, p, &c, content, why_out);
	}
	arena_free(&scratch);
	return rc;
}

/* ---- messages ----------------------------------------------------------- */

int
mime_builder_attach(struct mime_builder *b, struct mime_part *part,
    const char **why_out)
{
	if (b->n == MIME_PARTS_MAX) {
		*why_out = "there are too many attachments";
		return -1;
	}
	b->attachments[b->n++] = part;
	return 0;
}

static struct mime_part *
wrap(struct mime_builder *b, const char *type, const char *stable,
    struct mime_part *first, const char **why_out)
{
	struct mime_part *p = mime_multipart_new(&b->m, span_of(type),
	    b->stable ? span_of(stable) : span_of(NULL), why_out);

	if (p != NULL)
		mime_part_link(p, first);
	return p;
}

/* The bodies, of which a reader shows the last that it can. */
static struct mime_part *
alternatives(struct mime_builder *b, const char **why_out)
{
	struct mime_part *forms[3], *p;
	size_t n = 0, i;

	if (b->text != NULL)
		forms[n++] = b->text;
	/* Before the HTML: readers that know no AMP show the last one. */
	if (b->amp != NULL)
		forms[n++] = b->amp;
	if (b->html != NULL)
		forms[n++] = b->html;
	if (n == 0)
		return mime_text_new(&b->m, SPAN_LIT("text/plain"),
		    span_of(""), why_out);
	if (n == 1)
		return forms[0];
	p = wrap(b, "multipart/alternative", "ma-boundary", forms[0], why_out);
	for (i = 1; i < n && p != NULL; i++)
		mime_part_link(p, forms[i]);
	return p;
}

static bool
is_related(const struct mime_part *p)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	bool related;

	mime_content_read(&scratch, NULL, p, &c);
	related = c.has_disposition && !c.attachment;
	arena_free(&scratch);
	return related;
}

/* What an HTML text shows inside itself goes with it. */
static struct mime_part *
with_attachments(struct mime_builder *b, struct mime_part *p, bool related,
    const char **why_out)
{
	struct mime_part *whole = NULL;
	size_t i;

	for (i = 0; i < b->n && p != NULL; i++) {
		if ((b->html != NULL && is_related(b->attachments[i])) !=
		    related)
			continue;
		if (whole == NULL) {
			whole = wrap(b, related ? "multipart/related" :
			    "multipart/mixed", related ? "mr-boundary" :
			    "mm-boundary", p, why_out);
			p = whole;
		}
		if (whole != NULL)
			mime_part_link(whole, b->attachments[i]);
	}
	return p;
}

struct mime_part *
mime_builder_build(struct mime_builder *b, const char **why_out)
{
	char date[CLOCK_RFC5322_MAX];
	struct mime_part *p = alternatives(b, why_out);

	if (p != NULL)
		p = with_attachments(b, p, true, why_out);
	if (p != NULL)
		p = with_attachments(b, p, false, why_out);
	if (p == NULL)
		return NULL;
	if (mime_field_set(&b->m, p, SPAN_LIT("Mime-Version"),
	    SPAN_LIT("1.0")) != 0 || mime_field_set(&b->m, p,
	    SPAN_LIT("Date"), b->stable ? SPAN_LIT(MIME_STABLE_DATE) :
	    span_of(clock_rfc5322(clock_wall_us(), date))) != 0) {
		*why_out = "the header has too many fields";
		return NULL;
	}
	b->m.root = p;
	return p;
}
