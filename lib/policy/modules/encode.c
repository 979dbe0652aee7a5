/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.encode: bytes as text and back. */
#include "lib/policy/charset.h"
#include "lib/policy/modules/modules.h"

#include "lib/base/radix.h"
#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/state.h"

enum { CHARSET_TEXT_MAX = 64 * 1024 * 1024 };

static int
encode(lua_State *L, enum radix radix)
{
	struct span in;
	luaL_Buffer b;
	size_t len;

	luaL_checktype(L, 1, LUA_TSTRING);
	in = arg_span(L, 1);
	len = radix_encoded_len(radix, in.len);
	radix_encode(radix, in, luaL_buffinitsize(L, &b, len));
	luaL_pushresultsize(&b, len);
	return 1;
}

static int
decode(lua_State *L, enum radix radix)
{
	struct span in = arg_span(L, 1);
	size_t place;
	luaL_Buffer b;
	ssize_t len;

	len = radix_decode(radix, in, luaL_buffinitsize(L, &b,
	    radix_decoded_max(radix, in.len)), &place);
	if (len == -1 && place < in.len)
		return where_error(L, "kumo.encode.%s_decode: byte %zu (0x%02x)"
		    " is no digit", radix_name(radix), place + 1,
		    (unsigned char)in.p[place]);
	if (len == -1)
		return where_error(L, "kumo.encode.%s_decode: the text is cut "
		    "off or has bits too many at its end", radix_name(radix));
	luaL_pushresultsize(&b, (size_t)len);
	return 1;
}

#define CODEC(name, radix)                                                     \
	static int                                                             \
	name##_encode(lua_State *L)                                            \
	{                                                                      \
		return encode(L, radix);                                       \
	}                                                                      \
	static int                                                             \
	name##_decode(lua_State *L)                                            \
	{                                                                      \
		return decode(L, radix);                                       \
	}

CODEC(hex, RADIX_HEX)
CODEC(base32, RADIX_BASE32)
CODEC(base32_nopad, RADIX_BASE32_NOPAD)
CODEC(base32hex, RADIX_BASE32HEX)
CODEC(base32hex_nopad, RADIX_BASE32HEX_NOPAD)
CODEC(base64, RADIX_BASE64)
CODEC(base64_nopad, RADIX_BASE64_NOPAD)
CODEC(base64url, RADIX_BASE64URL)
CODEC(base64url_nopad, RADIX_BASE64URL_NOPAD)

/* ---- character sets ------------------------------------------------------ */

/* The set's name at 1, what is to be converted at 2. */
static struct span
charset_args(lua_State *L, const char *function, struct span text)
{
	struct span name = arg_span(L, 1);
	char printable[64];

	if (!charset_is_known(policy_charsets(), name))
		where_error(L, "kumo.encode.%s: the character set '%s' is not "
		    "known", function, text_printable(name, printable,
		    sizeof(printable)));
	if (text.len > CHARSET_TEXT_MAX)
		where_error(L, "kumo.encode.%s: the text is longer than %d "
		    "bytes", function, CHARSET_TEXT_MAX);
	buf_clear(&policy_of(L)->scratch, 65536);
	return name;
}

static int
charset_decode(lua_State *L)
{
	struct span text = arg_span(L, 2);
	struct span name = charset_args(L, "charset_decode", text);
	struct policy *p = policy_of(L);

	if (charset_to_utf8(policy_charsets(), name, text, &p->scratch) == -1)
		return where_error(L, "kumo.encode.charset_decode: the bytes "
		    "are not %s", name.p);
	push_span(L, buf_span(&p->scratch));
	return 1;
}

static int
charset_encode(lua_State *L)
{
	struct span text = arg_utf8(L, 2);
	struct span name = charset_args(L, "charset_encode", text);
	struct policy *p = policy_of(L);
	bool lossy = lua_isnoneornil(L, 3) || lua_toboolean(L, 3);

	if (charset_from_utf8(policy_charsets(), name, text, lossy,
	    &p->scratch) == -1)
		return where_error(L, "kumo.encode.charset_encode: the text "
		    "has characters that %s has not", name.p);
	push_span(L, buf_span(&p->scratch));
	return 1;
}

/* ---- the module ---------------------------------------------------------- */

#define ENCODE(name, text)                                                     \
	{ #name "_encode", name##_encode, "(bytes) -> text", text }
#define DECODE(name, text)                                                     \
	{ #name "_decode", name##_decode, "(text) -> bytes", text }
#define STRICT                                                                 \
	"  Raises an error for any other byte, padding included, and for "     \
	"bits that are left over."
#define PADDED                                                                 \
	"  Padding may be short, long or absent.  Raises an error for any "    \
	"other byte, and for bits that are left over."

static const struct library_function functions[] = {
	ENCODE(base32, "The bytes as padded base32 (RFC 4648 section 6)."),
	DECODE(base32, "The bytes that the base32 text stands for." PADDED),
	ENCODE(base32_nopad, "As\n.Fn base32_encode ,\nwithout padding."),
	DECODE(base32_nopad, "The bytes that the base32 text without padding "
	    "stands for." STRICT),
	ENCODE(base32hex, "The bytes as padded base32 with the extended hex "
	    "alphabet (RFC 4648 section 7), which sorts as the bytes do."),
	DECODE(base32hex, "The bytes that the base32hex text stands for."
	    PADDED),
	ENCODE(base32hex_nopad, "As\n.Fn base32hex_encode ,\nwithout padding."),
	DECODE(base32hex_nopad, "The bytes that the base32hex text without "
	    "padding stands for." STRICT),
	ENCODE(base64, "The bytes as padded base64 (RFC 4648 section 4)."),
	DECODE(base64, "The bytes that the base64 text stands for." PADDED),
	ENCODE(base64_nopad, "As\n.Fn base64_encode ,\nwithout padding."),
	DECODE(base64_nopad, "The bytes that the base64 text without padding "
	    "stands for." STRICT),
	ENCODE(base64url, "The bytes as padded base64 with the alphabet of "
	    "URLs and file names (RFC 4648 section 5)."),
	DECODE(base64url, "The bytes that the base64url text stands for."
	    PADDED),
	ENCODE(base64url_nopad, "As\n.Fn base64url_encode ,\nwithout padding."),
	DECODE(base64url_nopad, "The bytes that the base64url text without "
	    "padding stands for." STRICT),
	{ "charset_decode", charset_decode, "(charset, bytes) -> utf8",
	    "The bytes, which are text in that character set, as UTF-8.  The "
	    "sets are those that mail uses: the ISO-8859, Windows and KOI8 "
	    "families, and the common ones of China, Japan and Korea.  Raises "
	    "an error when the set is not known, or the bytes are not of "
	    "it." },
	{ "charset_encode", charset_encode,
	    "(charset, utf8, ignore_errors=true) -> bytes",
	    "The UTF-8 text as bytes of that character set.  Characters that "
	    "the set has not are left out; if\n.Fa ignore_errors\nis\n"
	    ".Dv false\nthey raise an error." },
	ENCODE(hex, "The bytes as lower-case hexadecimal digits."),
	DECODE(hex, "The bytes that the lower-case hexadecimal digits stand "
	    "for.  Raises an error for any other byte, and for an odd number "
	    "of them."),
	{ NULL, NULL, NULL, NULL },
};

const struct library library_encode = {
	.name = "kumo.encode",
	.title = "bytes as text and back",
	.about = "Encodings of bytes as printable text, and text in other "
	    "character sets.",
	.functions = functions,
	.prepare = policy_charsets_open,
};
