/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.crypto: AES, and signatures of requests for Amazon's services. */
#include "lib/policy/modules/crypto.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/date.h"
#include "lib/base/text.h"
#include "lib/crypto/aes.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/sigv4.h"
#include "lib/policy/key_source.h"
#include "lib/policy/modules/args.h"
#include "lib/policy/modules/binary_result.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/modules/time.h"
#include "lib/policy/state.h"

/* ---- AES ----------------------------------------------------------------- */

struct aes_args {
	enum aes_mode mode;
	struct span text, key;
};

/* (algorithm, text, {key=}) */
static struct aes_args
aes_args(lua_State *L, const char *function)
{
	static const char *const names[] = { "Cbc", "Ecb", NULL };
	struct aes_args a;

	a.mode = luaL_checkoption(L, 1, NULL, names) == 0 ? AES_MODE_CBC :
	    AES_MODE_ECB;
	a.text = arg_span(L, 2);
	luaL_checktype(L, 3, LUA_TTABLE);
	lua_pushfstring(L, "kumo.crypto.%s: key", function);
	if (lua_getfield(L, 3, "key") == LUA_TNIL)
		where_error(L, "kumo.crypto.%s: wanted a table with key",
		    function);
	a.key = key_source_push(L, -1, lua_tostring(L, -2));
	if (!aes_key_fits(a.key))
		where_error(L, "kumo.crypto.%s: the key has %zu bytes, wanted "
		    "16 or 32", function, a.key.len);
	return a;
}

static int
aes_encrypt_now(lua_State *L)
{
	struct aes_args a = aes_args(L, "aes_encrypt_block");

	aes_encrypt(a.mode, a.key, a.text, binary_result_push(L,
	    aes_encrypted_len(a.mode, a.text.len)));
	return 1;
}

static int
aes_encrypt_block(lua_State *L)
{
	return key_source_call(L, aes_encrypt_now);
}

static int
aes_decrypt_now(lua_State *L)
{
	struct aes_args a = aes_args(L, "aes_decrypt_block");
	luaL_Buffer b;
	size_t len;

	if (aes_decrypt(a.mode, a.key, a.text, (uint8_t *)luaL_buffinitsize(L,
	    &b, a.text.len + AES_BLOCK), &len) == -1)
		return where_error(L, "kumo.crypto.aes_decrypt_block: the text "
		    "was not encrypted with this key and algorithm, or is cut "
		    "off");
	luaL_pushresultsize(&b, len);
	return 1;
}

static int
aes_decrypt_block(lua_State *L)
{
	return key_source_call(L, aes_decrypt_now);
}

/* ---- AWS Signature Version 4 --------------------------------------------- */

#define SIGN "kumo.crypto.aws_sign_v4"

static const char *const sign_fields[] = { "access_key", "secret_key", "region",
	"service", "method", "uri", "query_params", "headers", "payload",
	"timestamp", "session_token" };

enum { SIGN_FIELDS = sizeof(sign_fields) / sizeof(*sign_fields) };

static void
check_fields(lua_State *L)
{
	const char *name, *near;
	size_t i;

	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) :
		    "?";
		for (i = 0; i < SIGN_FIELDS; i++) {
			if (strcmp(name, sign_fields[i]) == 0)
				break;
		}
		if (i < SIGN_FIELDS)
			continue;
		near = text_nearest(span_of(name), sign_fields, SIGN_FIELDS);
		if (near != NULL)
			where_error(L, SIGN ": there is no '%.100s', did you "
			    "mean '%s'?", name, near);
		where_error(L, SIGN ": there is no '%.100s'", name);
	}
}

/* Stays on the stack. */
static struct span
field_text(lua_State *L, const char *name, bool required)
{
	int type = lua_getfield(L, 1, name);

	if (type == LUA_TNIL && !required)
		return SPAN_LIT("");
	if (type == LUA_TNIL)
		where_error(L, SIGN ": %s is missing", name);
	if (type != LUA_TSTRING)
		where_error(L, SIGN ": %s must be a string", name);
	return arg_span(L, -1);
}

static struct span
field_key(lua_State *L, const char *name, const char *what)
{
	if (lua_getfield(L, 1, name) == LUA_TNIL)
		where_error(L, SIGN ": %s is missing", name);
	return key_source_push(L, -1, what);
}

static bool
is_line(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	}
	return true;
}

/* The lower-case form of the string on top takes its place. */
static struct span
lower_top(lua_State *L)
{
	struct span s = arg_span(L, -1);
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, s.len);

	memcpy(p, s.p, s.len);
	ascii_lower_all(p, s.len);
	luaL_pushresultsize(&b, s.len);
	lua_replace(L, -2);
	return arg_span(L, -1);
}

/*
 * The table of that field as pairs, with room for two more; what they point at
 * stays on the stack, in a list.
 */
static struct sigv4_pair *
field_pairs(lua_State *L, const char *name, bool headers, size_t *n_out)
{
	struct sigv4_pair *v;
	int type = lua_getfield(L, 1, name), table = lua_gettop(L), keep;
	lua_Integer kept = 0;
	size_t n = 0;

	if (type != LUA_TNIL && type != LUA_TTABLE)
		where_error(L, SIGN ": %s must be a table", name);
	if (type == LUA_TTABLE) {
		for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
			n++;
	}
	v = lua_newuserdatauv(L, (n + 2) * sizeof(*v), 0);
	lua_newtable(L);
	keep = lua_gettop(L);
	*n_out = 0;
	if (type == LUA_TNIL)
		return v;
	for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1))
			where_error(L, SIGN ": %s must have text under names",
			    name);
		v[*n_out].value = arg_span(L, -1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, keep, ++kept);
		lua_pushvalue(L, -2);
		v[*n_out].name = headers ? lower_top(L) : arg_span(L, -1);
		lua_rawseti(L, keep, ++kept);
		if (headers && (!is_line(v[*n_out].name) ||
		    !is_line(v[*n_out].value)))
			where_error(L, SIGN ": a header has a line end");
		(*n_out)++;
	}
	return v;
}

/* "20150830T123600Z" is RFC 3339 without its marks. */
static int
parse_stamp(struct span s, struct moment *out)
{
	char text[24];
	const char *why;

	if (s.len != 16)
		return -1;
	memcpy(text, s.p, 4);
	text[4] = '-';
	memcpy(text + 5, s.p + 4, 2);
	text[7] = '-';
	memcpy(text + 8, s.p + 6, 5);
	text[13] = ':';
	memcpy(text + 14, s.p + 11, 2);
	text[16] = ':';
	memcpy(text + 17, s.p + 13, 3);
	return date_parse_rfc3339(span_make(text, 20), out, &why);
}

static struct moment
field_timestamp(lua_State *L)
{
	int64_t us = clock_wall_us();
	struct moment m = { us / 1000000, 0 };
	const char *why;

	switch (lua_getfield(L, 1, "timestamp")) {
	case LUA_TNIL:
		break;
	case LUA_TNUMBER:
		if (moment_from_double(lua_tonumber(L, -1), &m) == -1)
			where_error(L, SIGN ": timestamp is no time");
		break;
	case LUA_TSTRING:
		if (date_parse_rfc3339(arg_span(L, -1), &m, &why) == -1 &&
		    parse_stamp(arg_span(L, -1), &m) == -1)
			where_error(L, SIGN ": timestamp: %s", why);
		break;
	default:
		if (!time_test(L, -1, &m))
			where_error(L, SIGN ": timestamp must be a Time or "
			    "text such as 2000-01-02T03:04:05Z");
	}
	if (m.s < DATE_MIN || m.s > DATE_MAX)
		where_error(L, SIGN ": timestamp is no time");
	return m;
}

static const struct sigv4_pair *
header_find(const struct sigv4 *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_headers; i++) {
		if (span_eq_str(s->headers[i].name, name))
			return &s->headers[i];
	}
	return NULL;
}

/* What must be signed is, whether or not it was given as a header. */
static void
add_headers(lua_State *L, struct sigv4 *s)
{
	const struct sigv4_pair *date = header_find(s, "x-amz-date");

	if (date == NULL)
		s->headers[s->n_headers++] = (struct sigv4_pair){
			SPAN_LIT("x-amz-date"), span_of(s->timestamp) };
	else if (!span_eq_str(date->value, s->timestamp))
		where_error(L, SIGN ": the header x-amz-date differs from the "
		    "timestamp, %s", s->timestamp);
	if (s->session_token.len > 0 &&
	    header_find(s, "x-amz-security-token") == NULL)
		s->headers[s->n_headers++] = (struct sigv4_pair){
			SPAN_LIT("x-amz-security-token"), s->session_token };
}

/* The timestamp, of the header where that is all that says it. */
static void
set_timestamp(lua_State *L, struct sigv4 *s)
{
	struct moment m = field_timestamp(L);
	const struct sigv4_pair *date = header_find(s, "x-amz-date");
	struct buf *scratch = &policy_of(L)->scratch;

	if (lua_isnil(L, -1) && date != NULL &&
	    parse_stamp(date->value, &m) == -1)
		where_error(L, SIGN ": the header x-amz-date is no time such "
		    "as 20000102T030405Z");
	buf_clear(scratch, 65536);
	date_format(&m, SPAN_LIT("%Y%m%dT%H%M%SZ"), scratch);
	memcpy(s->timestamp, buf_data(scratch), sizeof(s->timestamp) - 1);
}

static void
push_result(lua_State *L, const struct sigv4 *s, const size_t ends[3],
    const char *signature)
{
	static const char *const names[3] = { "canonical_request",
		"string_to_sign", "authorization" };
	struct span text = buf_span(&policy_of(L)->scratch);
	size_t i, start = 0;

	lua_newtable(L);
	for (i = 0; i < 3; start = ends[i++]) {
		push_span(L, span_make(text.p + start, ends[i] - start));
		lua_setfield(L, -2, names[i]);
	}
	lua_pushstring(L, s->timestamp);
	lua_setfield(L, -2, "timestamp");
	lua_pushstring(L, signature);
	lua_setfield(L, -2, "signature");
}

int
crypto_aws_sign_v4(lua_State *L)
{
	struct policy *p = policy_of(L);
	char signature[SIGV4_SIGNATURE_LEN + 1];
	struct sigv4 s = { .n_query = 0 };
	size_t ends[3];

	lua_settop(L, 1);
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkstack(L, 40, SIGN);
	check_fields(L);
	s.access_key = field_key(L, "access_key", SIGN ": access_key");
	s.secret_key = field_key(L, "secret_key", SIGN ": secret_key");
	s.region = field_text(L, "region", true);
	s.service = field_text(L, "service", true);
	s.method = field_text(L, "method", true);
	s.uri = field_text(L, "uri", true);
	s.payload = field_text(L, "payload", false);
	s.session_token = field_text(L, "session_token", false);
	s.query = field_pairs(L, "query_params", false, &s.n_query);
	s.headers = field_pairs(L, "headers", true, &s.n_headers);
	set_timestamp(L, &s);
	add_headers(L, &s);
	buf_clear(&p->scratch, 65536);
	sigv4_sign(&s, &p->scratch, ends, signature);
	push_result(L, &s, ends, signature);
	return 1;
}

static int
aws_sign_v4(lua_State *L)
{
	return key_source_call(L, crypto_aws_sign_v4);
}

/* ---- the module ---------------------------------------------------------- */

static void
prepare(void)
{
	digests_prepare();
	aes_prepare();
}

static const struct library_function functions[] = {
	{ "aes_decrypt_block", aes_decrypt_block,
	    "(algorithm, ciphertext, {key=}) -> bytes",
	    "What\n.Fn aes_encrypt_block\nencrypted with the same algorithm "
	    "and key.  Raises an error for a text that was not encrypted so, "
	    "as far as its padding shows it." },
	{ "aes_encrypt_block", aes_encrypt_block,
	    "(algorithm, plaintext, {key=}) -> BinaryResult",
	    "The text encrypted by AES with PKCS#7 padding.\n.Fa algorithm\n"
	    "is\n.Ql Cbc ,\nwhose result begins with a random initialisation "
	    "vector of 16 bytes, or\n.Ql Ecb .\nThe key is a key source of 16 "
	    "or 32 bytes, for AES-128 or AES-256.  Neither shows whether "
	    "somebody changed the text on its way." },
	{ "aws_sign_v4", aws_sign_v4,
	    "({access_key=, secret_key=, region=, service=, method=, uri=, "
	    "query_params={}, headers={}, payload='', timestamp=now, "
	    "session_token=}) -> table",
	    "The signature of a request for Amazon's services (AWS Signature "
	    "Version 4).  The keys are key sources,\n.Va uri\nis the path, "
	    "and\n.Va timestamp\na Time, seconds since 1970, or text such as\n"
	    ".Ql 2000-01-02T03:04:05Z .\nThe result has\n.Va authorization\n"
	    "for the request's header of that name,\n.Va timestamp\nfor\n"
	    ".Ql X-Amz-Date ,\n.Va signature ,\nand\n.Va canonical_request\n"
	    "and\n.Va string_to_sign\nto compare.\n.Ql x-amz-date\nand, "
	    "where there is a session token,\n.Ql x-amz-security-token\n"
	    "are signed and must be sent." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_crypto = {
	.name = "kumo.crypto",
	.title = "AES and signatures of requests",
	.about = "Encryption with AES, and signatures for Amazon's services.",
	.functions = functions,
	.prepare = prepare,
};
