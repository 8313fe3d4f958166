/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wanted paths, compiled to a tree whose children are found by one hash of
 * (parent, key), so that a key that nobody wants costs one look.
 */
#include <errno.h>
#include <string.h>

#include "ai/skim_inside.h"

static size_t slot_of(const struct skim_table *table, uint16_t parent, const char *key, size_t n)
{
	uint32_t h = (uint32_t)n * 0x9e3779b1u ^ parent * 0x85ebca6bu;

	if (n)
		h ^= (uint32_t)((uint8_t)key[0] | (uint8_t)key[n / 2] << 8 | (uint8_t)key[n - 1] << 16) * 0xc2b2ae35u;
	return (h ^ h >> 15) & (table->n_slots - 1u);
}

uint16_t skim_child(const struct skim_table *table, uint16_t parent, const char *key, size_t n)
{
	/* most keys that nobody wants are not as long as one that somebody does */
	if (parent == SKIM_NODES || !(table->nodes[parent].lengths >> n % 64 & 1))
		return SKIM_NODES;
	for (size_t i = slot_of(table, parent, key, n); table->slots[i]; i = (i + 1) & (table->n_slots - 1u)) {
		const struct skim_node *node = &table->nodes[table->slots[i]];
		if (node->parent == parent && node->n_key == n && !memcmp(node->key, key, n))
			return table->slots[i];
	}
	return SKIM_NODES;
}

static uint16_t new_node(struct skim_table *table, uint16_t parent, const char *key, size_t n)
{
	uint16_t i = table->n_nodes;

	if (i == table->max_nodes)
		return SKIM_NODES;
	table->n_nodes++;
	table->nodes[i] = (struct skim_node){ .key = key, .n_key = (uint8_t)n, .parent = parent };
	return i;
}

static uint16_t get_child(struct skim_table *table, uint16_t parent, const char *key, size_t n)
{
	uint16_t node = skim_child(table, parent, key, n);
	size_t i = slot_of(table, parent, key, n);

	if (node != SKIM_NODES || (node = new_node(table, parent, key, n)) == SKIM_NODES)
		return node;
	while (table->slots[i])
		i = (i + 1) & (table->n_slots - 1u);
	table->slots[i] = node;
	table->nodes[parent].lengths |= 1ull << n % 64;
	table->nodes[parent].firsts |= n ? 1ull << (uint8_t)key[0] % 64 : 0;
	return node;
}

static uint16_t get_elements(struct skim_table *table, uint16_t node)
{
	if (!table->nodes[node].elements) {
		uint16_t elements = new_node(table, node, "", 0);
		if (elements == SKIM_NODES)
			return elements;
		table->nodes[node].elements = elements;
	}
	return table->nodes[node].elements;
}

/* One step of a path: a key with any number of []. */
static int step(struct skim_table *table, const char **path, uint16_t *node)
{
	size_t n = strcspn(*path, ".[");

	if (!n || n > SKIM_KEY)
		return -EINVAL;
	*node = get_child(table, *node, *path, n);
	for (*path += n; *node != SKIM_NODES && !strncmp(*path, "[]", 2); *path += 2)
		*node = get_elements(table, *node);
	if (*node == SKIM_NODES)
		return -ENOSPC;
	if (**path == '.' && (*path)[1])
		++*path;
	else if (**path)
		return -EINVAL;
	return 0;
}

/* A text is in no pick: what stands in the place of its class would be forgotten with it. */
static uint64_t bit_of(const struct want *want)
{
	return 1ull << (want->rule >= WANT_TEXT ? 0 : want->pick);
}

static int add(struct skim_table *table, const struct want *want)
{
	const char *path = want->path;
	uint16_t node = 0;
	int depth = 0, err;

	if (want->pick >= SKIM_PICKS)
		return -EINVAL;
	do {
		table->nodes[node].below |= bit_of(want);
		err = ++depth < SKIM_DEPTH / 2 ? step(table, &path, &node) : -EINVAL;
		if (err)
			return err;
	} while (*path);
	while (table->nodes[node].same)
		node = table->nodes[node].same;
	if (table->nodes[node].want) {
		uint16_t further = new_node(table, SKIM_NODES, "", 0);
		if (further == SKIM_NODES)
			return -ENOSPC;
		table->nodes[node].same = further;
		node = further;
	}
	table->nodes[node].want = want;
	return 0;
}

const struct skim_node *skim_find(const struct skim_table *table, struct str path)
{
	uint16_t node = 0;

	while (path.n && node != SKIM_NODES) {
		size_t n = 0;

		while (n < path.n && path.p[n] != '.' && path.p[n] != '[')
			n++;
		node = skim_child(table, node, path.p, n);
		for (path = str_sub(path, n, path.n); str_starts(path, STR("[]")); path = str_sub(path, 2, path.n))
			node = node != SKIM_NODES && table->nodes[node].elements ? table->nodes[node].elements : SKIM_NODES;
		if (path.n && *path.p != '.')
			return NULL;
		path = str_sub(path, 1, path.n);
	}
	return node && node != SKIM_NODES && table->nodes[node].want ? &table->nodes[node] : NULL;
}

/* An array's node leads to what its elements lead to. */
static void spread(struct skim_table *table)
{
	for (size_t i = table->n_nodes; i-- > 1;) {
		const struct skim_node *node = &table->nodes[i];
		if (node->parent == SKIM_NODES || table->nodes[node->parent].elements != i)
			continue;
		table->nodes[node->parent].below |= node->below;
		for (size_t at = i; at; at = table->nodes[at].same)
			if (table->nodes[at].want)
				table->nodes[node->parent].below |= bit_of(table->nodes[at].want);
	}
}

int skim_compile(const struct want *want, struct skim_table *table)
{
	if (!table->max_nodes || table->max_nodes >= table->n_slots || table->n_slots & (table->n_slots - 1))
		return -EINVAL;
	memset(table->nodes, 0, sizeof(*table->nodes));
	memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
	table->n_nodes = 1;
	for (; want && want->path; want++) {
		int err = add(table, want);
		if (err)
			return err;
	}
	spread(table);
	return 0;
}
