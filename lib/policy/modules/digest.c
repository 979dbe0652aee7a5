/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.digest: digests and keyed digests. */
#include "lib/policy/modules/modules.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/crc32.h"
#include "lib/crypto/digest.h"
#include "lib/policy/convert.h"
#include "lib/policy/key_source.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/binary_result.h"
#include "lib/policy/state.h"

/* ---- arguments as bytes -------------------------------------------------- */

static int
pair_order(const void *a, const void *b)
{
	const struct value_pair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* One and the same table gives one and the same text, always. */
static void
sort(struct value *v)
{
	size_t i;

	if (v->kind == VALUE_LIST) {
		for (i = 0; i < v->u.list.n; i++)
			sort(v->u.list.v[i]);
	} else if (v->kind == VALUE_MAP && v->u.map.n > 0) {
		qsort(v->u.map.v, v->u.map.n, sizeof(*v->u.map.v), pair_order);
		for (i = 0; i < v->u.map.n; i++)
			sort(v->u.map.v[i].value);
	}
}

/* Text as it is, anything else as JSON in the scratch buffer. */
static struct span
arg_bytes(lua_State *L, int index)
{
	struct policy *p = policy_of(L);
	struct value *v;
	const char *why;
	struct jout j;

	if (lua_type(L, index) == LUA_TSTRING)
		return arg_span(L, index);
	v = convert_value(L, index, 0, &why);
	if (v == NULL)
		where_error(L, "kumo.digest: argument %d is no text and no "
		    "data: %s", index, why);
	buf_clear(&p->scratch, 65536);
	jout_init(&j, &p->scratch);
	sort(v);
	value_to_json(&j, v);
	value_free(&v);
	return buf_span(&p->scratch);
}

static int
push_digest(lua_State *L, const uint8_t *bytes, unsigned len)
{
	memcpy(binary_result_push(L, len), bytes, len);
	return 1;
}

/* ---- functions ----------------------------------------------------------- */

static int
digest(lua_State *L, enum digest kind)
{
	uint8_t bytes[DIGEST_LEN_MAX];
	int i, n = lua_gettop(L);

	digest_begin(kind);
	for (i = 1; i <= n; i++)
		digest_add(arg_bytes(L, i));
	return push_digest(L, bytes, digest_end(bytes));
}

static int
hmac(lua_State *L, enum digest kind, const char *what)
{
	uint8_t bytes[DIGEST_LEN_MAX];
	struct span text = arg_span(L, 2), key;
	unsigned len;

	key = key_source_push(L, 1, what);
	len = digest_hmac(kind, key, text, bytes);
	return push_digest(L, bytes, len);
}

static int
crc32(lua_State *L)
{
	uint32_t crc = 0;
	uint8_t bytes[4];
	int i, n = lua_gettop(L);

	for (i = 1; i <= n; i++)
		crc = crc32_add(crc, arg_bytes(L, i));
	for (i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(crc >> (24 - 8 * i));
	return push_digest(L, bytes, sizeof(bytes));
}

#define DIGEST(name, kind)                                                     \
	static int                                                             \
	name(lua_State *L)                                                     \
	{                                                                      \
		return digest(L, kind);                                        \
	}
#define HMAC(name, kind)                                                       \
	static int                                                             \
	now_##name(lua_State *L)                                               \
	{                                                                      \
		return hmac(L, kind, "kumo.digest.hmac_" #name ": key");       \
	}                                                                      \
	static int                                                             \
	hmac_##name(lua_State *L)                                              \
	{                                                                      \
		return key_source_call(L, now_##name);                         \
	}

DIGEST(sha1, DIGEST_SHA1)
DIGEST(sha224, DIGEST_SHA224)
DIGEST(sha256, DIGEST_SHA256)
DIGEST(sha384, DIGEST_SHA384)
DIGEST(sha512, DIGEST_SHA512)
DIGEST(sha512_256, DIGEST_SHA512_256)
DIGEST(sha3_256, DIGEST_SHA3_256)
DIGEST(sha3_384, DIGEST_SHA3_384)
DIGEST(sha3_512, DIGEST_SHA3_512)
HMAC(sha1, DIGEST_SHA1)
HMAC(sha224, DIGEST_SHA224)
HMAC(sha256, DIGEST_SHA256)
HMAC(sha384, DIGEST_SHA384)
HMAC(sha512, DIGEST_SHA512)

#define ROW(name, what)                                                        \
	{ #name, name, "(...) -> BinaryResult", "The " what                    \
	    " of all arguments in their order.  Strings count as their "       \
	    "bytes, other values as their JSON text." }
#define HMAC_ROW(name, what)                                                   \
	{ "hmac_" #name, hmac_##name, "(key, msg) -> BinaryResult",            \
	    "The HMAC of\n.Fa msg\nwith " what ".\n.Fa key\nis a key source: " \
	    "a file's name or a table such as\n.Ql {key_data='secret'} ." }

static const struct library_function functions[] = {
	ROW(crc32, "CRC-32, which is no protection against forgery,"),
	HMAC_ROW(sha1, "SHA-1, for what is old"),
	HMAC_ROW(sha224, "SHA-224"),
	HMAC_ROW(sha256, "SHA-256"),
	HMAC_ROW(sha384, "SHA-384"),
	HMAC_ROW(sha512, "SHA-512"),
	ROW(sha1, "SHA-1 digest, for what is old,"),
	ROW(sha224, "SHA-224 digest"),
	ROW(sha256, "SHA-256 digest"),
	ROW(sha384, "SHA-384 digest"),
	ROW(sha3_256, "SHA3-256 digest"),
	ROW(sha3_384, "SHA3-384 digest"),
	ROW(sha3_512, "SHA3-512 digest"),
	ROW(sha512, "SHA-512 digest"),
	ROW(sha512_256, "SHA-512/256 digest"),
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type *const types[] = {
	&type_binary_result,
	NULL,
};

const struct library library_digest = {
	.name = "kumo.digest",
	.title = "digests and keyed digests",
	.about = "Digests of text and data.  Tables are written as JSON with "
	    "sorted keys first, so that equal ones have equal digests.",
	.functions = functions,
	.types = types,
	.prepare = digests_prepare,
};
