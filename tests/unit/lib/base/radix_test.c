/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/radix.h"

#include "tests/support/check.h"

static const struct {
	enum radix radix;
	const char *text;
	const char *bytes; /* NULL: refused */
	size_t place;
} rows[] = {
	{ RADIX_HEX, "", "", 0 },
	{ RADIX_HEX, "666f", "fo", 0 },
	{ RADIX_HEX, "6", NULL, 1 },
	{ RADIX_HEX, "66 6f", NULL, 2 },
	{ RADIX_HEX, "6F", NULL, 1 },
	{ RADIX_BASE32, "MZXQ====", "fo", 0 },
	{ RADIX_BASE32, "MZXQ", "fo", 0 },
	{ RADIX_BASE32, "MZXQ=", "fo", 0 },
	{ RADIX_BASE32, "MZXQ=========", "fo", 0 },
	{ RADIX_BASE32, "M", NULL, 1 },
	{ RADIX_BASE32, "MZX", NULL, 3 },
	{ RADIX_BASE32, "MZXR", NULL, 4 },
	{ RADIX_BASE32, "MZ1Q", NULL, 2 },
	{ RADIX_BASE32, "MZ=Q", NULL, 2 },
	{ RADIX_BASE32_NOPAD, "MZXQ", "fo", 0 },
	{ RADIX_BASE32_NOPAD, "MZXQ====", NULL, 4 },
	{ RADIX_BASE32HEX, "CPNG====", "fo", 0 },
	{ RADIX_BASE32HEX_NOPAD, "CPNG", "fo", 0 },
	{ RADIX_BASE64, "Zm8=", "fo", 0 },
	{ RADIX_BASE64, "====", "", 0 },
	{ RADIX_BASE64, "Zm9", NULL, 3 },
	{ RADIX_BASE64, "Zm8_", NULL, 3 },
	{ RADIX_BASE64_NOPAD, "Zm8", "fo", 0 },
	{ RADIX_BASE64_NOPAD, "Zm8=", NULL, 3 },
	{ RADIX_BASE64URL, "_-8=", "\xff\xef", 0 },
	{ RADIX_BASE64URL_NOPAD, "_-8", "\xff\xef", 0 },
};

static void
decodes(void **state)
{
	char out[64];
	size_t i, place;
	ssize_t n;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct span in = span_of(rows[i].text);

		place = 0;
		assert_true(radix_decoded_max(rows[i].radix, in.len) <
		    sizeof(out));
		n = radix_decode(rows[i].radix, in, out, &place);
		if (rows[i].bytes == NULL) {
			check_int(rows[i].text, n, -1);
			check_int(rows[i].text, place, rows[i].place);
			continue;
		}
		assert_true(n >= 0);
		check_span(rows[i].text, span_make(out, (size_t)n),
		    span_of(rows[i].bytes));
	}
}

/* Every length, of every kind, there and back. */
static void
returns(void **state)
{
	char in[100], text[256], out[256];
	size_t len, radix, i, place, n;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (char)(i * 89 + 17);
	for (radix = 0; radix < RADIX_COUNT; radix++) {
		for (len = 0; len <= sizeof(in); len++) {
			n = radix_encoded_len((enum radix)radix, len);
			text[n] = '!';
			radix_encode((enum radix)radix, span_make(in, len),
			    text);
			check_int(radix_name((enum radix)radix), text[n], '!');
			check_int(radix_name((enum radix)radix),
			    radix_decode((enum radix)radix, span_make(text, n),
			    out, &place), len);
			assert_memory_equal(in, out, len);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
