/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/ids.h"

#include <string.h>

#include "lib/mime/scan.h"

/* At "<". Folds inside, which some writers make, are no part of the id. */
static int
id_read(struct scan *s, struct arena *a, struct span *out)
{
	struct buf text = { 0 };
	int rc = -1;

	scan_take(s, '<');
	buf_reserve(&text, 1);
	for (;;) {
		while (scan_more(s) && memchr(" \t\r\n", *s->p, 4) != NULL)
			s->p++;
		if (scan_take(s, '>')) {
			rc = buf_len(&text) != 0 ? 0 :
			    scan_fault(s, "an id is empty");
			break;
		}
		if (!scan_more(s) || scan_peek(s) == '<') {
			scan_fault(s, "an id lacks its \">\"");
			break;
		}
		buf_add_span(&text, scan_until(s, "<>"));
	}
	*out = arena_span(a, buf_span(&text));
	buf_free(&text);
	return rc;
}

struct id_link {
	struct id_link *next;
	struct span text;
};

int
mime_ids_parse(struct arena *a, struct span text, struct mime_ids *out,
    const char **why_out)
{
	struct scan s = scan_of(text);
	struct id_link *first = NULL, **tail = &first, *at;
	int rc = 0;

	*out = (struct mime_ids){ NULL, 0 };
	for (;;) {
		scan_skip(&s);
		/* Some put commas between. */
		if (out->n != 0 && scan_take(&s, ','))
			continue;
		if (!scan_more(&s))
			break;
		if (scan_peek(&s) != '<')
			rc = scan_fault(&s, "an id begins with \"<\"");
		else if (out->n++ == MIME_IDS_MAX)
			rc = scan_fault(&s, "there are too many ids");
		if (rc != 0)
			break;
		*tail = arena_alloc(a, sizeof(**tail));
		rc = id_read(&s, a, &(*tail)->text);
		if (rc != 0)
			break;
		tail = &(*tail)->next;
	}
	if (rc == 0 && out->n == 0)
		rc = scan_fault(&s, "there is no id");
	*why_out = s.why;
	if (rc != 0)
		return -1;
	out->v = arena_alloc(a, out->n * sizeof(*out->v));
	for (at = first, out->n = 0; at != NULL; at = at->next)
		out->v[out->n++] = at->text;
	return 0;
}

int
mime_id_parse(struct arena *a, struct span text, struct span *out,
    const char **why_out)
{
	struct mime_ids ids;

	if (mime_ids_parse(a, text, &ids, why_out) != 0)
		return -1;
	if (ids.n != 1) {
		*why_out = "wanted one id";
		return -1;
	}
	*out = ids.v[0];
	return 0;
}

int
mime_content_id_parse(struct arena *a, struct span text, struct span *out,
    const char **why_out)
{
	struct scan s = scan_of(text);
	struct span word;

	scan_skip(&s);
	if (scan_peek(&s) == '<')
		return mime_id_parse(a, text, out, why_out);
	word = scan_until(&s, "<>(");
	scan_skip(&s);
	if (word.len == 0 || scan_more(&s)) {
		*why_out = "this is no id";
		return -1;
	}
	*out = arena_span(a, word);
	return 0;
}

void
mime_ids_put(const struct mime_ids *ids, struct buf *out)
{
	size_t i;

	for (i = 0; i < ids->n; i++) {
		if (i != 0)
			buf_add_str(out, "\r\n\t");
		buf_add_byte(out, '<');
		buf_add_span(out, ids->v[i]);
		buf_add_byte(out, '>');
	}
}
