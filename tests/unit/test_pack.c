/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "noun/call.h"
#include "noun/trait.h"
#include "pipeline/pack.h"
#include "tests/lib/image.h"

static void fill(uint64_t *random, void *p, size_t size, unsigned int one_in)
{
	uint64_t *word = p;

	for (size_t i = 0; i < size / 8; i++)
		word[i] = random_next(random) % one_in ? 0 : random_next(random);
}

static void test_there_and_back(void **state)
{
	static const size_t sizes[] = { 8, 64, 504, 512, 520, sizeof(struct call), sizeof(struct trait) };
	static uint8_t from[sizeof(struct call)] __attribute__((aligned(8))), back[sizeof(from)] __attribute__((aligned(8)));
	static uint8_t packed[PACK_MAX(sizeof(from))] __attribute__((aligned(8)));
	uint64_t random = 2;

	(void)state;
	EACH(size, sizes)
		for (unsigned int one_in = 1; one_in < 300; one_in += 13) {
			size_t n;

			fill(&random, from, *size, one_in);
			n = pack(packed, from, *size);
			assert_true(n <= PACK_MAX(*size));
			memset(back, 0xff, sizeof(back));
			assert_int_equal(unpack(back, *size, packed, n), 0);
			assert_memory_equal(back, from, *size);
		}
}

static void test_an_empty_call_is_small(void **state)
{
	static struct call call;
	static uint8_t packed[PACK_MAX(sizeof(call))] __attribute__((aligned(8)));

	(void)state;
	memset(&call, 0, sizeof(call));
	strcpy(call.model, "gpt-4o");
	assert_true(pack(packed, &call, sizeof(call)) < 300);
}

/* Every length but the right one is refused, and so are bits that stand for no word. */
static void test_refuses_what_is_none(void **state)
{
	uint64_t from[70] = { [3] = 7, [69] = 9 }, packed[80], back[70];
	size_t n = pack(packed, from, sizeof(from));

	(void)state;
	for (size_t cut = 0; cut < sizeof(packed); cut++)
		assert_int_equal(unpack(back, sizeof(back), packed, cut), cut == n ? 0 : -EBADMSG);
	packed[1] |= 1ull << 63;	/* word 127 of 70 */
	assert_int_equal(unpack(back, sizeof(back), packed, n + 8), -EBADMSG);
	memset(packed, 0xff, sizeof(packed));
	assert_int_equal(unpack(back, sizeof(back), packed, sizeof(packed)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_an_empty_call_is_small),
		cmocka_unit_test(test_refuses_what_is_none),
	};

	return RUN(tests);
}
