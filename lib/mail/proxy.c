/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/proxy.h"

#include <string.h>

#include "lib/base/text.h"

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

enum {
	V1_START = sizeof(v1_start) - 1,
	V2_START = sizeof(v2_start) - 1,
	V2_HEAD = 16,
	TLV_HEAD = 3,
	TLV_CRC32C = 0x03,
};

static enum parse
bad(const char **why_out, const char *why)
{
	*why_out = why;
	return PARSE_BAD;
}

/* The word up to the next space; false when it is empty. */
static bool
v1_word(struct span *rest, struct span *out)
{
	ptrdiff_t space = span_find(*rest, ' ');

	*out = space < 0 ? *rest : span_make(rest->p, (size_t)space);
	*rest = span_from(*rest, out->len + (space >= 0));
	return out->len != 0;
}

static int
v1_port(struct span s, uint16_t *out)
{
	uint64_t port;

	if ((s.len > 1 && s.p[0] == '0') || text_u64(s, 0, 65535, &port) != 0)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

static int
v1_address(struct span s, enum ip_family family, struct ip *out)
{
	if (s.len == 0 || s.p[0] == '[' || ip_parse(s, out) != 0)
		return -1;
	return out->family == family ? 0 : -1;
}

/* Behind "PROXY ": protocol, two addresses, two ports, one space between. */
static int
v1_line(struct span rest, struct proxy *out)
{
	struct span word, source, destination, from_port, to_port;
	enum ip_family family;

	if (!v1_word(&rest, &word))
		return -1;
	/* What follows UNKNOWN means nothing. */
	if (span_eq_str(word, "UNKNOWN"))
		return 0;
	if (span_eq_str(word, "TCP4"))
		family = IP_V4;
	else if (span_eq_str(word, "TCP6"))
		family = IP_V6;
	else
		return -1;
	if (!v1_word(&rest, &source) || !v1_word(&rest, &destination) ||
	    !v1_word(&rest, &from_port))
		return -1;
	to_port = rest;
	if (v1_address(source, family, &out->source) != 0 ||
	    v1_address(destination, family, &out->destination) != 0 ||
	    v1_port(from_port, &out->source.port) != 0 ||
	    v1_port(to_port, &out->destination.port) != 0)
		return -1;
	out->has_addresses = true;
	return 0;
}

static enum parse
v1_parse(struct span in, struct proxy *out, size_t *used_out,
    const char **why_out)
{
	size_t max = in.len < PROXY_V1_MAX ? in.len : PROXY_V1_MAX;
	const char *cr = memchr(in.p, '\r', max);
	size_t len;

	if (memchr(in.p, '\n', cr != NULL ? (size_t)(cr - in.p) : max) != NULL)
		return bad(why_out, "LF alone in a PROXY line");
	if (cr == NULL)
		return max == PROXY_V1_MAX ?
		    bad(why_out, "PROXY line is too long") : PARSE_MORE;
	len = (size_t)(cr - in.p);
	if (len + 2 > PROXY_V1_MAX)
		return bad(why_out, "PROXY line is too long");
	if (len + 1 == in.len)
		return PARSE_MORE;
	if (cr[1] != '\n')
		return bad(why_out, "CR alone in a PROXY line");
	if (v1_line(span_make(in.p + V1_START, len - V1_START), out) != 0)
		return bad(why_out, "bad PROXY line");
	*used_out = len + 2;
	return PARSE_DONE;
}

static uint32_t
crc32c(uint32_t crc, const uint8_t *p, size_t len)
{
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		crc ^= p[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* Over the whole header with the checksum's own four bytes as zeros. */
static bool
v2_crc_fits(const uint8_t *head, size_t len, size_t at)
{
	static const uint8_t zeros[4];
	const uint8_t *want = head + at;
	uint32_t crc;

	crc = crc32c(UINT32_MAX, head, at);
	crc = crc32c(crc, zeros, sizeof(zeros));
	crc = ~crc32c(crc, head + at + 4, len - at - 4);
	return crc == ((uint32_t)want[0] << 24 | (uint32_t)want[1] << 16 |
	    (uint32_t)want[2] << 8 | want[3]);
}

/* Type, length and value each, up to the end; a checksum must fit. */
static const char *
v2_extras(const uint8_t *head, size_t len, size_t at)
{
	size_t size;

	while (at < len) {
		if (len - at < TLV_HEAD)
			return "PROXY header is cut short";
		size = (size_t)head[at + 1] << 8 | head[at + 2];
		if (size > len - at - TLV_HEAD)
			return "PROXY header is cut short";
		if (head[at] == TLV_CRC32C && (size != 4 ||
		    !v2_crc_fits(head, len, at + TLV_HEAD)))
			return "PROXY header checksum does not fit";
		at += TLV_HEAD + size;
	}
	return NULL;
}

/* An IPv4 address in IPv6 form is the IPv4 address, as for sockets. */
static void
v2_address(const uint8_t *p, size_t len, struct ip *out)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff };

	if (len == 16 && memcmp(p, mapped, sizeof(mapped)) == 0) {
		p += sizeof(mapped);
		len = 4;
	}
	out->family = len == 4 ? IP_V4 : IP_V6;
	memcpy(out->b, p, len);
}

/* The address block of a PROXY command. */
static const char *
v2_addresses(const uint8_t *head, size_t len, struct proxy *out)
{
	const uint8_t *p = head + V2_HEAD;
	size_t size;

	switch (head[13]) {
	case 0x00: /* unspecified: nothing behind it is defined */
		return NULL;
	case 0x11: /* TCP over IPv4 */
		size = 4;
		break;
	case 0x21: /* TCP over IPv6 */
		size = 16;
		break;
	case 0x31: /* unix stream: two names of 108 octets */
		return len - V2_HEAD < 216 ? "PROXY header is cut short" :
		    v2_extras(head, len, V2_HEAD + 216);
	default:
		return "PROXY header of another transport";
	}
	if (len - V2_HEAD < size * 2 + 4)
		return "PROXY header is cut short";
	v2_address(p, size, &out->source);
	v2_address(p + size, size, &out->destination);
	p += size * 2;
	out->source.port = (uint16_t)(p[0] << 8 | p[1]);
	out->destination.port = (uint16_t)(p[2] << 8 | p[3]);
	out->has_addresses = true;
	return v2_extras(head, len, V2_HEAD + size * 2 + 4);
}

static enum parse
v2_parse(struct span in, struct proxy *out, size_t *used_out,
    const char **why_out)
{
	const uint8_t *head = (const uint8_t *)in.p;
	size_t len;

	if (in.len > 12 && head[12] != 0x20 && head[12] != 0x21)
		return bad(why_out, "PROXY header of another version");
	if (in.len < V2_HEAD)
		return PARSE_MORE;
	len = V2_HEAD + ((size_t)head[14] << 8 | head[15]);
	if (len > PROXY_V2_MAX)
		return bad(why_out, "PROXY header is too long");
	if (in.len < len)
		return PARSE_MORE;
	/* LOCAL: the balancer's own check, whatever follows. */
	*why_out = head[12] == 0x20 ? NULL : v2_addresses(head, len, out);
	if (*why_out != NULL)
		return PARSE_BAD;
	*used_out = len;
	return PARSE_DONE;
}

static bool
begins(struct span in, const char *start, size_t len)
{
	return memcmp(in.p, start, in.len < len ? in.len : len) == 0;
}

enum parse
proxy_parse(struct span in, struct proxy *out, size_t *used_out,
    const char **why_out)
{
	memset(out, 0, sizeof(*out));
	*why_out = NULL;
	if (in.len == 0)
		return PARSE_MORE;
	if (begins(in, v1_start, V1_START))
		return in.len < V1_START ? PARSE_MORE :
		    v1_parse(in, out, used_out, why_out);
	if (begins(in, v2_start, V2_START))
		return in.len < V2_START ? PARSE_MORE :
		    v2_parse(in, out, used_out, why_out);
	return bad(why_out, "no PROXY header");
}
