/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/clock.h"
#include "lib/base/uuid.h"
#include "tests/support/check.h"

/* Of version 6: 60 bits of 100 ns since 15 October 1582. */
static uint64_t
stamp_of(const struct uuid *id)
{
	uint64_t t = 0;
	int i;

	for (i = 0; i < 6; i++)
		t = t << 8 | id->b[i];
	return t << 12 | (uint64_t)(id->b[6] & 15) << 8 | id->b[7];
}

static void
grows(void **state)
{
	struct uuid_clock c = { .node = { 1, 2, 3, 4, 5, 6 } };
	struct uuid last = uuid_v6(&c), id;
	int64_t us;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		id = uuid_v6(&c);
		assert_true(memcmp(&last, &id, sizeof(id)) < 0);
		check_int("version", id.b[6] >> 4, 6);
		check_int("variant", id.b[8] >> 6, 2);
		assert_memory_equal(id.b + 10, c.node, UUID_NODE_LEN);
		last = id;
	}
	us = (int64_t)((stamp_of(&id) - UINT64_C(0x01b21dd213814000)) / 10);
	assert_true(us <= clock_wall_us() + 1000000);
	assert_true(us >= clock_wall_us() - 10000000);
}

/* The same bits in another order. */
static void
version_1(void **state)
{
	struct uuid_clock c = { .node = { 6 } };
	struct uuid six = uuid_v6(&c), one = uuid_v1(&c), next;
	uint8_t turned[8];

	(void)state;
	next = uuid_v6(&c);
	check_int("version", one.b[6] >> 4, 1);
	memcpy(turned, (uint8_t[]){ (uint8_t)(one.b[6] << 4 | one.b[7] >> 4),
		(uint8_t)(one.b[7] << 4 | one.b[4] >> 4),
		(uint8_t)(one.b[4] << 4 | one.b[5] >> 4),
		(uint8_t)(one.b[5] << 4 | one.b[0] >> 4),
		(uint8_t)(one.b[0] << 4 | one.b[1] >> 4),
		(uint8_t)(one.b[1] << 4 | one.b[2] >> 4),
		(uint8_t)(0x60 | (one.b[2] & 15)), one.b[3] }, 8);
	assert_true(memcmp(six.b, turned, 8) < 0);
	assert_true(memcmp(turned, next.b, 8) < 0);
	assert_memory_equal(one.b + 8, six.b + 8, 8);
}

/* A clock set back far begins another sequence. */
static void
clock_set_back(void **state)
{
	struct uuid_clock c = { .node = { 0 } };
	struct uuid a = uuid_v1(&c), b;

	(void)state;
	c.last += UINT64_C(36000000000);
	b = uuid_v1(&c);
	assert_memory_not_equal(a.b + 8, b.b + 8, 2);
}

static void
finds_a_node(void **state)
{
	static const uint8_t none[UUID_NODE_LEN];
	uint8_t node[UUID_NODE_LEN] = { 0 };

	(void)state;
	uuid_node_find(node);
	assert_memory_not_equal(node, none, sizeof(node));
}

static void
parses_all_forms(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ "69994630-3e27-11ef-91fc-cc28aa0a5c5a", 0 },
		{ "699946303e2711ef91fccc28aa0a5c5a", 0 },
		{ "{69994630-3e27-11ef-91fc-cc28aa0a5c5a}", 0 },
		{ "urn:uuid:69994630-3e27-11ef-91fc-cc28aa0a5c5a", 0 },
		{ "{69994630-3e27-11ef-91fc-cc28aa0a5c5a", -1 },
		{ "{699946303e2711ef91fccc28aa0a5c5a}", -1 },
		{ "urn:uuid:699946303e2711ef91fccc28aa0a5c5a", -1 },
		{ "urn:uuid:", -1 },
		{ "", -1 },
	};
	struct uuid id;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		check_int(rows[i].text, uuid_parse_any(span_of(rows[i].text),
		    &id), rows[i].status);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(version_1),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(finds_a_node),
		cmocka_unit_test(parses_all_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
