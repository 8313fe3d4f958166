/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/identity.h"

#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* 26 characters hold 130 bits: the first is of the two that are always 0 and three of the time. */
static void write_id(int64_t wall_ns, const void *what, size_t size, char ret[static RECORD_ID_MAX])
{
	uint64_t ms = (uint64_t)(wall_ns / 1000000) & 0xffffffffffff;
	unsigned __int128 bits;

	bits = (unsigned __int128)ms << 80 | (unsigned __int128)(hash_bytes(what, size, 1) & 0xffff) << 64 | hash_bytes(what, size, 0);
	for (int i = RECORD_ID_MAX - 2; i >= 0; i--, bits >>= 5)
		ret[i] = digits[bits & 31];
	ret[RECORD_ID_MAX - 1] = 0;
}

void identity(int64_t wall_ns, const uint8_t boot_id[16], const struct call *call, char ret[static RECORD_ID_MAX])
{
	struct {
		uint8_t boot_id[16];
		uint64_t conn_id;
		uint32_t exchange;
		uint32_t part;
	} what = { .conn_id = call->conn_id, .exchange = call->exchange, .part = call->part };

	memcpy(what.boot_id, boot_id, sizeof(what.boot_id));
	write_id(wall_ns, &what, sizeof(what), ret);
}

void identity_adjustment(int64_t wall_ns, const char *adjusts, const char *by, uint32_t nth, char ret[static RECORD_ID_MAX])
{
	struct {
		char adjusts[RECORD_ID_MAX], by[RECORD_ID_MAX];
		uint8_t nth[4];
	} what = { .nth = { (uint8_t)nth, (uint8_t)(nth >> 8), (uint8_t)(nth >> 16), (uint8_t)(nth >> 24) } };

	STR_COPY(what.adjusts, str_of(adjusts));
	STR_COPY(what.by, str_of(by));
	write_id(wall_ns, &what, sizeof(what), ret);
}

int64_t identity_time(const char *id)
{
	uint64_t ms = 0;

	if (strlen(id) != RECORD_ID_MAX - 1)
		return 0;
	for (int i = 0; i < 10; i++) {
		const char *digit = strchr(digits, id[i]);

		if (!digit)
			return 0;
		ms = ms << 5 | (uint64_t)(digit - digits);
	}
	return (int64_t)ms * (int64_t)NSEC_PER_MSEC;
}
