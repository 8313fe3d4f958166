/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition of a rule: {namespace: "search-*", user: ["ml*", "!ml-guest"]}.
 * All keys must hold. A list holds where any of its plain patterns fits and
 * none of its negated ones; a list of negated ones only also holds where the
 * fact is unknown, as NotIn does for Kubernetes label selectors. Patterns are
 * classified when they are added, so that most are one memcmp.
 *
 * Owns its patterns; immutable once built.
 */
#ifndef AITAP_WHO_MATCH_H
#define AITAP_WHO_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "who/fact.h"

struct pattern {
	uint8_t shape;		/* enum pattern_shape, in match.c */
	bool negated;
	char *own;		/* as written, without its negation; the views below are parts of it */
	struct str label;	/* key of a label: pod-label "team=x*" */
	struct str text;	/* what the shape compares with */
};

struct test {
	enum fact_kind kind;
	size_t n;
	struct pattern *patterns;
};

struct match {
	size_t n;
	struct test *tests;
};

/* One key with its patterns. -EINVAL with *ret_why; -EEXIST where the key is there; -ENOMEM. */
int match_add(struct match *, struct str key, const struct str *patterns, size_t n, const char **ret_why);
bool match_holds(const struct match *, struct view *);
/* Does every call that b takes also pass a, as far as their text tells? Never true by mistake. */
bool match_covers(const struct match *a, const struct match *b);
int match_text(const struct match *, struct buf *);	/* namespace search-*, user ml* !ml-guest */
void match_done(struct match *);

#endif
