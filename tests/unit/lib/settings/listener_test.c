/* SPDX-License-Identifier: Apache-2.0 */
/* Which options one connection has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/settings/listener.h"
#include "lib/settings/yaml.h"

static const char listener_yaml[] =
    "hostname: top\n"
    "banner: top\n"
    "meta: {a: 1, b: 1}\n"
    "peer:\n"
    "  10.0.0.0/8: {banner: ten, max_recipients_per_message: 5}\n"
    "  10.1.0.0/16:\n"
    "    banner: ten-one\n"
    "    meta: {b: 2, c: 2}\n"
    "    via:\n"
    "      192.0.2.9: {deferred_spool: true, banner: nested}\n"
    "  ::1: {relay_hosts: []}\n"
    "via:\n"
    "  192.0.2.1: {banner: via-one, meta: {b: 3}}\n"
    "  192.0.2.0/24: {allow_xclient: true}\n";

static const struct {
	const char *peer, *via; /* "" = unknown */
	const char *banner;
	uint64_t recipients;
	bool xclient, deferred;
	size_t relay_hosts;
	const char *meta;
} rows[] = {
	{ "198.51.100.1", "203.0.113.1", "top", 1024, false, false, 2,
	    "a=1 b=1 " },
	{ "", "", "top", 1024, false, false, 2, "a=1 b=1 " },
	{ "10.2.0.1", "203.0.113.1", "ten", 5, false, false, 2,
	    "a=1 b=1 " },
	/* The narrowest network alone counts. */
	{ "10.1.0.1", "203.0.113.1", "ten-one", 1024, false, false, 2,
	    "a=1 b=2 c=2 " },
	/* via comes after peer. */
	{ "10.1.0.1", "192.0.2.1", "via-one", 1024, false, false, 2,
	    "a=1 b=3 c=2 " },
	{ "10.1.0.1", "192.0.2.9", "nested", 1024, true, true, 2,
	    "a=1 b=2 c=2 " },
	{ "198.51.100.1", "192.0.2.9", "top", 1024, true, false, 2,
	    "a=1 b=1 " },
	{ "::1", "203.0.113.1", "top", 1024, false, false, 0, "a=1 b=1 " },
};

static void
listener_make(struct listener *l)
{
	struct problems problems = { 0 };
	struct value *v;

	v = yaml_parse(span_of(listener_yaml), &problems);
	assert_non_null(v);
	assert_int_equal(listener_read(l, v, &problems), 0);
	value_free(&v);
	problems_free(&problems);
}

static void
meta_check(const struct metas *m, const char *want)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < m->n; i++)
		buf_addf(&b, "%s=%s ", m->v[i].key, m->v[i].json);
	buf_add_byte(&b, '\0');
	assert_string_equal((char *)buf_data(&b), want);
	buf_free(&b);
}

static void
resolve_test(void **state)
{
	struct listener l, out;
	struct ip peer, via;
	bool has_peer, has_via;
	size_t i;

	(void)state;
	listener_make(&l);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		has_peer = ip_parse(span_of(rows[i].peer), &peer) == 0;
		has_via = ip_parse(span_of(rows[i].via), &via) == 0;
		listener_resolve(&l, has_peer ? &peer : NULL,
		    has_via ? &via : NULL, &out);
		if (strcmp(out.banner, rows[i].banner) != 0)
			fail_msg("row %zu: got %s, want %s", i, out.banner,
			    rows[i].banner);
		assert_string_equal(out.hostname, "top");
		assert_int_equal(out.max_recipients_per_message,
		    rows[i].recipients);
		assert_int_equal(out.allow_xclient, rows[i].xclient);
		assert_int_equal(out.deferred_spool, rows[i].deferred);
		assert_int_equal(out.relay_hosts.n, rows[i].relay_hosts);
		assert_int_equal(out.peer.n, 0);
		assert_int_equal(out.via.n, 0);
		meta_check(&out.meta, rows[i].meta);
		listener_unresolve(&out);
	}
	listener_free(&l);
}

/* What an event answers, over what the addresses gave. */
static void
dynamic_test(void **state)
{
	struct problems problems = { 0 };
	struct listener l, partial, out;
	struct value *v;

	(void)state;
	listener_make(&l);
	v = yaml_parse(SPAN_LIT("{banner: dynamic, meta: {z: 1}}"),
	    &problems);
	assert_int_equal(listener_read_partial(&partial, v, &problems), 0);
	listener_resolve(&l, NULL, NULL, &out);
	listener_apply(&out, &partial, NULL, NULL);
	assert_string_equal(out.banner, "dynamic");
	assert_string_equal(out.hostname, "top");
	meta_check(&out.meta, "a=1 b=1 z=1 ");
	listener_unresolve(&out);
	listener_free(&partial);
	listener_free(&l);
	value_free(&v);

	v = yaml_parse(SPAN_LIT("{max_connections: 3}"), &problems);
	assert_int_equal(listener_read_partial(&partial, v, &problems), -1);
	value_free(&v);
	problems_free(&problems);
}

static void
depth_test(void **state)
{
	struct problems problems = { 0 };
	struct buf text = { 0 };
	struct listener l;
	struct value *v;
	int i, depth;

	(void)state;
	for (depth = LISTENER_DEPTH_MAX; depth <= LISTENER_DEPTH_MAX + 1;
	     depth++) {
		buf_clear(&text, 0);
		for (i = 0; i < depth; i++)
			buf_add_str(&text, "{peer: {10.0.0.0/8: ");
		buf_add_str(&text, "{}");
		for (i = 0; i < depth; i++)
			buf_add_str(&text, "}}");
		v = yaml_parse(buf_span(&text), &problems);
		assert_non_null(v);
		if (depth == LISTENER_DEPTH_MAX) {
			assert_int_equal(listener_read(&l, v, &problems), 0);
			listener_free(&l);
		} else {
			assert_int_equal(listener_read(&l, v, &problems),
			    -1);
			assert_non_null(strstr(problems.v[0].text,
			    "nested too deep"));
		}
		value_free(&v);
	}
	problems_free(&problems);
	buf_free(&text);
}

static void
keys_test(void **state)
{
	struct problems problems = { 0 };
	struct listener l;
	struct value *v;

	(void)state;
	v = yaml_parse(SPAN_LIT("{tls_certificate: /c.pem}"), &problems);
	assert_int_equal(listener_read(&l, v, &problems), -1);
	assert_non_null(strstr(problems.v[0].text, "need each other"));
	value_free(&v);
	problems_free(&problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolve_test),
		cmocka_unit_test(dynamic_test),
		cmocka_unit_test(depth_test),
		cmocka_unit_test(keys_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
