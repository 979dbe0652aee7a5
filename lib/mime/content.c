/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/content.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mime/ids.h"

static void
type_assume(const struct mime_part *p, struct mime_content *out)
{
	struct arena scratch = { 0 };
	struct mime_params above;
	const char *why;
	bool digest;

	digest = p->parent != NULL && mime_params_parse(&scratch, NULL,
	    mime_field_value(p->parent, "Content-Type"), &above, &why) == 0 &&
	    span_ieq_str(above.value, "multipart/digest");
	out->type.value = digest ? SPAN_LIT("message/rfc822") :
	    SPAN_LIT("text/plain");
	arena_free(&scratch);
}

void
mime_content_read(struct arena *a, const struct charsets *charsets,
    const struct mime_part *p, struct mime_content *out)
{
	struct mime_params params;
	const struct span *found;
	const char *why;

	memset(out, 0, sizeof(*out));
	out->has_type = mime_params_parse(a, charsets,
	    mime_field_value(p, "Content-Type"), &out->type, &why) == 0 &&
	    mime_type_valid(out->type.value);
	if (!out->has_type) {
		memset(&out->type, 0, sizeof(out->type));
		type_assume(p, out);
	}
	if ((found = mime_params_get(&out->type, "charset")) != NULL)
		out->charset = *found;
	if (mime_params_parse(a, charsets, mime_field_value(p,
	    "Content-Transfer-Encoding"), &params, &why) == 0)
		out->encoding = mime_encoding_of(params.value);
	if (mime_params_parse(a, charsets, mime_field_value(p,
	    "Content-Disposition"), &params, &why) == 0) {
		out->has_disposition = true;
		out->attachment = !span_ieq_str(params.value, "inline");
		if ((found = mime_params_get(&params, "filename")) != NULL)
			out->file_name = *found;
	}
	if (out->file_name.p == NULL &&
	    (found = mime_params_get(&out->type, "name")) != NULL)
		out->file_name = *found;
	if (mime_content_id_parse(a, mime_field_value(p, "Content-ID"),
	    &out->content_id, &why) != 0)
		out->content_id = span_make(NULL, 0);
}

bool
mime_content_is(const struct mime_content *c, const char *type)
{
	return type[strlen(type) - 1] == '/' ?
	    span_istarts(c->type.value, type) :
	    span_ieq_str(c->type.value, type);
}

static void
multipart_body(const struct mime_part *p, struct buf *out)
{
	struct mime_part bare = *p;

	/* As it is written, without the header. */
	bare.n_fields = 0;
	bare.made = false;
	bare.separator = span_make("", 0);
	mime_put(&bare, out);
}

void
mime_body_decode(const struct mime_part *p, struct buf *out)
{
	struct arena scratch = { 0 };
	struct mime_content c;

	if (mime_is_multipart(p)) {
		multipart_body(p, out);
		return;
	}
	mime_content_read(&scratch, NULL, p, &c);
	mime_decode(c.encoding, p->body, out);
	arena_free(&scratch);
}

void
mime_body_text(const struct charsets *charsets, const struct mime_part *p,
    struct buf *out)
{
	struct arena scratch = { 0 };
	struct buf raw = { 0 };
	struct mime_content c;

	if (mime_is_multipart(p)) {
		multipart_body(p, out);
		return;
	}
	mime_content_read(&scratch, NULL, p, &c);
	buf_reserve(&raw, 1);
	mime_decode(c.encoding, p->body, &raw);
	if (!mime_content_is(&c, "text/") || c.charset.p == NULL ||
	    charset_to_utf8(charsets, c.charset, buf_span(&raw), out) != 0)
		buf_add_span(out, buf_span(&raw));
	buf_free(&raw);
	arena_free(&scratch);
}
