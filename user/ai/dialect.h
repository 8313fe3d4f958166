/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a dialect, and what dialects share: the collector, which turns
 * picks into the call's fields and reported counts into usages; helpers for
 * heads. For the dialects' own files and the reader; nobody else includes it.
 *
 * Writing a dialect: a table of routes, a table of wants for each side, and as
 * little code as possible (openai.c is the model). Its name goes into the list
 * in compiled.c, its hosts into the table of provider_hosts.c.
 */
#ifndef AITAP_AI_DIALECT_H
#define AITAP_AI_DIALECT_H

#include "ai/provider.h"

_Static_assert(PICK_MAX <= SKIM_PICKS, "a pick is a bit of 64");

struct dialect {
	struct call *call;		/* zeroed at its begin, filled as things become known */
	const struct wants *wants;
	const struct choice *choice;
	unsigned int convention;	/* enum convention */
	uint64_t reported;		/* picks of counts that were seen: bit 1 << pick */
	uint64_t unread;		/* picks of counts that were there and could not be read */
	uint64_t count[PICK_MAX];	/* as the provider counts */
	bool tier_served;		/* the answer has said which */
	bool cut;			/* the answer did not end: what was not reported is unknown, not nothing */
	char billed[128];		/* the model that is billed where the answer does not name it as its own */
	bool sure;			/* the body says that it is AI; matters on an unknown host */
	uint32_t emitted;
	uint64_t own[72];		/* the dialect's own memory, zero at its begin */
	usage_fn emit;
	void *ctx;
};

/* Takes the picks of an item, or of a head, into the call and the counts. */
void dialect_collect(struct dialect *, enum side, const struct item *);
/* Of a head: the table's paths are header names. Of several headers for one pick the first wanted that is there counts. */
void dialect_headers(struct dialect *, const struct skim_table *, const struct head *);
/* Counts come from anybody: what 64 bits do not hold stays at the most that they do. */
static inline uint64_t dialect_sum(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* One count by hand. */
void dialect_count(struct dialect *, enum pick, uint64_t n);
/* A further usage, of another model than the call's own; NULL where there is no room. */
struct usage *dialect_usage(struct dialect *, struct str model);
/* Sets a unit to n thousandths; 0 removes nothing and adds nothing. */
void dialect_unit(struct dialect *, const char *name, uint64_t milli);
/* Appends a name to a comma-separated list of the call, once. */
void dialect_name(char *list, size_t size, struct str name);
/* An error inside an answer: error_type and CALL_ERROR. */
void dialect_error(struct dialect *, struct str type);
/* A gRPC status that is an error. */
void dialect_grpc(struct dialect *, const struct head *);
/*
 * Emits the call as it stands and forgets what belongs to one answer (model, ids,
 * finish reason, usages, units), so that one exchange can bring many: batch lines,
 * and turns of a session (ai/turn.h).
 */
void dialect_emit(struct dialect *);

/* What stands between marker and the next '/' (or the end); empty where marker does not occur. */
struct str path_after(struct str path, const char *marker);
/* %XX decoded; NUL-terminated, cut to size. Returns the decoded view. */
struct str url_decode(struct str, char *ret, size_t size);
/* The decoded value of a query's parameter; false where it has none of that name. */
bool query_get(struct str query, const char *name, char *ret, size_t size);

#endif
