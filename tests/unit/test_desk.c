/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"
#include "who/desk.h"

static struct {
	int results[2];
	uint32_t told[2];
	unsigned int ticks;
} fake;

static int fill(size_t i, struct origin *o, char *field)
{
	if (fake.results[i] > 0 && !field[0])
		field[0] = 'x';
	(void)o;
	return fake.results[i];
}

static int fill_first(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	(void)self;
	(void)task;
	assert_int_equal(deadline_ms, LIMIT_SOURCE_MS);
	return fill(0, o, o->exe);
}

static int fill_second(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	(void)self;
	(void)task;
	(void)deadline_ms;
	return fill(1, o, o->user);
}

static int want_second(void *self, const struct wants *wants)
{
	(void)self;
	fake.told[1] = wants->generation;
	return 0;
}

static int tick_second(void *self, int deadline_ms)
{
	(void)self;
	(void)deadline_ms;
	fake.ticks++;
	return 0;
}

static const struct origin_source first = { .name = "first", .fill = fill_first };
static const struct origin_source second = { .name = "second", .fill = fill_second, .want = want_second, .tick = tick_second };

static void opened(struct desk *desk)
{
	const struct who_source sources[] = { { &first, NULL }, { &second, NULL } };

	memset(desk, 0, sizeof(*desk));
	memset(&fake, 0, sizeof(fake));
	assert_int_equal(desk_init(desk, sources, 2), 0);
}

/* One reply as soon as the first source has something, the last one with all of it, and what failed said so. */
static const struct {
	int results[2];
	unsigned int replies;
	bool exe, user, incomplete;
} rounds[] = {
	{ { 1, 1 }, 2, true, true, false },
	{ { 0, 1 }, 1, false, true, false },
	{ { 1, 0 }, 2, true, false, false },
	{ { 0, 0 }, 1, false, false, false },
	{ { -EIO, 1 }, 1, false, true, true },
	{ { 1, -ETIMEDOUT }, 2, true, false, true },
};

static void test_rounds(void **state)
{
	static struct origin origin;
	struct desk desk;

	(void)state;
	EACH(row, rounds) {
		struct reply *reply;
		unsigned int n = 0;

		opened(&desk);
		memcpy(fake.results, row->results, sizeof(fake.results));
		assert_int_equal(desk_ask(&desk, &(struct question){ .task = { 7, 9 }, .number = 5 }), 0);
		assert_int_equal(desk.open, 1);
		assert_null(desk_reply(&desk));
		assert_int_equal(desk_work(&desk, 0), 1);
		assert_int_equal(desk_wait(&desk, 0), 1);
		while ((reply = desk_reply(&desk))) {
			n++;
			assert_int_equal(reply->number, 5);
			assert_int_equal(reply->last, n == row->replies);
			memset(&origin, 0, sizeof(origin));
			card_fill(reply->card, &origin);
			mem_free(reply->card);
			mem_free(reply);
		}
		assert_int_equal(n, row->replies);
		assert_int_equal(origin.exe[0] != 0, row->exe);
		assert_int_equal(origin.user[0] != 0, row->user);
		assert_int_equal(origin.incomplete, row->incomplete);
		assert_int_equal(desk.open, 0);
		desk_done(&desk);
	}
}

static void test_full(void **state)
{
	struct desk desk;

	(void)state;
	opened(&desk);
	for (int i = 0; i < LIMIT_QUESTIONS; i++)
		assert_int_equal(desk_ask(&desk, &(struct question){ .number = 1 }), 0);
	assert_int_equal(desk_ask(&desk, &(struct question){ .number = 1 }), -EAGAIN);
	assert_int_equal(desk_work(&desk, 0), LIMIT_QUESTIONS);
	/* answered, and not taken: still open, so that replies always have room */
	assert_int_equal(desk_ask(&desk, &(struct question){ .number = 1 }), -EAGAIN);
	desk_done(&desk);
}

/* News goes the same way as questions, and needs no free place among them. */
static void test_news(void **state)
{
	struct wants *wants = mem_new(sizeof(*wants));
	struct desk desk;

	(void)state;
	opened(&desk);
	for (int i = 0; i < LIMIT_QUESTIONS; i++)
		assert_int_equal(desk_ask(&desk, &(struct question){ .number = 1 }), 0);
	wants->generation = 4;
	assert_int_equal(desk_ask(&desk, &(struct question){ .wants = wants }), 0);
	assert_int_equal(desk_work(&desk, 0), LIMIT_QUESTIONS);
	assert_int_equal(fake.told[1], 4);
	assert_int_equal(fake.ticks, 0);
	assert_int_equal(desk_work(&desk, 0), 0);
	assert_int_equal(fake.ticks, 1);
	desk_done(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds), cmocka_unit_test(test_full), cmocka_unit_test(test_news),
	};

	return RUN(tests);
}
