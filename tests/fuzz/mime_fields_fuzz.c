/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of structured fields: what was read and is written can be read again
 * and is then the same.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/date.h"
#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mail/header.h"
#include "lib/mime/auth_results.h"
#include "lib/mime/date.h"
#include "lib/mime/ids.h"
#include "lib/mime/mailbox.h"
#include "lib/mime/params.h"
#include "lib/mime/transfer.h"
#include "lib/mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct charsets *cs;

/* One field: each line end is a fold. */
static void
check_folds(const struct buf *value)
{
	struct span s = buf_span(value);
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\r')
			assert(i + 2 < s.len && s.p[i + 1] == '\n' &&
			    s.p[i + 2] == '\t');
		if (s.p[i] == '\n')
			assert(i > 0 && s.p[i - 1] == '\r');
	}
}

static void
addresses(struct span text, enum mime_address_kind kind)
{
	struct mime_addresses list, again;
	const struct mime_address *x, *y;
	const struct mime_mailbox *m, *n;
	struct buf out = { 0 };
	struct arena a = { 0 };
	const char *why;

	if (mime_addresses_parse(&a, cs, text, kind, &list, &why) != 0) {
		assert(why != NULL);
	} else if (memchr(text.p, '\r', text.len) == NULL &&
	    memchr(text.p, '\n', text.len) == NULL &&
	    memchr(text.p, '\0', text.len) == NULL) {
		mime_addresses_put(&list, &out);
		check_folds(&out);
		assert(list.n == 0 || mime_addresses_parse(&a, cs,
		    buf_span(&out), kind, &again, &why) == 0);
		y = list.n == 0 ? NULL : again.first;
		for (x = list.first; x != NULL; x = x->next, y = y->next) {
			assert(y != NULL && x->is_group == y->is_group);
			for (m = x->list, n = y->list; m != NULL;
			    m = m->next, n = n->next) {
				assert(n != NULL);
				assert(span_eq(m->local, n->local));
				assert(span_eq(m->domain, n->domain));
			}
			assert(n == NULL);
		}
	}
	buf_free(&out);
	arena_free(&a);
}

static void
params(struct span text)
{
	struct mime_params p, again;
	struct buf out = { 0 };
	struct arena a = { 0 };
	const char *why;
	size_t i;

	if (mime_params_parse(&a, cs, text, &p, &why) != 0) {
		assert(why != NULL);
	} else {
		for (i = 0; i < p.n; i++) {
			if (!mime_token_valid(p.v[i].name) ||
			    span_find(p.v[i].name, '*') >= 0 ||
			    memmem(p.v[i].value.p, p.v[i].value.len, "=?",
			    2) != NULL || !text_is_utf8(p.v[i].value))
				break;
		}
		mime_params_put(&p, &out);
		if (i == p.n && mime_token_valid(p.value)) {
			check_folds(&out);
			assert(mime_params_parse(&a, cs, buf_span(&out),
			    &again, &why) == 0);
			assert(again.n == p.n);
			for (i = 0; i < p.n; i++)
				assert(span_eq(p.v[i].value,
				    again.v[i].value));
		}
	}
	buf_free(&out);
	arena_free(&a);
}

static void
auth_results(struct span text)
{
	struct mime_auth_results r, again;
	struct buf out = { 0 };
	struct arena a = { 0 };
	const char *why;
	size_t i;

	if (mime_auth_results_parse(&a, text, &r, &why) != 0) {
		assert(why != NULL);
	} else {
		mime_auth_results_put(&r, &out);
		assert(mime_auth_results_parse(&a, buf_span(&out), &again,
		    &why) == 0);
		assert(again.n == r.n);
		for (i = 0; i < r.n; i++) {
			assert(span_eq(r.v[i].method, again.v[i].method));
			assert(r.v[i].n_props == again.v[i].n_props);
		}
	}
	buf_free(&out);
	arena_free(&a);
}

static void
ids(struct span text)
{
	struct mime_ids list, again;
	struct buf out = { 0 };
	struct arena a = { 0 };
	struct span one;
	const char *why;
	size_t i;

	if (mime_ids_parse(&a, text, &list, &why) == 0) {
		mime_ids_put(&list, &out);
		assert(mime_ids_parse(&a, buf_span(&out), &again, &why) == 0);
		assert(list.n == again.n);
		for (i = 0; i < list.n; i++)
			assert(span_eq(list.v[i], again.v[i]));
	} else {
		assert(why != NULL);
	}
	mime_content_id_parse(&a, text, &one, &why);
	buf_free(&out);
	arena_free(&a);
}

static void
date(struct span text)
{
	char rfc3339[MIME_DATE_MAX];
	struct moment again;
	int64_t seconds;
	const char *why;

	/* An offset may lead out of the years that have four digits. */
	if (mime_date_parse(text, &seconds) != 0 ||
	    seconds < DATE_MIN || seconds > DATE_MAX)
		return;
	mime_date_rfc3339(seconds, rfc3339);
	assert(date_parse_rfc3339(span_of(rfc3339), &again, &why) == 0);
	assert(seconds == again.s);
}

static void
words(struct span text)
{
	struct buf out = { 0 }, back = { 0 };

	mime_words_put(text, &out);
	check_folds(&out);
	/* What is encoded comes back whole. */
	if (text_has_8bit(text) && text_is_utf8(text)) {
		buf_reserve(&back, 1);
		header_decode(buf_span(&out), cs, &back);
		assert(span_eq(buf_span(&back), text));
	}
	buf_clear(&out, 65536);
	mime_phrase_put(text, false, &out);
	check_folds(&out);
	buf_free(&out);
	buf_free(&back);
}

static void
transfer(struct span text)
{
	struct buf out = { 0 }, back = { 0 }, crlf = { 0 };
	struct mime_lines lines;
	enum mime_encoding encoding;

	buf_reserve(&back, 1);
	mime_base64_put(text, &out);
	mime_decode(MIME_BASE64, buf_span(&out), &back);
	assert(span_eq(buf_span(&back), text));
	buf_clear(&out, 65536);
	buf_clear(&back, 65536);
	encoding = mime_text_put(text, &out);
	mime_lines_read(buf_span(&out), &lines);
	assert(!lines.has_8bit && !lines.bare && !lines.delimiter &&
	    lines.longest <= MIME_LINE_MAX);
	mime_decode(encoding, buf_span(&out), &back);
	if (memchr(text.p, '\r', text.len) == NULL &&
	    memchr(text.p, '\0', text.len) == NULL) {
		buf_reserve(&crlf, 1);
		mime_crlf_put(text, &crlf);
		assert(span_eq(buf_span(&back), buf_span(&crlf)));
	}
	buf_clear(&back, 65536);
	mime_decode(MIME_QUOTED_PRINTABLE, text, &back);
	mime_decode(MIME_BASE64, text, &back);
	buf_free(&out);
	buf_free(&back);
	buf_free(&crlf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make(data, size);

	if (cs == NULL)
		cs = charsets_open();
	addresses(text, MIME_ADDRESS_LIST);
	addresses(text, MIME_MAILBOX_LIST);
	params(text);
	auth_results(text);
	ids(text);
	date(text);
	words(text);
	transfer(text);
	return 0;
}
