/* SPDX-License-Identifier: Apache-2.0 */
/* Options of text: names, paths, templates, keys, metadata. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/settings/option.h"
#include "lib/settings/option_kind.h"
#include "lib/settings/option_list.h"

enum { HOSTNAME_MAX = 255 };

/* ---- TEXT, LINES, HOSTNAME ---------------------------------------------- */

/* No NUL; no control characters either unless it may hold lines. */
static bool
text_allowed(struct span s, bool lines)
{
	size_t i;
	unsigned char c;

	if (s.len > OPTION_TEXT_MAX)
		return false;
	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c == '\0' || (!lines && (c < ' ' || c == 0x7f)))
			return false;
	}
	return true;
}

static bool
hostname_allowed(struct span s)
{
	return s.len != 0 && s.len <= HOSTNAME_MAX && text_is_utf8(s) &&
	    text_allowed(s, false) && span_find(s, ' ') < 0;
}

static struct span
value_span(const struct value *v)
{
	return span_make(v->u.text.p, v->u.text.len);
}

char *
option_text(const struct value *v)
{
	if (v->kind != VALUE_TEXT || !text_allowed(value_span(v), false))
		return NULL;
	return span_dup(value_span(v));
}

void
option_text_put(struct buf *b, const char *s)
{
	put_bool(b, s != NULL);
	if (s != NULL)
		put_str(b, s);
}

char *
option_text_get(struct reader *r, bool lines)
{
	struct span s;

	if (!reader_bool(r))
		return NULL;
	s = reader_span(r, OPTION_TEXT_MAX);
	if (!reader_ok(r) || !text_allowed(s, lines)) {
		reader_fail(r);
		return NULL;
	}
	return span_dup(s);
}

static bool
text_fits(const struct option_row *row, struct span s)
{
	return row->max == 0 || s.len <= row->max;
}

static void
text_describe(const struct option_row *row, struct buf *out)
{
	if (row->max != 0)
		buf_addf(out, "text on one line of at most %llu bytes",
		    (unsigned long long)row->max);
	else
		buf_add_str(out, "text on one line");
}

static enum option_read
text_read(const struct option_at *at, void *field, const struct value *v)
{
	char *s;

	if (v->kind == VALUE_TEXT && !text_fits(at->row, value_span(v)))
		return OPTION_READ_WRONG;
	s = option_text(v);
	if (s == NULL)
		return OPTION_READ_WRONG;
	if ((at->row->flags & OPT_F_REQUIRED) != 0 && *s == '\0') {
		free(s);
		return OPTION_READ_WRONG;
	}
	*(char **)field = s;
	return OPTION_READ_OK;
}

static enum option_read
lines_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	if (v->kind != VALUE_TEXT || !text_allowed(value_span(v), true))
		return OPTION_READ_WRONG;
	*(char **)field = span_dup(value_span(v));
	return OPTION_READ_OK;
}

static enum option_read
hostname_read(const struct option_at *at, void *field, const struct value *v)
{
	(void)at;
	if (v->kind != VALUE_TEXT || !hostname_allowed(value_span(v)))
		return OPTION_READ_WRONG;
	*(char **)field = span_dup(value_span(v));
	return OPTION_READ_OK;
}

static void
text_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	option_text_put(b, *(char *const *)field);
}

static void
text_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	char *s = option_text_get(r, row->kind == &option_kind_LINES);

	(void)depth;
	/* "None" is not a value of an option that has a default. */
	if (s == NULL ? row->default_text != NULL :
	    !text_fits(row, span_of(s)))
		reader_fail(r);
	*(char **)field = s;
}

static void
hostname_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	char *s;

	(void)row;
	(void)depth;
	s = option_text_get(r, false);
	if (s != NULL && !hostname_allowed(span_of(s)))
		reader_fail(r);
	*(char **)field = s;
}

static void
text_free(const struct option_row *row, void *field)
{
	(void)row;
	free(*(char **)field);
}

static void
text_json(const struct option_row *row, struct jout *j, const void *field)
{
	const char *s = *(char *const *)field;

	(void)row;
	if (s == NULL)
		jout_null(j);
	else
		jout_text(j, span_of(s));
}

const struct option_kind option_kind_TEXT = {
	.name = "text", .wanted = "text on one line",
	.describe = text_describe, .example = "\"example\"",
	.read = text_read, .put = text_put, .get = text_get, .free = text_free,
	.json = text_json,
};

const struct option_kind option_kind_LINES = {
	.name = "lines", .wanted = "text", .example = "\"example\"",
	.read = lines_read, .put = text_put, .get = text_get,
	.free = text_free, .json = text_json,
};

const struct option_kind option_kind_HOSTNAME = {
	.name = "hostname", .wanted = "a host name",
	.example = "\"mail.example.com\"", .read = hostname_read,
	.put = text_put, .get = hostname_get, .free = text_free,
	.json = text_json,
};

/* ---- TEXTS -------------------------------------------------------------- */

static enum option_read
one_read(const struct option_at *at, void *field, const struct value *v)
{
	char *s = option_text(v);

	(void)at;
	*(char **)field = s;
	return s != NULL ? OPTION_READ_OK : OPTION_READ_WRONG;
}

static void
one_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	char *s = option_text_get(r, false);

	(void)row;
	(void)depth;
	if (s == NULL)
		reader_fail(r);
	*(char **)field = s;
}

static const struct option_kind one_text = {
	.read = one_read, .put = text_put, .get = one_get, .free = text_free,
	.json = text_json,
};

static const struct option_list texts = {
	.item = &one_text, .size = sizeof(char *),
};

const struct option_kind option_kind_TEXTS = {
	.name = "texts", .wanted = "a list of texts",
	.example = "[\"one\", \"two\"]", .list = true, OPTION_LIST(&texts),
};

/* ---- texts from a fixed list of names ----------------------------------- */

static const char *const openssl_option_names[] = {
	"ALL", "NO_QUERY_MTU", "COOKIE_EXCHANGE", "NO_TICKET",
	"NO_SESSION_RESUMPTION_ON_RENEGOTIATION", "NO_COMPRESSION",
	"ALLOW_UNSAFE_LEGACY_RENEGOTIATION", "SINGLE_ECDH_USE",
	"SINGLE_DH_USE", "CIPHER_SERVER_PREFERENCE", "TLS_ROLLBACK_BUG",
	"NO_SSLV2", "NO_SSLV3", "NO_TLSV1", "NO_TLSV1_1", "NO_TLSV1_2",
	"NO_TLSV1_3", "NO_DTLSV1", "NO_DTLSV1_2", "NO_SSL_MASK",
	"NO_RENEGOTIATION", "ENABLE_MIDDLEBOX_COMPAT", "PRIORITIZE_CHACHA",
	NULL,
};

static bool
is_openssl_option(const char *name)
{
	return option_name_find(openssl_option_names, span_of(name)) >= 0;
}

static void
openssl_option_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	one_get(row, r, field, depth);
	if (reader_ok(r) && !is_openssl_option(*(char **)field))
		reader_fail(r);
}

static enum option_read
openssl_options_read(const struct option_at *at, void *field,
    const struct value *v)
{
	struct option_many m = { 0 };
	struct span s;
	ptrdiff_t bar;
	bool good = true;
	char **name;

	(void)at;
	if (v->kind != VALUE_TEXT || !text_allowed(value_span(v), false))
		return OPTION_READ_WRONG;
	for (s = value_span(v); s.len != 0;
	     s = span_from(s, bar < 0 ? s.len : (size_t)bar + 1)) {
		bar = span_find(s, '|');
		name = option_many_add(&m, sizeof(*name));
		*name = span_dup(span_trim(span_make(s.p,
		    bar < 0 ? s.len : (size_t)bar)));
		good &= is_openssl_option(*name);
	}
	option_many_set(field, &m);
	return good ? OPTION_READ_OK : OPTION_READ_WRONG;
}

static const struct option_kind openssl_option = {
	.put = text_put, .get = openssl_option_get, .free = text_free,
	.json = text_json,
};

static const struct option_list openssl_options = {
	.item = &openssl_option, .size = sizeof(char *),
};

const struct option_kind option_kind_OPENSSL_OPTIONS = {
	.name = "openssl options", .wanted = "flags of OpenSSL joined with |",
	.example = "\"NO_TLSV1|NO_TLSV1_1\"", .items = &openssl_options,
	.read = openssl_options_read, .put = option_list_put,
	.get = option_list_get, .free = option_list_free,
	.json = option_list_json,
};

static const char *const rustls_suite_names[] = {
	"TLS13_AES_256_GCM_SHA384", "TLS13_AES_128_GCM_SHA256",
	"TLS13_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", NULL,
};

static enum option_read
rustls_suite_read(const struct option_at *at, void *field,
    const struct value *v)
{
	if (one_read(at, field, v) != OPTION_READ_OK ||
	    option_name_find(rustls_suite_names, value_span(v)) < 0)
		return OPTION_READ_WRONG;
	return OPTION_READ_OK;
}

static const struct option_kind rustls_suite = {
	.read = rustls_suite_read, .put = text_put, .get = one_get,
	.free = text_free, .json = text_json,
};

static const struct option_list rustls_suites = {
	.item = &rustls_suite, .size = sizeof(char *),
};

const struct option_kind option_kind_RUSTLS_SUITES = {
	.name = "suites", .wanted = "a list of cipher suites",
	.example = "[\"TLS13_AES_256_GCM_SHA384\"]", .list = true,
	OPTION_LIST(&rustls_suites),
};

/* ---- KEYSOURCE ---------------------------------------------------------- */

static bool
keysource_elsewhere(const struct value *v)
{
	return value_get(v, "vault_mount") != NULL ||
	    value_get(v, "vault_path") != NULL ||
	    value_get(v, "event_name") != NULL;
}

static enum option_read
keysource_read(const struct option_at *at, void *field, const struct value *v)
{
	struct key_source *key = field;
	const struct value *data;

	key->line = v->line;
	if (at->problems != NULL && at->problems->file != NULL)
		key->file = xstrdup(at->problems->file);
	if (v->kind == VALUE_TEXT) {
		key->path = option_text(v);
		if (key->path != NULL &&
		    strncmp(key->path, KEY_HELD, strlen(KEY_HELD)) == 0) {
			option_problem(at, v->line, "a file's name cannot "
			    "start with " KEY_HELD ": put ./ in front of it");
			return OPTION_READ_TOLD;
		}
		return key->path != NULL && *key->path != '\0' ?
		    OPTION_READ_OK : OPTION_READ_WRONG;
	}
	if (keysource_elsewhere(v)) {
		option_problem(at, v->line, "keys from a vault or an event "
		    "are not available yet in this place; wanted a file's "
		    "name or {key_data = \"...\"}");
		return OPTION_READ_TOLD;
	}
	data = value_get(v, "key_data");
	if (data == NULL || data->kind != VALUE_TEXT || v->u.map.n != 1 ||
	    data->u.text.len > OPTION_TEXT_MAX)
		return OPTION_READ_WRONG;
	key->data = xmemdupz(data->u.text.p, data->u.text.len);
	key->data_len = data->u.text.len;
	return OPTION_READ_OK;
}

static void
keysource_put(const struct option_row *row, struct buf *b, const void *field)
{
	const struct key_source *key = field;

	(void)row;
	option_text_put(b, key->path);
	put_bool(b, key->data != NULL);
	if (key->data != NULL)
		put_span(b, span_make(key->data, key->data_len));
}

static void
keysource_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	struct key_source *key = field;
	struct span data;

	(void)row;
	(void)depth;
	key->path = option_text_get(r, false);
	if (!reader_bool(r))
		return;
	data = reader_span(r, OPTION_TEXT_MAX);
	if (key->path != NULL || !reader_ok(r)) {
		reader_fail(r);
		return;
	}
	key->data = xmemdupz(data.p, data.len);
	key->data_len = data.len;
}

static void
keysource_free(const struct option_row *row, void *field)
{
	struct key_source *key = field;

	(void)row;
	free(key->path);
	free(key->file);
	if (key->data != NULL)
		explicit_bzero(key->data, key->data_len);
	free(key->data);
}

static void
keysource_json(const struct option_row *row, struct jout *j, const void *field)
{
	const struct key_source *key = field;

	(void)row;
	if (key->data != NULL || (key->path != NULL &&
	    strncmp(key->path, KEY_HELD, strlen(KEY_HELD)) == 0)) {
		jout_object(j);
		jout_key_text(j, "key_data", SPAN_LIT("(hidden)"));
		jout_object_end(j);
	} else if (key->path != NULL) {
		jout_text(j, span_of(key->path));
	} else {
		jout_null(j);
	}
}

const struct option_kind option_kind_KEYSOURCE = {
	.name = "key", .wanted = "a file's name or {key_data = text}",
	.example = "\"/etc/ekiden/key.pem\"", .read = keysource_read,
	.put = keysource_put, .get = keysource_get, .free = keysource_free,
	.json = keysource_json,
};

/* ---- META --------------------------------------------------------------- */

static enum option_read
meta_read(const struct option_at *at, void *field, const struct value *v)
{
	struct buf text = { 0 };
	struct jout j;

	(void)at;
	jout_init(&j, &text);
	value_to_json(&j, v);
	*(char **)field = span_dup(buf_span(&text));
	buf_free(&text);
	return OPTION_READ_OK;
}

static void
meta_put(const struct option_row *row, struct buf *b, const void *field)
{
	(void)row;
	put_str(b, *(char *const *)field);
}

static void
meta_get(const struct option_row *row, struct reader *r, void *field,
    unsigned depth)
{
	(void)row;
	(void)depth;
	*(char **)field = reader_str(r, OPTION_TEXT_MAX);
}

static void
meta_json(const struct option_row *row, struct jout *j, const void *field)
{
	(void)row;
	jout_raw(j, span_of(*(char *const *)field));
}

static const struct option_kind meta_value = {
	.read = meta_read, .put = meta_put, .get = meta_get,
	.free = text_free, .json = meta_json,
};

static const struct option_list metas = {
	.item = &meta_value, .size = sizeof(struct meta_pair),
	.offset = offsetof(struct meta_pair, json), .named = true,
};

const struct option_kind option_kind_META = {
	.name = "meta", .wanted = "a map of metadata",
	.example = "{tenant = \"example\"}", OPTION_LIST(&metas),
};
