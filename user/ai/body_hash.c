/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/body_hash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* In registers while many words pass. */
struct state {
	uint64_t a, b, c, d;
};

static inline struct state round_once(struct state v)
{
	v.a += v.b;
	v.b = turn(v.b, 13) ^ v.a;
	v.a = turn(v.a, 32);
	v.c += v.d;
	v.d = turn(v.d, 16) ^ v.c;
	v.a += v.d;
	v.d = turn(v.d, 21) ^ v.a;
	v.c += v.b;
	v.b = turn(v.b, 17) ^ v.c;
	v.c = turn(v.c, 32);
	return v;
}

static inline struct state word(struct state v, uint64_t m)
{
	v.d ^= m;
	v = round_once(v);
	v.a ^= m;
	return v;
}

static uint64_t little(const uint8_t *p, size_t n)
{
	uint64_t m = 0;

	for (size_t i = 0; i < n; i++)
		m |= (uint64_t)p[i] << 8 * i;
	return m;
}

void body_hash_begin(struct body_hash *h, const uint8_t key[static 16])
{
	uint64_t k0 = little(key, 8), k1 = little(key + 8, 8);

	*h = (struct body_hash){ .v = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
					k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 } };
}

void body_hash_add(struct body_hash *h, const void *bytes, size_t n)
{
	struct state v = { h->v[0], h->v[1], h->v[2], h->v[3] };
	const uint8_t *p = bytes;

	for (; n && h->length % 8; n--, p++, h->length++) {
		h->tail |= (uint64_t)*p << 8 * (h->length % 8);
		if (h->length % 8 == 7) {
			v = word(v, h->tail);
			h->tail = 0;
		}
	}
	h->length += n;
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t m;

		memcpy(&m, p, 8);
		v = word(v, le64toh(m));
	}
	if (n)
		h->tail = little(p, n);
	memcpy(h->v, &v, sizeof(v));
}

uint64_t body_hash_end(const struct body_hash *h)
{
	struct state v = word((struct state){ h->v[0], h->v[1], h->v[2], h->v[3] }, h->tail | h->length << 56);

	v.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		v = round_once(v);
	return v.a ^ v.b ^ v.c ^ v.d;
}
