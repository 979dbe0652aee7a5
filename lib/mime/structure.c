/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/structure.h"

#include "lib/mime/content.h"

static bool
take_body(const struct mime_content *c, const char *type,
    struct mime_part **slot, struct mime_part *p)
{
	if (*slot != NULL || !mime_content_is(c, type))
		return false;
	*slot = p;
	return true;
}

static void
leaf_place(struct mime_part *p, struct mime_structure *out)
{
	struct arena scratch = { 0 };
	struct mime_content c;
	bool placed = false;

	mime_content_read(&scratch, NULL, p, &c);
	if (!c.attachment && !(c.has_disposition && c.file_name.p != NULL))
		placed = take_body(&c, "text/plain", &out->text, p) ||
		    take_body(&c, "text/html", &out->html, p) ||
		    take_body(&c, "text/x-amp-html", &out->amp, p);
	if (!placed && out->n < MIME_PARTS_MAX)
		out->attachments[out->n++] = p;
	arena_free(&scratch);
}

void
mime_structure_read(struct mime_part *top, struct mime_structure *out)
{
	struct mime_part *p;

	out->text = out->html = out->amp = NULL;
	out->n = 0;
	for (p = mime_next(top, NULL); p != NULL; p = mime_next(top, p)) {
		if (!mime_is_multipart(p))
			leaf_place(p, out);
	}
}
