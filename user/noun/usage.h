/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one model was asked to do in one call. Counts follow OpenTelemetry's
 * GenAI meaning whatever the provider's own convention is: input includes what
 * was read from or written to a cache, output includes reasoning; the others
 * are "of which". A count whose bit is not set in known is unknown, not 0.
 */
#ifndef AITAP_NOUN_USAGE_H
#define AITAP_NOUN_USAGE_H

#include <stdbool.h>
#include <stdint.h>

enum count {
	COUNT_INPUT,
	COUNT_CACHE_READ,	/* of input */
	COUNT_CACHE_WRITE,	/* of input; both lives */
	COUNT_CACHE_WRITE_1H,	/* of cache_write */
	COUNT_OUTPUT,
	COUNT_REASONING,	/* of output */
	COUNT_AUDIO_INPUT,	/* of input */
	COUNT_AUDIO_OUTPUT,	/* of output */
	COUNT_AUDIO_CACHE_READ,	/* of audio_input and of cache_read */
	COUNT_IMAGE_INPUT,	/* of input */
	COUNT_IMAGE_OUTPUT,	/* of output */
	COUNT_IMAGE_CACHE_READ,	/* of image_input and of cache_read */
	COUNT_MAX,
};

struct usage {
	char model[128];		/* that is billed */
	uint32_t known;			/* bit 1u << enum count */
	uint64_t count[COUNT_MAX];	/* tokens */
};

static inline void usage_set(struct usage *u, enum count which, uint64_t tokens)
{
	u->known |= 1u << which;
	u->count[which] = tokens;
}

static inline bool usage_knows(const struct usage *u, enum count which)
{
	return u->known >> which & 1;
}

/* What is billed by something else than tokens. */
struct unit {
	char name[24];		/* web_search, search_unit, image, page, second, character, ... */
	uint64_t milli;		/* quantity in thousandths: seconds come with fractions */
};

enum usage_source { USAGE_NONE, USAGE_REPORTED, USAGE_ESTIMATED };

#endif
