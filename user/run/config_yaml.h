/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree whose nodes know where they stand. Only what a
 * configuration needs: one document of mappings, lists and text. Anchors,
 * aliases and tags are refused, so a document is never larger than it looks.
 * The tree owns its nodes and their text.
 */
#ifndef AITAP_RUN_CONFIG_YAML_H
#define AITAP_RUN_CONFIG_YAML_H

#include "base/cleanup.h"
#include "base/str.h"
#include "run/config.h"

#define YAML_DEPTH 32
#define YAML_NODES (512u << 10)

enum node_kind {
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP,
	NODE_BAD,	/* was refused already: nothing more is to be said of it */
};

struct node {
	uint8_t kind;		/* enum node_kind */
	bool plain;		/* text without quotes */
	uint32_t line, column;	/* from 1; column in characters */
	struct str text;
	struct node *key;	/* in a mapping */
	struct node *first;	/* of a mapping or list */
	struct node *next;
};

struct tree;

/* -EINVAL: not YAML, or not of this kind, see problems; root NULL: an empty document. */
int tree_parse(struct str yaml, struct problems *, struct tree **ret);
const struct node *tree_root(const struct tree *);
struct tree *tree_free(struct tree *);
DEFINE_FREEP(struct tree, tree_free)

/* Adds to problems; control characters of what the file says are replaced. */
void problem_add(struct problems *, enum problem_weight, uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void problems_sort(struct problems *);

#endif
