/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be asked of a call and its origin, by the name that the
 * configuration uses: "unit", "env:AI_TEAM", "pod-label:team", "header:x-team".
 * A fact holds no pointers; a view is made once for a call and belongs to
 * whoever attributes it. Knows nothing of teams.
 */
#ifndef AITAP_WHO_FACT_H
#define AITAP_WHO_FACT_H

#include <stdbool.h>

#include "base/str.h"
#include "noun/call.h"
#include "noun/origin.h"
#include "noun/wants.h"

enum fact_kind {
	/* one value each */
	FACT_NAMESPACE, FACT_WORKLOAD, FACT_POD, FACT_CONTAINER, FACT_IMAGE, FACT_UNIT, FACT_CGROUP,
	FACT_USER, FACT_EXE, FACT_COMM, FACT_HOST, FACT_PATH, FACT_KEY, FACT_PROJECT, FACT_ORG,
	FACT_AGENT, FACT_ACCOUNT,
	FACT_SCALARS,
	/* looked up by a key */
	FACT_POD_LABEL = FACT_SCALARS, FACT_NAMESPACE_LABEL, FACT_CONTAINER_LABEL, FACT_OTEL,
	/* brought along because the configuration wants them */
	FACT_ENV, FACT_HEADER, FACT_BODY,
	/* answered by attribution itself */
	FACT_RULE, FACT_PEOPLE,
};

#define FACT_NAME_MAX 128

struct fact {
	uint8_t kind;		/* enum fact_kind */
	uint8_t wanted;		/* FACT_ENV, FACT_HEADER, FACT_BODY: index into wants.wanted, once compiled */
	uint8_t key_at;		/* the key within name; 0: none */
	char name[FACT_NAME_MAX];	/* as written, header names in lower case */
};

/* A source of attribution. -EINVAL, and *ret_why says what is wrong with it. */
int fact_parse(struct str text, struct fact *ret, const char **ret_why);
/* A key of `match`; labels are keyed by each pattern. -ENOENT. */
int fact_of_match(struct str key, enum fact_kind *ret, bool *ret_prefix);
const char *fact_match_key(size_t i);		/* the keys of `match`, NULL past the last */
const char *fact_match_name(enum fact_kind);	/* its key in `match`; "" where it has none */
struct str fact_key(const struct fact *);
/* Is it only what the call says of itself? */
bool fact_is_claim(const struct fact *);
/* Which name must the hot half bring along for it? 0 for none, else an enum wanted_kind. */
int fact_wants(const struct fact *);

struct view {
	const struct call *call;
	const struct origin *origin;
	uint32_t known;		/* bit 1u << enum fact_kind: scalar[] is filled */
	struct str scalar[FACT_SCALARS];
	char host[256];		/* in lower case */
};

struct view view_of(const struct call *, const struct origin *);
/* The empty view is unknown. Valid as long as view, call and origin are. */
struct str view_fact(struct view *, const struct fact *);
struct str view_scalar(struct view *, enum fact_kind);
struct str view_label(const struct view *, enum fact_kind, struct str key);

#endif
