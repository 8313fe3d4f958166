/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked ring of nodes that live inside other structs, as in the kernel. */
#ifndef AITAP_BASE_LIST_H
#define AITAP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_remove(struct list *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	list_init(node);
}

/* before a node; before the head means last */
static inline void list_insert(struct list *node, struct list *before)
{
	node->next = before;
	node->prev = before->prev;
	before->prev->next = node;
	before->prev = node;
}

#define LIST_ENTRY(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))
/* safe against removal of the node in hand */
#define LIST_EACH(node, head) \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
	     node = node##_next, node##_next = node->next)

#endif
