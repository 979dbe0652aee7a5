/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/web/upgrade.h"

#include <string.h>
#include <sys/random.h>

#include "lib/base/base64.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/web/field.h"
#include "lib/web/url.h"

void
upgrade_key(char out[UPGRADE_KEY + 1])
{
	struct buf b = { .base = NULL };
	char random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		fatal("getrandom");
	base64_encode(span_make(random, sizeof(random)), &b);
	memcpy(out, buf_data(&b), UPGRADE_KEY);
	out[UPGRADE_KEY] = '\0';
	buf_free(&b);
}

void
upgrade_put(struct buf *out, const struct url *url, const char *key,
    struct span authorization)
{
	buf_add_str(out, "GET ");
	buf_add_span(out, url->path);
	if (url->has_query) {
		buf_add_byte(out, '?');
		buf_add_span(out, url->query);
	}
	buf_add_str(out, " HTTP/1.1\r\nHost: ");
	url_put_host(out, url);
	buf_addf(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", key);
	if (authorization.len != 0) {
		buf_add_str(out, "Authorization: ");
		buf_add_span(out, authorization);
		buf_add_str(out, "\r\n");
	}
	buf_add_str(out, "\r\n");
}

/* ---- reading ------------------------------------------------------------- */

/* The next line without its end; false when it has none yet. */
static bool
line_take(struct span in, size_t *at, struct span *out)
{
	ptrdiff_t end = span_find(span_from(in, *at), '\n');

	if (end == -1)
		return false;
	*out = span_make(in.p + *at, (size_t)end);
	*at += (size_t)end + 1;
	if (out->len > 0 && out->p[out->len - 1] == '\r')
		out->len--;
	return true;
}

/* status-line = HTTP-version SP status-code SP [reason]; RFC 9112 section 4 */
static bool
status_read(struct span line, unsigned *out)
{
	uint64_t status;

	if (!span_starts(line, "HTTP/1.1 ") && !span_starts(line, "HTTP/1.0 "))
		return false;
	line = span_from(line, 9);
	if (line.len < 3 || (line.len > 3 && line.p[3] != ' ') ||
	    text_u64(span_make(line.p, 3), 100, 599, &status) == -1)
		return false;
	*out = (unsigned)status;
	return true;
}

/* field-line = field-name ":" OWS field-value OWS; RFC 9112 section 5 */
static bool
field_read(struct span line, struct arena *a, struct upgrade_field *out)
{
	ptrdiff_t colon = span_find(line, ':');
	struct span name, value;

	if (colon == -1)
		return false;
	name = span_make(line.p, (size_t)colon);
	value = span_trim(span_from(line, (size_t)colon + 1));
	if (!web_is_token(name) || !web_is_value(value))
		return false;
	out->name = arena_span(a, name);
	out->value = arena_span(a, value);
	return true;
}

static enum parse
bad(const char **why_out, const char *why)
{
	*why_out = why;
	return PARSE_BAD;
}

enum parse
upgrade_read(struct span in, struct arena *a, struct upgrade *out,
    const char **why_out)
{
	struct span line;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	*why_out = NULL;
	if (in.len > UPGRADE_HEAD_MAX)
		in.len = UPGRADE_HEAD_MAX;
	if (!line_take(in, &at, &line))
		goto more;
	if (!status_read(line, &out->status))
		return bad(why_out, "the server does not speak HTTP/1.1");
	out->fields = arena_alloc(a,
	    UPGRADE_FIELDS_MAX * sizeof(*out->fields));
	for (;;) {
		if (!line_take(in, &at, &line))
			goto more;
		if (line.len == 0)
			break;
		if (out->n_fields == UPGRADE_FIELDS_MAX)
			return bad(why_out, "its answer has too many fields");
		if (!field_read(line, a, &out->fields[out->n_fields++]))
			return bad(why_out, "its answer has a line that is no "
			    "field");
	}
	out->len = at;
	return PARSE_DONE;
more:
	if (in.len >= UPGRADE_HEAD_MAX)
		return bad(why_out, "the head of its answer is too large");
	return PARSE_MORE;
}

/* ---- judging ------------------------------------------------------------- */

/* Is the word among those of a list with commas, in all fields of the name? */
static bool
lists(const struct upgrade *u, const char *name, const char *word)
{
	struct span left, item;
	ptrdiff_t comma;
	size_t i;

	for (i = 0; i < u->n_fields; i++) {
		if (!span_ieq_str(u->fields[i].name, name))
			continue;
		left = u->fields[i].value;
		do {
			comma = span_find(left, ',');
			item = left;
			if (comma != -1) {
				item.len = (size_t)comma;
				left = span_from(left, (size_t)comma + 1);
			}
			if (span_ieq_str(span_trim(item), word))
				return true;
		} while (comma != -1);
	}
	return false;
}

static bool
has(const struct upgrade *u, const char *name)
{
	size_t i;

	for (i = 0; i < u->n_fields; i++) {
		if (span_ieq_str(u->fields[i].name, name))
			return true;
	}
	return false;
}

/* base64(SHA-1(key GUID)), which no cache or other server would answer. */
static bool
accepts(const struct upgrade *u, const char *key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[DIGEST_LEN_MAX];
	struct buf text = { .base = NULL };
	bool same = false;
	unsigned len;
	size_t i;

	buf_addf(&text, "%s%s", key, guid);
	len = digest_of(DIGEST_SHA1, buf_span(&text), digest);
	buf_clear(&text, 4096);
	base64_encode(span_make(digest, len), &text);
	for (i = 0; i < u->n_fields; i++) {
		if (span_ieq_str(u->fields[i].name, "Sec-WebSocket-Accept"))
			same = span_eq(u->fields[i].value, buf_span(&text));
	}
	buf_free(&text);
	return same;
}

const char *
upgrade_refusal(const struct upgrade *u, const char *key)
{
	if (u->status != 101)
		return "the server does not open a WebSocket there";
	if (!lists(u, "Upgrade", "websocket") ||
	    !lists(u, "Connection", "Upgrade") || !accepts(u, key))
		return "the server does not speak WebSocket";
	if (has(u, "Sec-WebSocket-Extensions") ||
	    has(u, "Sec-WebSocket-Protocol"))
		return "the server wants an extension or protocol that was "
		    "not offered";
	return NULL;
}
