/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/identity.h"

#include <string.h>

#include "base/map.h"

/* 26 characters hold 130 bits: the first is of the two that are always 0 and three of the time. */
void identity(int64_t wall_ns, const uint8_t boot_id[16], const struct call *call, char ret[static RECORD_ID_MAX])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct {
		uint8_t boot_id[16];
		uint64_t conn_id;
		uint32_t exchange;
		uint32_t part;
	} what = { .conn_id = call->conn_id, .exchange = call->exchange, .part = call->part };
	uint64_t ms = (uint64_t)(wall_ns / 1000000) & 0xffffffffffff;
	unsigned __int128 bits;

	memcpy(what.boot_id, boot_id, sizeof(what.boot_id));
	bits = (unsigned __int128)ms << 80 | (unsigned __int128)(hash_bytes(&what, sizeof(what), 1) & 0xffff) << 64 |
	       hash_bytes(&what, sizeof(what), 0);
	for (int i = RECORD_ID_MAX - 2; i >= 0; i--, bits >>= 5)
		ret[i] = digits[bits & 31];
	ret[RECORD_ID_MAX - 1] = 0;
}
