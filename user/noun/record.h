/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record: a call with its origin, team and cost. Immutable once made; sinks
 * read it and must not keep it. What is learnt later is another record, an
 * adjustment.
 */
#ifndef AITAP_NOUN_RECORD_H
#define AITAP_NOUN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "noun/call.h"
#include "noun/origin.h"

#define RECORD_ID_MAX 27	/* 26 characters of Crockford's base 32 and NUL: 48 bits of ms, 80 of hash */
#define RECORD_LINES 32

enum record_kind { RECORD_CALL, RECORD_ADJUSTMENT };

/* What is priced apart; lines of one record are disjoint. */
enum line_class {
	LINE_INPUT_UNCACHED, LINE_CACHE_READ, LINE_CACHE_WRITE_5M, LINE_CACHE_WRITE_1H, LINE_OUTPUT_VISIBLE,
	LINE_REASONING, LINE_AUDIO_INPUT, LINE_AUDIO_OUTPUT, LINE_AUDIO_CACHE_READ, LINE_IMAGE_INPUT,
	LINE_IMAGE_OUTPUT, LINE_IMAGE_CACHE_READ, LINE_UNIT,	/* LINE_UNIT: see line.unit */
	LINE_CLASSES,
};

struct cost_line {
	char model[128];
	uint8_t class;		/* enum line_class */
	char unit[24];		/* token, or the unit's name */
	uint64_t milli;		/* quantity in thousandths */
	bool priced;
	char price[128];	/* rule: openai/gpt-4o@2024-10-01; "" where unpriced */
	int64_t pico;		/* 1e-12 USD */
};

enum cost_status { COST_PRICED, COST_UNPRICED, COST_FREE, COST_PARTIAL };

struct cost {
	uint8_t status;		/* enum cost_status */
	bool clamped;		/* the call's counts contradict each other; no discount was guessed: total-mismatch */
	uint32_t n_lines;
	struct cost_line lines[RECORD_LINES];
	int64_t pico;		/* what is owed: 0 under a flat rate */
	int64_t list_pico;	/* what the list says */
};

/* How usage that was not reported was estimated. What low and high enclose holds nine times out of ten. */
struct estimate {
	char name[24];			/* of the method; "": nothing was estimated */
	uint32_t counts;		/* of usages[0], bit 1u << enum count: estimated; the others were said */
	uint64_t low[2];		/* tokens of input and output, by enum side; where they were said, what was said */
	uint64_t high[2];
	bool priced;
	int64_t low_pico;		/* what is owed at these bounds */
	int64_t high_pico;
};

struct label {
	char name[64];
	char value[65];
	char source[96];
};

/* The record's flags; JSON names in out/record.c, the closed list in the documentation. */
enum record_flag {
	FLAG_ALIAS_DRIFT = 1u << 0,
	FLAG_RETRY = 1u << 1,
	FLAG_DUPLICATE = 1u << 2,
	FLAG_MID_CONNECTION = 1u << 3,
	FLAG_TRUNCATED = 1u << 4,
	FLAG_ABORTED = 1u << 5,
	FLAG_ERROR = 1u << 6,
	FLAG_UNATTRIBUTED = 1u << 7,
	FLAG_UNKNOWN_TEAM = 1u << 8,
	FLAG_CLAIM_CONFLICT = 1u << 9,
	FLAG_NOT_READY = 1u << 10,
	FLAG_ORIGIN_INCOMPLETE = 1u << 11,
	FLAG_UNAPPROVED_PROVIDER = 1u << 12,
	FLAG_UNAPPROVED_MODEL = 1u << 13,
	FLAG_UNAPPROVED_REGION = 1u << 14,
	FLAG_RETRIEVAL = 1u << 15,
	FLAG_INVALID_VALUE = 1u << 16,
	FLAG_UNDECODED = 1u << 17,
	FLAG_TOTAL_MISMATCH = 1u << 18,
	FLAG_BACKGROUND = 1u << 19,
};

struct record {
	enum record_kind kind;
	char id[RECORD_ID_MAX];
	char same_as[RECORD_ID_MAX];	/* "" : null */
	char adjusts[RECORD_ID_MAX];
	char retry_of[RECORD_ID_MAX];
	int64_t time_ns;		/* wall clock of the first request byte */
	bool spend;
	bool negative;			/* an adjustment that takes away: its counts, quantities and money are meant with a minus */
	uint32_t attempt;		/* from 1 */
	uint32_t flags;			/* enum record_flag */
	const char *node;
	const char *cluster;		/* NULL: null */
	const char *config;		/* sha256:... of the configuration in force */
	const char *route;		/* gateway, direct, bypass, upstream */
	const char *sight;		/* read, partial */
	char team[65];			/* "" : unattributed */
	char team_source[160];
	char caller_team[65];
	uint32_t n_labels;
	struct label labels[LIMIT_LABELS];
	const struct call *call;
	const struct origin *origin;
	struct cost cost;
	struct estimate estimate;
};

#endif
