/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the kernel lays them out, whole and broken, in memory that is a ring. */
#include "tests/lib/unit.h"

#include <linux/bpf.h>
#include <stdlib.h>

#include "tap/ring.h"

#define BYTES 1024

struct made {
	uint64_t consumer, producer;
	uint8_t records[2 * BYTES];	/* the second half mirrors the first, as the kernel maps it */
	struct ring_memory memory;
	struct source_counts counts;
	uint64_t seen[64];
	int n;
};

static struct made *made_at(uint64_t position)
{
	struct made *m = calloc(1, sizeof(*m));

	m->consumer = m->producer = position;
	m->memory = (struct ring_memory){ &m->consumer, &m->producer, m->records, BYTES };
	return m;
}

static void put(struct made *m, uint64_t at, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t to = (at + i) % BYTES;

		m->records[to] = m->records[to + BYTES] = ((const uint8_t *)p)[i];
	}
}

/* A record of `len` payload bytes that begins with an event of that id and size. */
static uint64_t add(struct made *m, uint32_t len, uint32_t bits, uint64_t id, uint32_t size, uint8_t abi)
{
	struct { uint32_t len, page; struct event_header event; } r = {
		len | bits, 0, { .type = EVENT_CLOSE, .abi = abi, .size = size, .conn_id = id } };
	uint64_t at = m->producer;

	put(m, at, &r, len < sizeof(r.event) ? 8 + len : sizeof(r));
	m->producer += (8 + len + 7) & ~7u;
	return at;
}

static uint64_t add_good(struct made *m, uint64_t id, uint32_t size)
{
	return add(m, size, 0, id, size, EVENT_ABI);
}

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	struct made *m = ctx;

	assert_int_equal(size, event->size);
	m->seen[m->n++] = event->conn_id;
}

static int take(struct made *m, int max)
{
	return ring_take(&m->memory, max, on_event, m, &m->counts);
}

static void test_order_and_end(void **state)
{
	struct made *m = made_at(0);

	(void)state;
	assert_int_equal(take(m, 10), 0);
	add_good(m, 1, 32);
	add_good(m, 2, 33);	/* the next begins at a multiple of 8 */
	add_good(m, 3, 56);
	assert_int_equal(take(m, 2), 2);
	assert_int_equal(take(m, 2), 1);
	assert_int_equal(take(m, 2), 0);
	assert_true(m->seen[0] == 1 && m->seen[1] == 2 && m->seen[2] == 3);
	assert_int_equal(m->consumer, m->producer);
	assert_int_equal(m->counts.events, 3);
	assert_int_equal(m->counts.bytes, 32 + 33 + 56);
	assert_int_equal(m->counts.malformed, 0);
	free(m);
}

/* At every place of the ring, over its edge too, and where the position itself is large. */
static void test_everywhere(void **state)
{
	(void)state;
	for (uint64_t start = 0; start < BYTES; start += 8) {
		struct made *m = made_at((1ull << 40) + start);

		for (uint64_t i = 0; i < 10; i++)
			add_good(m, i, 64 + (uint32_t)i);
		assert_int_equal(take(m, 100), 10);
		for (uint64_t i = 0; i < 10; i++)
			assert_int_equal(m->seen[i], i);
		assert_int_equal(m->consumer, m->producer);
		free(m);
	}
}

static void test_busy_and_discarded(void **state)
{
	struct made *m = made_at(0);
	uint64_t busy;
	uint32_t len = 40;

	(void)state;
	add(m, 40, BPF_RINGBUF_DISCARD_BIT, 1, 40, EVENT_ABI);
	add_good(m, 2, 40);
	busy = add(m, 40, BPF_RINGBUF_BUSY_BIT, 3, 40, EVENT_ABI);
	add_good(m, 4, 40);
	assert_int_equal(take(m, 10), 1);
	assert_int_equal(take(m, 10), 0);	/* nothing passes one that is being written */
	put(m, busy, &len, 4);
	assert_int_equal(take(m, 10), 2);
	assert_true(m->seen[0] == 2 && m->seen[1] == 3 && m->seen[2] == 4);
	assert_int_equal(m->counts.malformed, 0);
	free(m);
}

static void test_malformed(void **state)
{
	static const struct { uint32_t len, size; uint8_t abi; } table[] = {
		{ 0, 0, EVENT_ABI }, { 31, 32, EVENT_ABI }, { 40, 41, EVENT_ABI }, { 40, 31, EVENT_ABI },
		{ 40, 0, EVENT_ABI }, { 40, 0xffffffff, EVENT_ABI }, { 40, 40, EVENT_ABI + 1 }, { 40, 40, 0 },
	};

	(void)state;
	EACH(row, table) {
		struct made *m = made_at(8);

		add_good(m, 1, 48);
		add(m, row->len, 0, 2, row->size, row->abi);
		add_good(m, 3, 48);
		assert_int_equal(take(m, 10), 2);
		assert_true(m->seen[0] == 1 && m->seen[1] == 3);	/* what stands around it is not lost */
		assert_int_equal(m->counts.malformed, 1);
		free(m);
	}
}

/* A length beyond the ring: nothing behind it can be found, so the reader begins anew. */
static void test_lost_track(void **state)
{
	static const uint32_t lengths[] = { BYTES, BYTES - 7, 0x3fffffff };

	(void)state;
	EACH(len, lengths) {
		struct made *m = made_at(0);
		uint64_t at = add_good(m, 1, 40);

		put(m, at, len, 4);
		add_good(m, 2, 40);
		assert_int_equal(take(m, 10), 0);
		assert_int_equal(m->counts.malformed, 1);
		assert_int_equal(m->consumer, m->producer);
		add_good(m, 3, 40);
		assert_int_equal(take(m, 10), 1);
		assert_int_equal(m->seen[0], 3);
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_end), cmocka_unit_test(test_everywhere),
		cmocka_unit_test(test_busy_and_discarded), cmocka_unit_test(test_malformed), cmocka_unit_test(test_lost_track),
	};

	return RUN(tests);
}
