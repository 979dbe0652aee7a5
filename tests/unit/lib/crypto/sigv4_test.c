/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/sigv4.h"

#include "tests/support/check.h"

/* The second line of the canonical request. */
static const struct {
	const char *service, *uri, *want;
} paths[] = {
	{ "x", "", "/" },
	{ "x", "/", "/" },
	{ "x", "a", "/a" },
	{ "x", "/a/./b/../c", "/a/c" },
	{ "x", "/../../a", "/a" },
	{ "x", "//a//b//", "/a/b/" },
	{ "x", "/a/..", "/" },
	{ "x", "/a/.", "/a/" },
	{ "x", "/%20 ~", "/%2520%20~" },
	{ "s3", "/a/./b/../c//", "/a/./b/../c//" },
	{ "s3", "/%20 %zz", "/%20%20%25zz" },
	{ "s3", "", "/" },
};

static void
canonical_paths(void **state)
{
	char signature[SIGV4_SIGNATURE_LEN + 1];
	struct buf out = { .base = NULL };
	size_t i, ends[3];

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		struct sigv4 s = { .method = SPAN_LIT("GET"),
			.service = span_of(paths[i].service),
			.uri = span_of(paths[i].uri),
			.timestamp = "20150830T123600Z" };
		struct span line;

		buf_clear(&out, 4096);
		sigv4_sign(&s, &out, ends, signature);
		line = span_from(buf_span(&out), 4);
		line.len = (size_t)span_find(line, '\n');
		check_span(paths[i].uri, line, span_of(paths[i].want));
	}
	buf_free(&out);
}

/* AWS's test suite: get-header-key-duplicate has values joined so. */
static void
sorts_and_joins(void **state)
{
	struct sigv4_pair headers[] = {
		{ SPAN_LIT("my-header1"), SPAN_LIT(" a   b ") },
		{ SPAN_LIT("host"), SPAN_LIT("h") },
		{ SPAN_LIT("my-header1"), SPAN_LIT("c") },
	}, query[] = {
		{ SPAN_LIT("b"), SPAN_LIT("2") },
		{ SPAN_LIT("a b"), SPAN_LIT("") },
		{ SPAN_LIT("b"), SPAN_LIT("1") },
		{ SPAN_LIT("a"), SPAN_LIT("/") },
	};
	struct sigv4 s = { .method = SPAN_LIT("GET"), .uri = SPAN_LIT("/"),
		.headers = headers, .n_headers = COUNT(headers),
		.query = query, .n_query = COUNT(query),
		.timestamp = "20150830T123600Z" };
	static const char want[] = "GET\n/\na=%2F&a%20b=&b=1&b=2\nhost:h\n"
	    "my-header1:a b,c\n\nhost;my-header1\n";
	char signature[SIGV4_SIGNATURE_LEN + 1];
	struct buf out = { .base = NULL };
	size_t ends[3];
	struct span got;

	(void)state;
	sigv4_sign(&s, &out, ends, signature);
	got = buf_span(&out);
	got.len = ends[0] - 64;
	check_span("request", got, span_of(want));
	check_int("signature", strlen(signature), SIGV4_SIGNATURE_LEN);
	buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_paths),
		cmocka_unit_test(sorts_and_joins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
