/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/base/base64.h"
#include "lib/mail/header.h"
#include "lib/mail/trace.h"

static struct trace_received
sample(void)
{
	struct trace_received t = {
		.helo = SPAN_LIT("client.example"),
		.hostname = SPAN_LIT("mx.example"),
		.id = SPAN_LIT("0123456789abcdef0123456789abcdef"),
		.recipient = SPAN_LIT("a@b.example"),
		.esmtp = true,
		.wall_us = INT64_C(1795362239) * 1000000,
	};

	ip_parse(SPAN_LIT("192.0.2.1"), &t.peer);
	return t;
}

static void
received(void **state)
{
	struct trace_received t = sample();
	struct buf b = { 0 };

	(void)state;
	trace_received_put(&b, &t);
	check_span("plain", buf_span(&b), SPAN_LIT(
	    "Received: from client.example ([192.0.2.1])\r\n"
	    "\tby mx.example (Ekiden)\r\n"
	    "\twith ESMTP id 0123456789abcdef0123456789abcdef\r\n"
	    "\tfor <a@b.example>;\r\n"
	    "\tSun, 22 Nov 2026 15:43:59 +0000\r\n"));
	buf_clear(&b, 10000);
	t.helo.len = t.recipient.len = 0;
	t.peer_name = SPAN_LIT("rev.example");
	t.tls = true;
	t.tls_version = SPAN_LIT("TLSv1.3");
	t.tls_cipher = SPAN_LIT("TLS_AES_256_GCM_SHA384");
	ip_parse(SPAN_LIT("2001:db8::1"), &t.peer);
	trace_received_put(&b, &t);
	check_span("TLS", buf_span(&b), SPAN_LIT(
	    "Received: from [IPv6:2001:db8::1] "
	    "(rev.example [IPv6:2001:db8::1])\r\n"
	    "\tby mx.example (Ekiden)\r\n"
	    "\twith ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) "
	    "id 0123456789abcdef0123456789abcdef;\r\n"
	    "\tSun, 22 Nov 2026 15:43:59 +0000\r\n"));
	buf_free(&b);
}

/* Nothing given can end the field or begin another. */
static void
hostile(void **state)
{
	struct trace_received t = sample();
	struct header_field f;
	struct header_scan s;
	struct buf b = { 0 };

	(void)state;
	t.helo = SPAN_LIT("a)\r\nEvil: 1\r\n\r\n\0(");
	t.peer_name = SPAN_LIT("b\nEvil: 2");
	t.recipient = SPAN_LIT("\"x\r\nEvil: 3\"@b");
	t.id = SPAN_LIT("1;\r2");
	trace_received_put(&b, &t);
	header_scan_init(&s, buf_span(&b));
	assert_true(header_next(&s, &f));
	check_span("one field", f.whole, buf_span(&b));
	assert_null(memchr(f.whole.p, '\0', f.whole.len));
	buf_free(&b);
}

static void
protocols(void **state)
{
	(void)state;
	check_str("", trace_protocol(false, false, false), "SMTP");
	check_str("", trace_protocol(true, false, false), "ESMTP");
	check_str("", trace_protocol(true, true, false), "ESMTPS");
	check_str("", trace_protocol(true, false, true), "ESMTPA");
	check_str("", trace_protocol(true, true, true), "ESMTPSA");
}

static void
supplemental(void **state)
{
	static const struct trace_meta meta[] = {
		{ { "tenant", 6 }, { "\"acme\"", 6 } },
		{ { "n", 1 }, { "[1,2]", 5 } },
		{ { "long", 4 }, { "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaa\"", 106 } },
	};
	static const struct span to[] = { { "a@b.c", 5 }, { "d@e.f", 5 } };
	struct buf b = { 0 }, json = { 0 };
	struct header_field f;
	struct header_scan s;
	struct span rest;
	ptrdiff_t at;

	(void)state;
	trace_supplemental_put(&b, SPAN_LIT("X-KumoRef"), to, 1, NULL, 0);
	check_span("short", buf_span(&b), SPAN_LIT("X-KumoRef: "
	    "eyJfQF8iOiJcXF8vIiwicmVjaXBpZW50IjoiYUBiLmMifQ==\r\n"));
	buf_clear(&b, 10000);
	trace_supplemental_put(&b, SPAN_LIT("X-KumoRef"), to, 2, meta,
	    COUNT(meta));
	for (rest = buf_span(&b); rest.len > 0;
	    rest = span_from(rest, (size_t)at + 1)) {
		at = span_find(rest, '\n');
		assert_true(at > 1 && at < 79);
	}
	header_scan_init(&s, buf_span(&b));
	assert_true(header_next(&s, &f));
	check_span("one field", f.whole, buf_span(&b));
	check_int("get", trace_supplemental_get(f.value, &json), 0);
	assert_true(span_starts(buf_span(&json), "{\"_@_\":\"\\\\_/\","
	    "\"recipient\":[\"a@b.c\",\"d@e.f\"],\"tenant\":\"acme\","
	    "\"n\":[1,2],\"long\":"));
	buf_clear(&b, 10000);
	trace_supplemental_put(&b, SPAN_LIT("X: y\r\nEvil"), to, 1, NULL, 0);
	header_scan_init(&s, buf_span(&b));
	assert_true(header_next(&s, &f));
	check_span("name", f.name, SPAN_LIT("X--y--Evil"));
	buf_free(&b);
	buf_free(&json);
}

static const struct {
	const char *json;
	bool is;
} others[] = {
	{ "{\"_@_\":\"\\\\_/\"}", true },
	{ "{\"a\":1, \"_@_\" : \"\\\\_\\/\"}", true },
	{ "{\"_@_\":\"\\\\_\"}", false },
	{ "{\"_@_\":1}", false },
	{ "{\"_@_\"}", false },
	{ "[\"_@_\",\"\\\\_/\"]", false },
	{ "{}", false },
};

static void
marker(void **state)
{
	struct buf b = { 0 }, json = { 0 };
	size_t i;

	(void)state;
	buf_add_str(&json, "kept");
	for (i = 0; i < COUNT(others); i++) {
		buf_clear(&b, 1000);
		base64_encode(span_of(others[i].json), &b);
		json.end = json.start + 4;
		check_int(others[i].json, trace_supplemental_get(buf_span(&b),
		    &json), others[i].is ? 0 : -1);
		check_int(others[i].json, buf_len(&json),
		    4 + (others[i].is ? strlen(others[i].json) : 0));
	}
	check_int("no base64", trace_supplemental_get(SPAN_LIT("hello!"),
	    &json), -1);
	check_int("nothing", trace_supplemental_get(SPAN_LIT(" "), &json), -1);
	buf_free(&b);
	buf_free(&json);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(received),
		cmocka_unit_test(hostile),
		cmocka_unit_test(protocols),
		cmocka_unit_test(supplemental),
		cmocka_unit_test(marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
