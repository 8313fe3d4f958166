/* SPDX-License-Identifier: Apache-2.0 */
/* Where isal_inflate() meets a corrupt symbol its output may end with bytes that were none: what it gave last is left out. */
#include "wire/igzip.h"

#include <errno.h>

#include <isa-l/igzip_lib.h>

#include "base/mem.h"

struct igzip {
	struct inflate_state z;
	struct igzip *spare;
};

int igzip_take(struct wire *wire, enum igzip_format format, struct igzip **ret)
{
	static const uint32_t flags[] = { [FORMAT_GZIP] = ISAL_GZIP, [FORMAT_ZLIB] = ISAL_ZLIB, [FORMAT_RAW] = ISAL_DEFLATE };
	struct igzip *igzip = wire->spare_igzips;

	if (igzip) {
		wire->spare_igzips = igzip->spare;
		wire->n_spare_igzips--;
	} else {
		if (wire->n_igzips >= LIMIT_IGZIPS)
			return -ENOSPC;
		igzip = mem_budget_new(&wire->budget, sizeof(*igzip));
		if (!igzip)
			return -ENOMEM;
		wire->n_igzips++;
	}
	isal_inflate_init(&igzip->z);
	igzip->z.crc_flag = flags[format];
	*ret = igzip;
	return 0;
}

struct igzip *igzip_put(struct wire *wire, struct igzip *igzip)
{
	if (!igzip)
		return NULL;
	if (wire->n_spare_igzips >= LIMIT_INFLATERS) {
		mem_budget_free(&wire->budget, igzip);
		wire->n_igzips--;
		return NULL;
	}
	igzip->spare = wire->spare_igzips;
	wire->spare_igzips = igzip;
	wire->n_spare_igzips++;
	return NULL;
}

void igzip_drop_spares(struct wire *wire)
{
	while (wire->spare_igzips) {
		struct igzip *igzip = wire->spare_igzips;

		wire->spare_igzips = igzip->spare;
		mem_budget_free(&wire->budget, igzip);
		wire->n_igzips--;
	}
	wire->n_spare_igzips = 0;
}

void igzip_again(struct igzip *igzip)
{
	isal_inflate_reset(&igzip->z);
}

bool igzip_data_over(const struct igzip *igzip)
{
	enum isal_block_state state = igzip->z.block_state;

	return state == ISAL_BLOCK_INPUT_DONE || state == ISAL_BLOCK_FINISH || state == ISAL_CHECKSUM_CHECK;
}

int igzip_write(struct igzip *igzip, struct filter *filter, const uint8_t *p, size_t n, size_t *ret_left)
{
	struct inflate_state *z = &igzip->z;
	uint8_t *room = filter_room(filter);
	int err, passed;

	z->next_in = (uint8_t *)p;
	z->avail_in = (uint32_t)n;
	do {
		z->next_out = room;
		z->avail_out = FILTER_ROOM;
		err = isal_inflate(z);
		passed = err && err != ISAL_INCORRECT_CHECKSUM ? 0 : filter_pass(filter, room, FILTER_ROOM - z->avail_out);
		if (passed < 0)
			return passed;
		if (err)	/* positive: a dictionary is wanted, or the head is none that anybody sends */
			return -EBADMSG;
	} while (z->block_state != ISAL_BLOCK_FINISH && !z->avail_out);
	*ret_left = z->avail_in;
	return z->block_state == ISAL_BLOCK_FINISH;
}
