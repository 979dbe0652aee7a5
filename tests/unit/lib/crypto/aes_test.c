/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/aes.h"

#include "tests/support/check.h"

static const struct {
	const char *key;
	enum aes_mode mode;
} rows[] = {
	{ "0123456789abcdef", AES_MODE_CBC },
	{ "0123456789abcdef", AES_MODE_ECB },
	{ "0123456789abcdef0123456789abcdef", AES_MODE_CBC },
	{ "0123456789abcdef0123456789abcdef", AES_MODE_ECB },
};

static void
returns(void **state)
{
	uint8_t text[100], sealed[132], out[132];
	size_t i, len, n, size;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < COUNT(rows); i++) {
		struct span key = span_of(rows[i].key);

		assert_true(aes_key_fits(key));
		for (n = 0; n <= sizeof(text); n++) {
			size = aes_encrypted_len(rows[i].mode, n);
			assert_true(size <= sizeof(sealed));
			aes_encrypt(rows[i].mode, key, span_make(text, n),
			    sealed);
			check_int(rows[i].key, aes_decrypt(rows[i].mode, key,
			    span_make(sealed, size), out, &len), 0);
			check_int(rows[i].key, len, n);
			assert_memory_equal(out, text, n);
			check_int("cut off", aes_decrypt(rows[i].mode, key,
			    span_make(sealed, size - 1), out, &len), -1);
		}
	}
	assert_false(aes_key_fits(SPAN_LIT("")));
	assert_false(aes_key_fits(SPAN_LIT("0123456789abcdef01234567")));
}

/* NIST SP 800-38A, F.1.1. */
static void
is_aes(void **state)
{
	static const uint8_t key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae,
		0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t text[16] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40,
		0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
	static const uint8_t want[16] = { 0x3a, 0xd7, 0x7b, 0xb4, 0x0d, 0x7a,
		0x36, 0x60, 0xa8, 0x9e, 0xca, 0xf3, 0x24, 0x66, 0xef, 0x97 };
	uint8_t out[32];

	(void)state;
	aes_encrypt(AES_MODE_ECB, span_make(key, 16), span_make(text, 16),
	    out);
	assert_memory_equal(out, want, 16);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns),
		cmocka_unit_test(is_aes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
