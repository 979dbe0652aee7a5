/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"
#include "qmgr/engine/rng.h"
#include "qmgr/engine/wheel.h"

struct thing {
	uint32_t spare;
	struct wheel_node node;
	bool in; /* the model */
};

enum { THINGS = 3000 };

static int64_t
random_delay(struct rng *rng)
{
	/* All magnitudes from the past to years. */
	return (int64_t)(rng_next(rng) >> (24 + rng_below(rng, 40))) - 50;
}

/* What the model says is due first. */
static int64_t
model_first(const struct slab *slab, uint32_t n)
{
	int64_t first = INT64_MAX;
	uint32_t i;

	for (i = 1; i <= n; i++) {
		const struct thing *t = slab_at(slab, i);

		if (t->in && t->node.due_ms < first)
			first = t->node.due_ms;
	}
	return first;
}

static void
wheel_against_model(uint64_t seed, uint32_t budget_max)
{
	struct rng rng = { seed };
	struct slab slab;
	struct wheel w;
	struct thing *t;
	int64_t now = BED_START;
	uint32_t i, k, budget, in = 0;
	int step;

	slab_init(&slab, sizeof(struct thing));
	for (i = 1; i <= THINGS; i++)
		assert_int_equal(slab_new(&slab), i);
	wheel_init(&w, &slab, offsetof(struct thing, node), now);
	for (step = 0; step < 4000; step++) {
		for (k = 0; k < 10; k++) {
			i = 1 + (uint32_t)rng_below(&rng, THINGS);
			t = slab_at(&slab, i);
			assert_int_equal(t->in, wheel_has(&w, i));
			if (t->in) {
				wheel_del(&w, i);
				in--;
			} else {
				wheel_add(&w, i, now + random_delay(&rng));
				in++;
			}
			t->in = !t->in;
		}
		assert_int_equal(w.count, in);
		/* It may wake early, to move things, but never late. */
		assert_true(wheel_next_ms(&w) <=
		    (model_first(&slab, THINGS) > now ?
		    model_first(&slab, THINGS) : now));
		now += rng_below(&rng, 4) == 0 ? random_delay(&rng) + 50 :
		    (int64_t)rng_below(&rng, 300);
		do {
			budget = budget_max;
			while ((i = wheel_pop(&w, now, &budget)) != 0) {
				t = slab_at(&slab, i);
				assert_true(t->in);
				assert_true(t->node.due_ms <= now);
				t->in = false;
				in--;
			}
		} while (budget == 0);
		assert_true(model_first(&slab, THINGS) > now);
	}
	/* Nothing is lost. */
	budget = UINT32_MAX;
	while ((i = wheel_pop(&w, now + (INT64_C(1) << 45), &budget)) != 0) {
		t = slab_at(&slab, i);
		assert_true(t->in);
		in--;
	}
	assert_int_equal(in, 0);
	assert_int_equal(wheel_next_ms(&w), INT64_MAX);
	slab_done(&slab);
}

static void
test_model(void **state)
{
	(void)state;
	wheel_against_model(1, UINT32_MAX);
	wheel_against_model(2, UINT32_MAX);
}

static void
test_model_small_budget(void **state)
{
	(void)state;
	wheel_against_model(3, 7);
	wheel_against_model(4, 1);
}

/* Within a millisecond, first in is first out, also after moving down. */
static void
test_order(void **state)
{
	struct slab slab;
	struct wheel w;
	uint32_t i, budget = UINT32_MAX;

	(void)state;
	slab_init(&slab, sizeof(struct thing));
	wheel_init(&w, &slab, offsetof(struct thing, node), BED_START);
	for (i = 1; i <= 100; i++)
		wheel_add(&w, slab_new(&slab), BED_START + 10000000);
	for (i = 1; i <= 100; i++)
		assert_int_equal(wheel_pop(&w, BED_START + 10000000, &budget),
		    i);
	slab_done(&slab);
}

/* A thing costs a handful of steps, however many others there are. */
static void
test_cost(void **state)
{
	struct rng rng = { 5 };
	struct slab slab;
	struct wheel w;
	uint32_t i, n = 100000, budget = UINT32_MAX;

	(void)state;
	slab_init(&slab, sizeof(struct thing));
	wheel_init(&w, &slab, offsetof(struct thing, node), BED_START);
	for (i = 0; i < n; i++)
		wheel_add(&w, slab_new(&slab), BED_START +
		    (int64_t)rng_below(&rng, INT64_C(7) * 86400 * 1000));
	for (i = 0; i < n; i++)
		assert_int_not_equal(wheel_pop(&w,
		    BED_START + INT64_C(8) * 86400 * 1000, &budget), 0);
	assert_true(UINT32_MAX - budget <= n * WHEEL_LEVELS);
	slab_done(&slab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_model_small_budget),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
