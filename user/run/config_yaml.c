/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml reads and gives events with their marks; here they become a tree.
 * What it would let through and a configuration should not hold is refused on
 * the spot, and reading goes on where that is possible, so that one run tells
 * everything. Depth and number of nodes are bounded, and since aliases are not
 * followed, so is memory.
 */
#include "run/config_yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/limits.h"

#define BLOCK_SIZE KIB(64)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct tree {
	struct block *blocks;
	struct node *root;
	size_t n;
};

struct level {
	bool is_map;
	struct node **tail;
	struct node *key;	/* of a mapping, and its value is awaited */
};

struct builder {
	struct tree *tree;
	struct problems *problems;
	unsigned int documents;
	size_t depth;
	struct level levels[YAML_DEPTH];
	int error;
};

static void *tree_alloc(struct tree *tree, size_t n)
{
	struct block *block = tree->blocks;
	void *at;

	n = (n + 15) & ~(size_t)15;
	if (!block || block->size - block->used < n) {
		size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;

		block = mem_new(sizeof(*block) + size);
		if (!block)
			return NULL;
		block->size = size;
		block->next = tree->blocks;
		tree->blocks = block;
	}
	at = block->bytes + block->used;
	block->used += n;
	return at;
}

struct tree *tree_free(struct tree *tree)
{
	if (!tree)
		return NULL;
	for (struct block *block = tree->blocks, *next; block; block = next) {
		next = block->next;
		mem_free(block);
	}
	return mem_free(tree);
}

const struct node *tree_root(const struct tree *tree)
{
	return tree->root;
}

static int stop(struct builder *b, const yaml_mark_t *mark, const char *why)
{
	problem_add(b->problems, PROBLEM_ERROR, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, "%s", why);
	return b->error = -EINVAL;
}

static void refuse_mark(struct builder *b, const yaml_mark_t *mark, const char *why)
{
	problem_add(b->problems, PROBLEM_ERROR, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, "%s", why);
}

static struct level *top_of(struct builder *b)
{
	return b->depth ? &b->levels[b->depth - 1] : NULL;
}

static bool awaits_key(const struct level *level)
{
	return level && level->is_map && !level->key;
}

static int node_add(struct builder *b, struct node *node, const yaml_mark_t *mark)
{
	struct level *top = top_of(b);

	if (!top) {
		b->tree->root = node;
		return 0;
	}
	if (awaits_key(top)) {
		if (node->kind != NODE_TEXT)
			return stop(b, mark, "a key must be a text");
		top->key = node;
		return 0;
	}
	node->key = top->key;
	top->key = NULL;
	*top->tail = node;
	top->tail = &node->next;
	return 0;
}

static struct node *node_new(struct builder *b, enum node_kind kind, const yaml_mark_t *mark)
{
	struct node *node;

	if (b->tree->n++ == YAML_NODES) {
		stop(b, mark, "is too large: a configuration has at most 524288 values");
		return NULL;
	}
	node = tree_alloc(b->tree, sizeof(*node));
	if (!node) {
		b->error = -ENOMEM;
		return NULL;
	}
	node->kind = kind;
	node->line = (uint32_t)mark->line + 1;
	node->column = (uint32_t)mark->column + 1;
	return node;
}

static void refuse_extras(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		refuse_mark(b, &event->start_mark, "anchors are not taken: write the value out where it is needed");
	if (tag)
		refuse_mark(b, &event->start_mark, "tags are not taken: a text that begins with '!' needs quotes");
}

static int take_text(struct builder *b, const yaml_event_t *event)
{
	struct node *node = node_new(b, event->data.scalar.tag ? NODE_BAD : NODE_TEXT, &event->start_mark);
	size_t n = event->data.scalar.length;
	char *text;

	if (!node)
		return b->error;
	refuse_extras(b, event, event->data.scalar.anchor, event->data.scalar.tag);
	text = tree_alloc(b->tree, n + 1);
	if (!text)
		return b->error = -ENOMEM;
	memcpy(text, event->data.scalar.value, n);
	node->text = (struct str){ text, n };
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (awaits_key(top_of(b)))
		node->kind = NODE_TEXT;	/* whatever tag it has: it will not be a known key */
	return node_add(b, node, &event->start_mark);
}

static int take_alias(struct builder *b, const yaml_event_t *event)
{
	struct node *node = node_new(b, NODE_BAD, &event->start_mark);

	if (!node)
		return b->error;
	refuse_mark(b, &event->start_mark, "aliases are not taken: write the value out where it is needed");
	return node_add(b, node, &event->start_mark);
}

static int take_start(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	struct node *node = node_new(b, kind, &event->start_mark);
	int r = node ? node_add(b, node, &event->start_mark) : b->error;

	if (r < 0)
		return r;
	if (b->depth == YAML_DEPTH)
		return stop(b, &event->start_mark, "is nested too deeply");
	b->levels[b->depth++] = (struct level){ .is_map = kind == NODE_MAP, .tail = &node->first };
	return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return b->documents++ ? stop(b, &event->start_mark, "a second document: there is one in a file") : 0;
	case YAML_ALIAS_EVENT:
		return take_alias(b, event);
	case YAML_SCALAR_EVENT:
		return take_text(b, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse_extras(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
		return take_start(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		refuse_extras(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		return take_start(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

/* The reader's own faults (a byte that is no text) come with an offset instead of a mark. */
static void place_of(struct str yaml, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	*ret_line = *ret_column = 1;
	for (size_t i = 0; i < offset && i < yaml.n; i++) {
		if (yaml.p[i] == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if (((unsigned char)yaml.p[i] & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
}

static int parser_failed(struct builder *b, struct str yaml, const yaml_parser_t *parser)
{
	uint32_t line, column;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->context && !strcmp(parser->context, "while scanning a tag"))
		return stop(b, &parser->problem_mark, "is not YAML: a text that begins with '!' needs quotes");
	if (parser->error != YAML_READER_ERROR)
		return stop(b, &parser->problem_mark, parser->problem ? parser->problem : "is not YAML");
	place_of(yaml, parser->problem_offset, &line, &column);
	problem_add(b->problems, PROBLEM_ERROR, line, column, "is not text: %s", parser->problem ? parser->problem : "not UTF-8");
	return -EINVAL;
}

static int build(struct builder *b, struct str yaml)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.p, yaml.n);
	while (r == 0 && !ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			r = parser_failed(b, yaml, &parser);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		r = take_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return r;
}

int tree_parse(struct str yaml, struct problems *problems, struct tree **ret)
{
	_cleanup_(tree_freep) struct tree *tree = mem_new(sizeof(*tree));
	struct builder builder = { .tree = tree, .problems = problems };
	int r;

	if (!tree)
		return -ENOMEM;
	if (yaml.n > LIMIT_CONFIG) {
		problem_add(problems, PROBLEM_ERROR, 0, 0, "is too large: a configuration has at most %zu bytes", LIMIT_CONFIG);
		return -EINVAL;
	}
	r = build(&builder, yaml);
	if (r == 0)
		*ret = TAKE_PTR(tree);
	return r;
}
