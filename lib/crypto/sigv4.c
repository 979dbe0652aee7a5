/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/radix.h"
#include "lib/base/text.h"
#include "lib/crypto/digest.h"

static int
span_order(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.p, b.p, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* RFC 3986 section 2.3; the rest is %XX. */
static bool
unreserved(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' &&
	    ascii_lower(c) <= 'z') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
encode_char(char c, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	if (unreserved(c)) {
		buf_add_byte(out, (uint8_t)c);
		return;
	}
	buf_add_byte(out, '%');
	buf_add_byte(out, (uint8_t)hex[(unsigned char)c >> 4]);
	buf_add_byte(out, (uint8_t)hex[c & 15]);
}

static void
encode(struct span s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		encode_char(s.p[i], out);
}

/*
 * In the order of what stands in the request, which is encoded: no byte but
 * letters, digits and -._~ keeps its place, and '%' sorts before all these.
 */
static unsigned
encoded_rank(char c)
{
	return unreserved(c) ? 256U + (unsigned char)c : (unsigned char)c;
}

static int
encoded_order(struct span a, struct span b)
{
	size_t i;
	unsigned x, y;

	for (i = 0; i < a.len && i < b.len; i++) {
		x = encoded_rank(a.p[i]);
		y = encoded_rank(b.p[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static int
query_order(const void *a, const void *b)
{
	const struct sigv4_pair *x = a, *y = b;
	int order = encoded_order(x->name, y->name);

	return order != 0 ? order : encoded_order(x->value, y->value);
}

static int
header_order(const void *a, const void *b)
{
	const struct sigv4_pair *x = a, *y = b;

	return span_order(x->name, y->name);
}

/* ---- the path ------------------------------------------------------------ */

/* Without its last segment: "/a/b" becomes "/a". */
static void
path_pop(struct buf *out, size_t start)
{
	while (buf_len(out) > start &&
	    buf_data(out)[buf_len(out) - 1] != '/')
		out->end--;
	if (buf_len(out) > start)
		out->end--;
}

static bool
is_escape(struct span s, size_t i)
{
	return s.len - i >= 3 && s.p[i] == '%' &&
	    strchr("0123456789abcdefABCDEF", s.p[i + 1]) != NULL &&
	    strchr("0123456789abcdefABCDEF", s.p[i + 2]) != NULL;
}

/* S3 takes names as they are: nothing is removed, nothing encoded twice. */
static void
path_s3(struct span path, struct buf *out)
{
	size_t i;

	if (path.len == 0 || path.p[0] != '/')
		buf_add_byte(out, '/');
	for (i = 0; i < path.len; i++) {
		if (path.p[i] == '/' || is_escape(path, i))
			buf_add_byte(out, (uint8_t)path.p[i]);
		else
			encode_char(path.p[i], out);
	}
}

/* Without empty, "." and ".." segments; what is encoded, once more so. */
static void
path_normal(struct span path, struct buf *out)
{
	size_t start = buf_len(out), i = 0, end;
	bool slash = path.len == 0;
	struct span segment;

	while (i < path.len) {
		for (end = i; end < path.len && path.p[end] != '/'; end++)
			;
		segment = span_make(path.p + i, end - i);
		slash = end < path.len || span_eq_str(segment, ".") ||
		    span_eq_str(segment, "..");
		if (span_eq_str(segment, "..")) {
			path_pop(out, start);
		} else if (segment.len > 0 && !span_eq_str(segment, ".")) {
			buf_add_byte(out, '/');
			encode(segment, out);
		}
		i = end + 1;
	}
	if (slash || buf_len(out) == start)
		buf_add_byte(out, '/');
}

/* ---- the request --------------------------------------------------------- */

static void
hex_add(struct buf *out, const uint8_t *p, size_t len)
{
	char *at = (char *)buf_reserve(out, len * 2);

	radix_encode(RADIX_HEX, span_make(p, len), at);
	buf_commit(out, len * 2);
}

static void
hash_add(struct buf *out, struct span s)
{
	uint8_t hash[DIGEST_LEN_MAX];
	unsigned len = digest_of(DIGEST_SHA256, s, hash);

	hex_add(out, hash, len);
}

static void
query_add(const struct sigv4 *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->n_query; i++) {
		if (i > 0)
			buf_add_byte(out, '&');
		encode(s->query[i].name, out);
		buf_add_byte(out, '=');
		encode(s->query[i].value, out);
	}
}

/* Without blanks at both ends, runs of them as one. */
static void
value_add(struct span value, struct buf *out)
{
	size_t i;

	value = span_trim(value);
	for (i = 0; i < value.len; i++) {
		if (value.p[i] == ' ' && value.p[i - 1] == ' ')
			continue;
		buf_add_byte(out, (uint8_t)value.p[i]);
	}
}

static bool
same_as_before(const struct sigv4 *s, size_t i)
{
	return i > 0 && span_eq(s->headers[i].name, s->headers[i - 1].name);
}

static void
headers_add(const struct sigv4 *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->n_headers; i++) {
		if (same_as_before(s, i)) {
			buf_add_byte(out, ',');
		} else {
			if (i > 0)
				buf_add_byte(out, '\n');
			buf_add_span(out, s->headers[i].name);
			buf_add_byte(out, ':');
		}
		value_add(s->headers[i].value, out);
	}
	if (s->n_headers > 0)
		buf_add_byte(out, '\n');
}

static void
names_add(const struct sigv4 *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->n_headers; i++) {
		if (same_as_before(s, i))
			continue;
		if (i > 0)
			buf_add_byte(out, ';');
		buf_add_span(out, s->headers[i].name);
	}
}

static void
request_add(const struct sigv4 *s, struct buf *out)
{
	buf_add_span(out, s->method);
	buf_add_byte(out, '\n');
	if (span_eq_str(s->service, "s3"))
		path_s3(s->uri, out);
	else
		path_normal(s->uri, out);
	buf_add_byte(out, '\n');
	query_add(s, out);
	buf_add_byte(out, '\n');
	headers_add(s, out);
	buf_add_byte(out, '\n');
	names_add(s, out);
	buf_add_byte(out, '\n');
	hash_add(out, s->payload);
}

/* ---- the signature ------------------------------------------------------- */

static void
scope_add(const struct sigv4 *s, struct buf *out)
{
	buf_add(out, s->timestamp, 8);
	buf_add_byte(out, '/');
	buf_add_span(out, s->region);
	buf_add_byte(out, '/');
	buf_add_span(out, s->service);
	buf_add_str(out, "/aws4_request");
}

static void
sign(const struct sigv4 *s, struct span text,
    char signature[SIGV4_SIGNATURE_LEN + 1])
{
	struct buf secret = { .base = NULL };
	uint8_t key[DIGEST_LEN_MAX];
	struct span steps[5] = { span_make(s->timestamp, 8), s->region,
		s->service, SPAN_LIT("aws4_request"), text };
	unsigned len, i;

	buf_add_str(&secret, "AWS4");
	buf_add_span(&secret, s->secret_key);
	len = digest_hmac(DIGEST_SHA256, buf_span(&secret), steps[0], key);
	for (i = 1; i < 5; i++)
		len = digest_hmac(DIGEST_SHA256, span_make(key, len), steps[i],
		    key);
	radix_encode(RADIX_HEX, span_make(key, len), signature);
	signature[SIGV4_SIGNATURE_LEN] = '\0';
	explicit_bzero(buf_data(&secret), buf_len(&secret));
	explicit_bzero(key, sizeof(key));
	buf_free(&secret);
}

void
sigv4_sign(struct sigv4 *s, struct buf *out, size_t ends_out[3],
    char signature[SIGV4_SIGNATURE_LEN + 1])
{
	size_t start = buf_len(out);

	if (s->n_query > 0)
		qsort(s->query, s->n_query, sizeof(*s->query), query_order);
	if (s->n_headers > 0)
		qsort(s->headers, s->n_headers, sizeof(*s->headers),
		    header_order);
	request_add(s, out);
	ends_out[0] = buf_len(out);
	buf_addf(out, "AWS4-HMAC-SHA256\n%s\n", s->timestamp);
	scope_add(s, out);
	buf_add_byte(out, '\n');
	buf_reserve(out, SIGV4_SIGNATURE_LEN);
	hash_add(out, span_make(buf_data(out) + start, ends_out[0] - start));
	ends_out[1] = buf_len(out);
	sign(s, span_from(buf_span(out), ends_out[0]), signature);
	buf_add_str(out, "AWS4-HMAC-SHA256 Credential=");
	buf_add_span(out, s->access_key);
	buf_add_byte(out, '/');
	scope_add(s, out);
	buf_add_str(out, ", SignedHeaders=");
	names_add(s, out);
	buf_addf(out, ", Signature=%s", signature);
	ends_out[2] = buf_len(out);
}
