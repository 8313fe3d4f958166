/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The price table from inside, for those who look prices up, list or explain
 * them. Read-only once parsed; everything pointed at lives as long as the table.
 */
#ifndef AITAP_MONEY_TABLE_H
#define AITAP_MONEY_TABLE_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"
#include "money/price.h"

enum price_tier { TIER_STANDARD, TIER_BATCH, TIER_FLEX, TIER_PRIORITY, TIER_MAX };

#define RATE_NONE (-1)
#define TIMES_ONE 1000000	/* multipliers are kept in millionths */
#define TIMES_SCALE 6

/* The rates of one service tier above one size of input. */
struct price_variant {
	enum price_tier tier;
	uint64_t over;			/* holds where the total input is greater */
	int64_t rate[LINE_UNIT];	/* pico-USD a token, by enum line_class; RATE_NONE */
};

struct price_unit {
	char name[24];
	int64_t pico;			/* for one */
};

/* One price: half open in time, for every name that it matches. */
struct price {
	const char *provider;
	const char *model;
	const char *source;
	const char *checked;
	char id[112];			/* openai/o3@2025-06-10 */
	int64_t from_ns;		/* INT64_MIN: since ever */
	int64_t to_ns;			/* INT64_MAX: no end known */
	int window[2];			/* minutes of the day, UTC, [0] inclusive; equal: all day */
	int64_t times[TIER_MAX];	/* of tiers without variants; RATE_NONE */
	size_t n_variants;
	struct price_variant *variants;	/* ascending by over */
	size_t n_units;
	struct price_unit *units;
};

/* A price as one name's; names with several prices chain them. */
struct price_ref {
	const struct price *price;
	struct price_ref *next;
};

enum name_kind { NAME_EXACT, NAME_PREFIX, NAME_PATTERN, NAME_KINDS };

struct price_name {
	struct str text;
	struct price_ref *refs;
	struct price_name *next;	/* of the same hash */
};

struct price_provider {
	const char *name;
	size_t n_fallback;
	const char **fallback;		/* whose prices hold where this one has none */
	int64_t times[TIER_MAX];
	struct map names[NAME_KINDS];	/* by hash of the text: struct price_name */
	size_t n_long[NAME_KINDS];	/* prefixes and patterns, longest first */
	struct price_name **longest[NAME_KINDS];
	struct price_provider *next;
};

struct price_block;			/* memory, given back all at once */

struct prices {
	struct prices *under;
	struct price_block *blocks;
	char version[32];
	size_t n_prices;
	struct price **prices;		/* in the order of the file */
	struct price_provider *providers;
};

const char *const *price_rate_names(void);		/* by enum line_class: input, cache_read, ... */
const char *price_tier_name(enum price_tier);
/* What an answer's tier means; TIER_MAX: not a tier that we know. */
enum price_tier price_tier_of(struct str name);

struct price_provider *prices_provider(const struct prices *, struct str name);	/* this table alone */
/* The price of a model as its provider names it; NULL: there is none. */
const struct price *prices_find(const struct prices *, struct str provider, struct str model, int64_t wall_ns);
/* A provider's multiplier for a tier, in millionths; RATE_NONE */
int64_t prices_times(const struct prices *, const char *provider, enum price_tier);

/* Does the price hold then? */
bool price_holds(const struct price *, int64_t wall_ns);

/*
 * Names that a model may be listed under, most exact first: views of text, its
 * lower-case form. The first *ret_first are looked up before the rest, which
 * lack the region that these have.
 */
#define MODEL_NAMES 7
#define MODEL_TEXT 160
size_t model_names(struct str model, char text[static MODEL_TEXT], struct str ret[static MODEL_NAMES], size_t *ret_first);

#endif
