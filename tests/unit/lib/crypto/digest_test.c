/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/digest.h"

#include "lib/base/radix.h"
#include "tests/support/check.h"

/* "abc": FIPS 180-4's and 202's examples. */
static const struct {
	enum digest digest;
	const char *hex; /* its first digits */
	unsigned len;
} rows[] = {
	{ DIGEST_SHA1, "a9993e364706816a", 20 },
	{ DIGEST_SHA224, "23097d223405d822", 28 },
	{ DIGEST_SHA256, "ba7816bf8f01cfea", 32 },
	{ DIGEST_SHA384, "cb00753f45a35e8b", 48 },
	{ DIGEST_SHA512, "ddaf35a193617aba", 64 },
	{ DIGEST_SHA512_256, "53048e2681941ef9", 32 },
	{ DIGEST_SHA3_256, "3a985da74fe225b2", 32 },
	{ DIGEST_SHA3_384, "ec01498288516fc9", 48 },
	{ DIGEST_SHA3_512, "b751850b1a57168a", 64 },
};

static void
digests(void **state)
{
	uint8_t out[DIGEST_LEN_MAX];
	char hex[17] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].hex, digest_of(rows[i].digest,
		    SPAN_LIT("abc"), out), rows[i].len);
		radix_encode(RADIX_HEX, span_make(out, 8), hex);
		check_str("whole", hex, rows[i].hex);
		/* One that was begun is forgotten. */
		digest_begin(rows[i].digest);
		digest_add(SPAN_LIT("x"));
		digest_begin(rows[i].digest);
		digest_add(SPAN_LIT("a"));
		digest_add(span_of(NULL));
		digest_add(SPAN_LIT("bc"));
		check_int(rows[i].hex, digest_end(out), rows[i].len);
		radix_encode(RADIX_HEX, span_make(out, 8), hex);
		check_str("in pieces", hex, rows[i].hex);
	}
}

/* RFC 4231: test cases 2 and 6. */
static void
hmacs(void **state)
{
	uint8_t out[DIGEST_LEN_MAX], key[131];
	char hex[17] = { 0 };

	(void)state;
	memset(key, 0xaa, sizeof(key));
	check_int("short key", digest_hmac(DIGEST_SHA256, SPAN_LIT("Jefe"),
	    SPAN_LIT("what do ya want for nothing?"), out), 32);
	radix_encode(RADIX_HEX, span_make(out, 8), hex);
	check_str("short key", hex, "5bdcc146bf60754e");
	digest_hmac(DIGEST_SHA256, span_make(key, sizeof(key)), SPAN_LIT(
	    "Test Using Larger Than Block-Size Key - Hash Key First"), out);
	radix_encode(RADIX_HEX, span_make(out, 8), hex);
	check_str("long key", hex, "60e431591ee0b67f");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(hmacs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
