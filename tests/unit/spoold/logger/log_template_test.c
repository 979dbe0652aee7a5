/* SPDX-License-Identifier: Apache-2.0 */
#include "spoold/logger/log_template.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "tests/support/check.h"

#define RECORD                                                             \
	"{\"type\":\"Delivery\",\"id\":\"i1\",\"recipient\":\"u@x.test\","  \
	"\"size\":42,\"peer_address\":null,"                               \
	"\"response\":{\"code\":250,\"content\":\"ok \\\"then\\\" <1>\"}," \
	"\"meta\":{\"tenant\":\"t1\",\"A-B\":[1,2]},"                      \
	"\"headers\":{\"Subject\":\"S\\u00e9\",\"X-A\":\"1\"}}\n"

/* 2026-11-22 12:00:00 */
static const int64_t noon_us = INT64_C(1795348800000000);

static const struct {
	const char *name, *text, *want; /* want NULL: cannot be made */
} rows[] = {
	{ "fields", "{{ id }} {{ recipient }}", "i1 u@x.test\n" },
	{ "the template's last newline", "{{ id }}\n", "i1\n" },
	{ "two of them", "{{ id }}\n\n", "i1\n" },
	{ "a newline is not doubled", "{{ id }}{{ '\\n' }}", "i1\n" },
	{ "nothing", "{% if size > 100 %}{{ id }}{% endif %}", "\n" },
	{ "numbers", "{{ size + 1 }} {{ response.code }}", "43 250\n" },
	{ "nothing is escaped", "{{ response.content }}",
	    "ok \"then\" <1>\n" },
	{ "headers are lower case",
	    "{{ headers.subject }} {{ headers['x-a'] }}", "S\xc3\xa9 1\n" },
	{ "metadata is as it was", "{{ meta.tenant }} {{ meta['A-B'][1] }}",
	    "t1 2\n" },
	{ "the whole", "{{ log_record.meta | tojson }}",
	    "{\"A-B\":[1,2],\"tenant\":\"t1\"}\n" },
	{ "log_record has the fields", "{{ log_record.headers.subject }}",
	    "S\xc3\xa9\n" },
	{ "now is the record's time",
	    "{{ now() | datetimeformat('[year]-[month]-[day] "
	    "[hour]:[minute]') }}",
	    "2026-11-22 12:00\n" },
	{ "a field that is not there", "{{ nothing }}.", ".\n" },
	{ "null", "{{ peer_address or '-' }}", "-\n" },
	{ "a field of null", "{{ peer_address.name.length }}", NULL },
	{ "an error after text", "{{ id }}{{ 1 // 0 }}", NULL },
	{ "no end", "{% for i in range(100000) %}"
	    "{% for j in range(100000) %}{% endfor %}{% endfor %}", NULL },
	{ "too much", "{% for i in range(100000) %}"
	    "{{ '0123456789012345678901234567890123456789' * 100 }}"
	    "{% endfor %}", NULL },
	{ "bad syntax", "{{ id", NULL },
};

/* What `make` writes to the diagnostics. */
static int diagnostics, stderr_was;

static void
watch_begin(void)
{
	fflush(stderr);
	stderr_was = dup(STDERR_FILENO);
	diagnostics = memfd_create("stderr", 0);
	assert_true(dup2(diagnostics, STDERR_FILENO) != -1);
}

static void
watch_end(char *text, size_t size)
{
	ssize_t n;

	fflush(stderr);
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	n = pread(diagnostics, text, size - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(diagnostics);
}

static void
test_lines(void **state)
{
	struct log_template *t;
	struct buf out = { 0 };
	char warned[1000], want[200];
	bool made;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		t = log_template_new(rows[i].text, "Delivery");
		buf_clear(&out, 1000);
		buf_add_str(&out, "before ");
		watch_begin();
		made = log_template_line(t, SPAN_LIT(RECORD), noon_us, 5,
		    &out);
		watch_end(warned, sizeof(warned));
		check_int(rows[i].name, made, rows[i].want != NULL);
		snprintf(want, sizeof(want), "before %s",
		    made ? rows[i].want : "");
		check_span(rows[i].name, buf_span(&out), span_of(want));
		check_int(rows[i].name, warned[0] != '\0', !made);
		log_template_free(&t);
	}
	buf_free(&out);
}

/* One warning a minute, which says how many records it is about. */
static void
test_warnings(void **state)
{
	static const struct {
		const char *name;
		int64_t at_ms;
		const char *want; /* NULL: quiet */
	} times[] = {
		{ "the first", 1000, "written as JSON: 1\n" },
		{ "soon", 1001, NULL },
		{ "within the minute", 60 * 1000, NULL },
		{ "a minute later", 61 * 1000, "written as JSON: 3\n" },
		{ "and again", 121 * 1000, "written as JSON: 1\n" },
	};
	struct log_template *t = log_template_new("a\n{{ 1 // 0 }}", "Bounce");
	struct buf out = { 0 };
	char warned[1000];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(times); i++) {
		watch_begin();
		log_template_line(t, SPAN_LIT(RECORD), noon_us,
		    times[i].at_ms, &out);
		watch_end(warned, sizeof(warned));
		if (times[i].want == NULL) {
			check_str(times[i].name, warned, "");
			continue;
		}
		if (strstr(warned, times[i].want) == NULL ||
		    strstr(warned, "'Bounce' line 2: ") == NULL)
			fail_msg("%s: \"%s\" has no \"%s\" or place",
			    times[i].name, warned, times[i].want);
	}
	log_template_free(&t);
	assert_null(t);
	log_template_free(&t);
	buf_free(&out);
}

/* What is written again after a crash is the same. */
static void
test_chance(void **state)
{
	struct log_template *t = log_template_new("{{ randrange(100000) }}"
	    "{{ randrange(100000) }}{{ now() }}", "Delivery");
	struct buf out = { 0 }, again = { 0 };

	(void)state;
	log_template_line(t, SPAN_LIT(RECORD), noon_us, 1, &out);
	log_template_line(t, SPAN_LIT(RECORD), noon_us, 2, &again);
	check_span("again", buf_span(&again), buf_span(&out));
	buf_clear(&again, 1000);
	log_template_line(t, SPAN_LIT(RECORD), noon_us + 1, 2, &again);
	assert_false(span_eq(buf_span(&again), buf_span(&out)));
	log_template_free(&t);
	buf_free(&out);
	buf_free(&again);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
