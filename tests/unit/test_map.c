/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/map.h"
#include "base/mem.h"
#include "tests/lib/image.h"

#define KEYS 4096

static void *value_of(uint64_t key)
{
	return (void *)(uintptr_t)(key * 8 + 8);
}

/* Against an array that knows: keys that come, go, and come back, among them neighbours in the table. */
static void test_as_an_array_would(void **state)
{
	struct map map = MAP(KEYS);
	bool there[KEYS] = { false };
	uint64_t random = 1;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t key = random_next(&random) % KEYS;

		if (random_next(&random) % 2) {
			assert_int_equal(map_put(&map, key, value_of(key)), 0);
			n += !there[key];
			there[key] = true;
		} else {
			assert_ptr_equal(map_remove(&map, key), there[key] ? value_of(key) : NULL);
			n -= there[key];
			there[key] = false;
		}
		assert_int_equal(map.n, n);
	}
	for (uint64_t key = 0; key < KEYS; key++)
		assert_ptr_equal(map_get(&map, key), there[key] ? value_of(key) : NULL);
	map_done(&map);
}

static void test_walks_over_all(void **state)
{
	struct map map = MAP(1000);
	uint64_t key, sum = 0;
	size_t n = 0;
	void *value;

	(void)state;
	for (size_t i = 0; map_next(&map, &i, &key, &value);)
		fail();
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(map_put(&map, i * 1000, value_of(i)), 0);
	for (size_t i = 0; map_next(&map, &i, &key, &value); n++) {
		assert_ptr_equal(value, value_of(key / 1000));
		sum += key / 1000;
	}
	assert_int_equal(n, 500);
	assert_int_equal(sum, 499 * 500 / 2);
	map_done(&map);
}

static void test_the_ceiling_and_replacement(void **state)
{
	struct map map = MAP(3);

	(void)state;
	assert_null(map_get(&map, 1));
	assert_null(map_remove(&map, 1));
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(map_put(&map, i, value_of(i)), 0);
	assert_int_equal(map_put(&map, 3, value_of(3)), -ENOSPC);
	assert_int_equal(map_put(&map, 2, value_of(7)), 0);
	assert_ptr_equal(map_get(&map, 2), value_of(7));
	assert_null(map_get(&map, 3));
	map_remove(&map, 0);
	assert_int_equal(map_put(&map, 3, value_of(3)), 0);
	map_done(&map);
	assert_int_equal(map.n, 0);
}

/* Growth that is refused loses nothing. */
static void test_refused_memory(void **state)
{
	struct map map = MAP(100000);
	uint64_t refused = 0, key = 0;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(map_put(&map, 5, value_of(5)), -ENOMEM);
	assert_null(map_get(&map, 5));
	for (; key < 1000; key++) {
		mem_fail_at(1);
		if (map_put(&map, key, value_of(key)) == -ENOMEM) {
			refused++;
			mem_fail_at(0);
			assert_null(map_get(&map, key));
			assert_int_equal(map_put(&map, key, value_of(key)), 0);
		}
	}
	mem_fail_at(0);
	assert_true(refused > 0);
	while (key--)
		assert_ptr_equal(map_get(&map, key), value_of(key));
	map_done(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_an_array_would), cmocka_unit_test(test_walks_over_all),
		cmocka_unit_test(test_the_ceiling_and_replacement), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
