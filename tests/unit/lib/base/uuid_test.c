/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/uuid.h"

#include "lib/base/clock.h"
#include "tests/support/check.h"

static void
grows(void **state)
{
	struct uuid_maker m = { 0 };
	struct uuid last = uuid_next(&m), id;
	int64_t before = clock_wall_ms();
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		id = uuid_next(&m);
		assert_true(memcmp(&last, &id, sizeof(id)) < 0);
		check_int("version", id.b[6] >> 4, 7);
		check_int("variant", id.b[8] >> 6, 2);
		last = id;
	}
	assert_true(uuid_time_ms(&last) >= before);
	assert_true(uuid_time_ms(&last) <= clock_wall_ms() + 1);
}

/* A clock set back, and a millisecond with more ids than it has room for. */
static void
grows_whatever_the_clock(void **state)
{
	int64_t ahead = clock_wall_ms() + 3600000;
	struct uuid_maker m = { .last_ms = ahead, .counter = 0x3fffffe };
	struct uuid a = uuid_next(&m), b = uuid_next(&m), c = uuid_next(&m);

	(void)state;
	check_int("kept", uuid_time_ms(&a), ahead);
	check_int("next", uuid_time_ms(&b), ahead + 1);
	assert_true(memcmp(&a, &b, sizeof(a)) < 0);
	assert_true(memcmp(&b, &c, sizeof(a)) < 0);
}

static void
has_two_texts(void **state)
{
	static const struct uuid id = { { 0x01, 0x93, 0xaB, 0xcd, 0xef, 0x01,
		0x72, 0x34, 0x80, 0, 0, 0, 0, 0, 0, 0xff } };
	char hex[UUID_HEX_MAX], text[UUID_TEXT_MAX];
	struct uuid back;

	(void)state;
	check_str("hex", uuid_hex(&id, hex),
	    "0193abcdef01723480000000000000ff");
	check_str("text", uuid_text(&id, text),
	    "0193abcd-ef01-7234-8000-0000000000ff");
	check_int("hex", uuid_parse(span_of(hex), &back), 0);
	assert_true(uuid_eq(&id, &back));
	check_int("text", uuid_parse(span_of(text), &back), 0);
	assert_true(uuid_eq(&id, &back));
	check_int("upper", uuid_parse(
	    SPAN_LIT("0193ABCDEF01723480000000000000FF"), &back), 0);
	assert_true(uuid_eq(&id, &back));
	assert_false(uuid_is_zero(&back));
}

static const char *const refused[] = {
	"", "0193abcdef01723480000000000000f",
	"0193abcdef01723480000000000000fff",
	"0193abcdef01723480000000000000fg",
	"0193abcd-ef01-7234-8000-0000000000f",
	"0193abcde-f01-7234-8000-0000000000ff",
	"0193abcd_ef01-7234-8000-0000000000ff",
	"0193abcd-ef01-7234-80000-000000000ff",
	"{193abcdef01723480000000000000f}",
	"../../../../../../../../etc/passwd",
};

static void
is_strict(void **state)
{
	struct uuid id;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++)
		check_int(refused[i],
		    uuid_parse(span_of(refused[i]), &id), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(grows_whatever_the_clock),
		cmocka_unit_test(has_two_texts),
		cmocka_unit_test(is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
