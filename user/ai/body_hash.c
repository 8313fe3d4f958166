/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/body_hash.h"

#include <endian.h>
#include <string.h>

static uint64_t turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void round_once(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

static void word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	round_once(v);
	v[0] ^= m;
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
	const uint8_t *p = bytes;

	for (; n && h->length % 8; n--, p++, h->length++) {
		h->tail |= (uint64_t)*p << 8 * (h->length % 8);
		if (h->length % 8 == 7) {
			word(h->v, h->tail);
			h->tail = 0;
		}
	}
	for (; n >= 8; n -= 8, p += 8, h->length += 8) {
		uint64_t m;

		memcpy(&m, p, 8);
		word(h->v, le64toh(m));
	}
	if (n) {
		h->tail = little(p, n);
		h->length += n;
	}
}

uint64_t body_hash_end(const struct body_hash *h)
{
	uint64_t v[4];

	memcpy(v, h->v, sizeof(v));
	word(v, h->tail | h->length << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_once(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
