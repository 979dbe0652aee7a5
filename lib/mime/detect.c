/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/detect.h"

#include <uchardet.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"

/* More tells no more. */
enum { LOOK_MAX = 256 * 1024 };

static bool
is_of(const struct span *v, size_t n, struct span name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (span_ieq(v[i], name))
			return true;
	}
	return false;
}

static bool
allowed(const struct mime_detect *d, struct span name)
{
	return name.len != 0 && !is_of(d->exclude, d->n_exclude, name) &&
	    (d->n_include == 0 || is_of(d->include, d->n_include, name));
}

static bool
guess(const struct mime_detect *d, const struct charsets *charsets,
    struct span bytes, struct buf *out)
{
	uchardet_t u = uchardet_new();
	bool found = false;

	if (u == NULL)
		return false;
	if (uchardet_handle_data(u, bytes.p,
	    bytes.len < LOOK_MAX ? bytes.len : LOOK_MAX) == 0) {
		struct span name;

		uchardet_data_end(u);
		name = span_of(uchardet_get_charset(u));
		found = allowed(d, name) &&
		    charset_to_utf8(charsets, name, bytes, out) == 0;
	}
	uchardet_delete(u);
	return found;
}

bool
mime_detect_utf8(const struct mime_detect *d, const struct charsets *charsets,
    struct span bytes, struct buf *out)
{
	size_t i;

	if (text_is_utf8(bytes) && allowed(d, SPAN_LIT("utf-8"))) {
		buf_add_span(out, bytes);
		return true;
	}
	if (guess(d, charsets, bytes, out))
		return true;
	for (i = 0; i < d->n_include; i++) {
		if (allowed(d, d->include[i]) && charset_to_utf8(charsets,
		    d->include[i], bytes, out) == 0)
			return true;
	}
	return false;
}
