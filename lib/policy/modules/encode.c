/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.encode: bytes as text and back. */
#include "lib/policy/modules/modules.h"

#include "lib/policy/state.h"

/* ---- hex ---------------------------------------------------------------- */

static int
hex_encode(lua_State *L)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, len;
	const char *p = luaL_checklstring(L, 1, &len);
	luaL_Buffer b;
	char *out;

	out = luaL_buffinitsize(L, &b, len * 2);
	for (i = 0; i < len; i++) {
		out[i * 2] = digits[(unsigned char)p[i] >> 4];
		out[i * 2 + 1] = digits[p[i] & 0xf];
	}
	luaL_pushresultsize(&b, len * 2);
	return 1;
}

static const struct library_function functions[] = {
	{ "hex_encode", hex_encode, "(bytes) -> text",
	    "The bytes as lower-case hexadecimal digits." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_encode = {
	.name = "kumo.encode",
	.title = "bytes as text and back",
	.about = "Encodings of bytes as printable text.",
	.functions = functions,
};
