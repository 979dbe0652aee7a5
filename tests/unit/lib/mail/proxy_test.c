/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/proxy.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x01\xc6\x33\x64\x07\x30\x39\x00\x19"
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define U54 "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

static const struct {
	const char *name;
	struct span in;
	enum parse rc;
	const char *source, *destination; /* NULL: no addresses */
} rows[] = {
#define ROW(name, in, rc, source, destination)                                \
	{ name, { in, sizeof(in) - 1 }, rc, source, destination }
	ROW("v1 TCP4", "PROXY TCP4 192.0.2.1 198.51.100.7 12345 25\r\n",
	    PARSE_DONE, "192.0.2.1:12345", "198.51.100.7:25"),
	ROW("v1 TCP6", "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", PARSE_DONE,
	    "[2001:db8::1]:0", "[::1]:65535"),
	ROW("v1 UNKNOWN", "PROXY UNKNOWN\r\n", PARSE_DONE, NULL, NULL),
	ROW("v1 UNKNOWN more", "PROXY UNKNOWN ff:: x y z\r\n", PARSE_DONE,
	    NULL, NULL),
	ROW("v1 nothing", "PROXY \r\n", PARSE_BAD, NULL, NULL),
	ROW("v1 family", "PROXY TCP4 ::1 ::1 1 2\r\n", PARSE_BAD, NULL, NULL),
	ROW("v1 family", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 UDP", "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 port", "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", PARSE_BAD,
	    NULL, NULL),
	ROW("v1 port", "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 short", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 more", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 blanks", "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", PARSE_BAD,
	    NULL, NULL),
	ROW("v1 case", "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", PARSE_BAD, NULL,
	    NULL),
	ROW("v1 LF", "PROXY UNKNOWN\n", PARSE_BAD, NULL, NULL),
	ROW("v1 CR", "PROXY UNKNOWN\rx", PARSE_BAD, NULL, NULL),
	ROW("v1 longest", "PROXY UNKNOWN " U54 "12345678901234567890123456789"
	    "12345678\r\n", PARSE_DONE, NULL, NULL),
	ROW("v1 too long", "PROXY UNKNOWN " U54 "12345678901234567890123456789"
	    "123456789\r\n", PARSE_BAD, NULL, NULL),
	ROW("v1 endless", "PROXY UNKNOWN " U54 U54, PARSE_BAD, NULL, NULL),
	ROW("SMTP", "EHLO x\r\n", PARSE_BAD, NULL, NULL),
	ROW("v2 TCP4", SIG "\x21\x11\x00\x0c" V4, PARSE_DONE,
	    "192.0.2.1:12345", "198.51.100.7:25"),
	ROW("v2 TCP6", SIG "\x21\x21\x00\x24" V6 V6 "\x30\x39\x00\x19",
	    PARSE_DONE, "[2001:db8::1]:12345", "[2001:db8::1]:25"),
	ROW("v2 mapped", SIG "\x21\x21\x00\x24"
	    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01" V6
	    "\x30\x39\x00\x19", PARSE_DONE, "192.0.2.1:12345",
	    "[2001:db8::1]:25"),
	ROW("v2 LOCAL", SIG "\x20\x00\x00\x00", PARSE_DONE, NULL, NULL),
	ROW("v2 LOCAL skip", SIG "\x20\x11\x00\x03" "abc", PARSE_DONE, NULL,
	    NULL),
	ROW("v2 unspec", SIG "\x21\x00\x00\x02" "ab", PARSE_DONE, NULL, NULL),
	ROW("v2 unix", SIG "\x21\x31\x00\xd8" U54 U54 U54 U54, PARSE_DONE,
	    NULL, NULL),
	ROW("v2 unix short", SIG "\x21\x31\x00\x04" "abcd", PARSE_BAD, NULL,
	    NULL),
	ROW("v2 TLV", SIG "\x21\x11\x00\x11" V4 "\x04\x00\x02" "ab",
	    PARSE_DONE, "192.0.2.1:12345", "198.51.100.7:25"),
	ROW("v2 TLV short", SIG "\x21\x11\x00\x11" V4 "\x04\x00\x03" "ab",
	    PARSE_BAD, NULL, NULL),
	ROW("v2 TLV cut", SIG "\x21\x11\x00\x0e" V4 "\x04\x00", PARSE_BAD,
	    NULL, NULL),
	ROW("v2 CRC wrong", SIG "\x21\x11\x00\x13" V4 "\x03\x00\x04"
	    "\x01\x02\x03\x04", PARSE_BAD, NULL, NULL),
	ROW("v2 UDP", SIG "\x21\x12\x00\x0c" V4, PARSE_BAD, NULL, NULL),
	ROW("v2 family", SIG "\x21\x41\x00\x0c" V4, PARSE_BAD, NULL, NULL),
	ROW("v2 version", SIG "\x11\x11\x00\x0c" V4, PARSE_BAD, NULL, NULL),
	ROW("v2 command", SIG "\x22\x11\x00\x0c" V4, PARSE_BAD, NULL, NULL),
	ROW("v2 short", SIG "\x21\x11\x00\x0b" V4, PARSE_BAD, NULL, NULL),
	ROW("v2 too long", SIG "\x21\x11\x02\x09", PARSE_BAD, NULL, NULL),
};

static void
row_check(size_t i, enum parse rc, const struct proxy *p)
{
	char text[IP_TEXT_MAX];

	check_int(rows[i].name, rc, rows[i].rc);
	if (rc != PARSE_DONE)
		return;
	check_int(rows[i].name, p->has_addresses, rows[i].source != NULL);
	if (!p->has_addresses)
		return;
	check_str(rows[i].name, ip_port_format(&p->source, text),
	    rows[i].source);
	check_str(rows[i].name, ip_port_format(&p->destination, text),
	    rows[i].destination);
}

/* Whole with SMTP behind it, and each shorter piece of it. */
static void
parsed(void **state)
{
	struct buf in = { 0 };
	struct proxy p;
	const char *why;
	size_t i, n, used;
	enum parse rc;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&in, 1000);
		buf_add_span(&in, rows[i].in);
		if (rows[i].rc == PARSE_DONE)
			buf_add_str(&in, "EHLO x\r\n");
		rc = proxy_parse(buf_span(&in), &p, &used, &why);
		row_check(i, rc, &p);
		if (rc == PARSE_DONE)
			check_int(rows[i].name, used, rows[i].in.len);
		else
			assert_non_null(why);
		for (n = 0; n < rows[i].in.len; n++) {
			rc = proxy_parse(span_make(rows[i].in.p, n), &p, &used,
			    &why);
			if (rc == PARSE_BAD)
				check_int(rows[i].name, rows[i].rc, PARSE_BAD);
			else
				check_int(rows[i].name, rc, PARSE_MORE);
		}
	}
	buf_free(&in);
}

static uint32_t
crc32c_slow(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (((crc ^ p[i] >> bit) & 1) != 0 ?
			    0x82f63b78 : 0);
	}
	return ~crc;
}

static void
checksummed(void **state)
{
	uint8_t head[] = SIG "\x21\x11\x00\x13" V4 "\x03\x00\x04\0\0\0";
	struct proxy p;
	const char *why;
	size_t used;
	uint32_t crc;

	(void)state;
	assert_int_equal(crc32c_slow((const uint8_t *)"123456789", 9),
	    0xe3069283);
	crc = crc32c_slow(head, sizeof(head));
	head[sizeof(head) - 4] = (uint8_t)(crc >> 24);
	head[sizeof(head) - 3] = (uint8_t)(crc >> 16);
	head[sizeof(head) - 2] = (uint8_t)(crc >> 8);
	head[sizeof(head) - 1] = (uint8_t)crc;
	check_int("fits", proxy_parse(span_make(head, sizeof(head)), &p, &used,
	    &why), PARSE_DONE);
	head[16] ^= 1;
	check_int("does not", proxy_parse(span_make(head, sizeof(head)), &p,
	    &used, &why), PARSE_BAD);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),
		cmocka_unit_test(checksummed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
