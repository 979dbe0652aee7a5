/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/web/multipart.h"

#include <stdio.h>
#include <sys/random.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

void
multipart_boundary(char out[MULTIPART_BOUNDARY + 1])
{
	uint8_t random[MULTIPART_BOUNDARY / 2];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		fatal("getrandom");
	for (i = 0; i < sizeof(random); i++)
		snprintf(out + i * 2, 3, "%02x", random[i]);
}

/* As browsers write names: nothing in them ends the quotes or the line. */
static void
put_quoted(struct buf *out, struct span s)
{
	size_t i;

	buf_add_byte(out, '"');
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\r' || s.p[i] == '\n' ||
		    s.p[i] == '\0')
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
		else
			buf_add_byte(out, (uint8_t)s.p[i]);
	}
	buf_add_byte(out, '"');
}

void
multipart_put(struct buf *out, const char *boundary, struct span name,
    struct span file, struct span content)
{
	buf_addf(out, "--%s\r\nContent-Disposition: form-data; name=",
	    boundary);
	put_quoted(out, name);
	if (file.len != 0) {
		buf_add_str(out, "; filename=");
		put_quoted(out, file);
	}
	if (!text_is_utf8(content))
		buf_add_str(out,
		    "\r\nContent-Type: application/octet-stream");
	buf_add_str(out, "\r\n\r\n");
	buf_add_span(out, content);
	buf_add_str(out, "\r\n");
}

void
multipart_end(struct buf *out, const char *boundary)
{
	buf_addf(out, "--%s--\r\n", boundary);
}
