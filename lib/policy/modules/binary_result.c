/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/modules/binary_result.h"

#include "lib/base/radix.h"
#include "lib/policy/modules/args.h"

struct binary_result {
	size_t len;
	uint8_t bytes[];
};

uint8_t *
binary_result_push(lua_State *L, size_t len)
{
	struct binary_result *b = library_new(L, &type_binary_result,
	    sizeof(*b) + len);

	b->len = len;
	return b->bytes;
}

static struct span
bytes_of(lua_State *L)
{
	const struct binary_result *b = library_check(L, 1,
	    &type_binary_result);

	return span_make(b->bytes, b->len);
}

static int
get(lua_State *L, enum radix radix)
{
	struct span bytes = bytes_of(L);
	size_t len = radix_encoded_len(radix, bytes.len);
	luaL_Buffer b;

	radix_encode(radix, bytes, luaL_buffinitsize(L, &b, len));
	luaL_pushresultsize(&b, len);
	return 1;
}

static int
get_bytes(lua_State *L)
{
	push_span(L, bytes_of(L));
	return 1;
}

#define FIELD(name, radix)                                                     \
	static int                                                             \
	get_##name(lua_State *L)                                               \
	{                                                                      \
		return get(L, radix);                                          \
	}

FIELD(hex, RADIX_HEX)
FIELD(base32, RADIX_BASE32)
FIELD(base32_nopad, RADIX_BASE32_NOPAD)
FIELD(base32hex, RADIX_BASE32HEX)
FIELD(base32hex_nopad, RADIX_BASE32HEX_NOPAD)
FIELD(base64, RADIX_BASE64)
FIELD(base64_nopad, RADIX_BASE64_NOPAD)
FIELD(base64url, RADIX_BASE64URL)
FIELD(base64url_nopad, RADIX_BASE64URL_NOPAD)

#define ROW(name, text) { #name, get_##name, NULL, "string", text }

static const struct library_field fields[] = {
	ROW(bytes, "The bytes themselves."),
	ROW(hex, "As lower-case hexadecimal digits."),
	ROW(base32, "As padded base32."),
	ROW(base32_nopad, "As base32 without padding."),
	ROW(base32hex, "As padded base32hex, which sorts as the bytes do."),
	ROW(base32hex_nopad, "As base32hex without padding."),
	ROW(base64, "As padded base64."),
	ROW(base64_nopad, "As base64 without padding."),
	ROW(base64url, "As padded base64 with the alphabet of URLs."),
	ROW(base64url_nopad, "As base64url without padding."),
	{ NULL, NULL, NULL, NULL, NULL },
};

static const luaL_Reg meta[] = {
	{ "__tostring", get_hex },
	{ NULL, NULL },
};

const struct library_type type_binary_result = {
	.name = "BinaryResult",
	.about = "Bytes, read in the encoding that is wanted.\n"
	    ".Fn tostring\ngives the same as the field\n.Va hex .",
	.fields = fields,
	.meta = meta,
};
