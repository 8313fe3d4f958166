/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "run/config_inside.h"

void problem(struct reading *r, enum problem_weight weight, const struct node *node, const char *format, ...)
{
	const struct node *at = r->inner ? r->outer : node;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (r->inner)
		problem_add(r->problems, weight, at->line, at->column, "%s:%u:%u: %s", r->inner, node->line, node->column, text);
	else
		problem_add(r->problems, weight, at ? at->line : 0, at ? at->column : 0, "%s", text);
}

bool reading_failed(struct reading *r, int error)
{
	if (error < 0 && !r->error)
		r->error = error;
	return error < 0;
}

bool node_is_empty(const struct node *node)
{
	return node->kind == NODE_TEXT && node->plain &&
	       (!node->text.n || str_eq(node->text, STR("~")) || str_eq(node->text, STR("null")));
}

static bool is_kind(struct reading *r, const struct node *node, enum node_kind kind, const char *what)
{
	if (node->kind == kind)
		return true;
	if (node->kind != NODE_BAD)
		refuse(r, node, "%s is needed here", what);
	return false;
}

bool node_is_text(struct reading *r, const struct node *node)
{
	return is_kind(r, node, NODE_TEXT, "a text");
}

bool node_is_list(struct reading *r, const struct node *node)
{
	return is_kind(r, node, NODE_LIST, "a list");
}

bool node_is_map(struct reading *r, const struct node *node)
{
	return is_kind(r, node, NODE_MAP, "a mapping");
}

const struct node *node_items(struct reading *r, const struct node *node)
{
	if (node->kind == NODE_TEXT)
		return node;
	if (!is_kind(r, node, NODE_LIST, "a text or a list of them"))
		return NULL;
	if (!node->first)
		refuse(r, node, "an empty list: write a value or leave the key out");
	return node->first;
}

#define FIELDS_MAX 32

static void unknown_key(struct reading *r, const struct node *key, const struct field *fields)
{
	struct buf known = BUF(256);

	for (size_t i = 0; fields[i].key; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", fields[i].key);
	refuse(r, key, "unknown key '%.*s'; there are: %s", TEXT(key->text), buf_cstr(&known));
	buf_done(&known);
}

static void read_child(struct reading *r, const struct node *child, const struct field *fields, uint32_t seen[], void *into)
{
	size_t i = 0;

	while (fields[i].key && !str_eq(child->key->text, str_of(fields[i].key)))
		i++;
	if (!fields[i].key) {
		unknown_key(r, child->key, fields);
	} else if (seen[i]) {
		refuse(r, child->key, "'%s' stands here twice; the first is in line %u", fields[i].key, seen[i]);
	} else {
		seen[i] = child->key->line;
		if (node_is_empty(child) && !fields[i].required)
			problem(r, PROBLEM_WARNING, child->key, "'%s' says nothing", fields[i].key);
		else
			fields[i].read(r, child, (char *)into + fields[i].at, &fields[i]);
	}
}

void read_map(struct reading *r, const struct node *node, const struct field *fields, void *into)
{
	uint32_t seen[FIELDS_MAX] = { 0 };

	if (!node_is_map(r, node))
		return;
	ITEMS(child, node->first)
		read_child(r, child, fields, seen, into);
	for (size_t i = 0; fields[i].key; i++)
		if (fields[i].required && !seen[i])
			refuse(r, node, "'%s' is missing", fields[i].key);
}

void read_text(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	char *text = to;

	if (!node_is_text(r, node))
		return;
	if (!node->text.n)
		refuse(r, node, "'%s' is empty", field->key);
	else if (node->text.n >= field->size)
		refuse(r, node, "'%s' is too long: at most %zu bytes", field->key, field->size - 1);
	else if (!str_copy(text, field->size, node->text))
		refuse(r, node, "'%s' holds control characters", field->key);
}

bool path_of(struct reading *r, const struct node *node, char *ret, size_t size)
{
	const char *slash = strrchr(r->config->path, '/');
	int folder = slash && node->text.n && node->text.p[0] != '/' ? (int)(slash - r->config->path + 1) : 0;
	char path[1024];

	if (!node_is_text(r, node))
		return false;
	if (!node->text.n || node->text.n + (size_t)folder >= size || size > sizeof(path)) {
		refuse(r, node, node->text.n ? "the path is too long: at most %zu bytes" : "a path is needed here", size - 1);
		return false;
	}
	snprintf(path, sizeof(path), "%.*s%.*s", folder, r->config->path, (int)node->text.n, node->text.p);
	if (str_copy(ret, size, str_of(path)) && strlen(path) == node->text.n + (size_t)folder)
		return true;
	refuse(r, node, "the path holds control characters");
	ret[0] = 0;
	return false;
}

void read_file(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	char *path = to;

	if (path_of(r, node, path, field->size))
		file_there(r, node, path);
}

bool file_there(struct reading *r, const struct node *node, const char *path)
{
	bool lint = r->flags & CONFIG_LINT;

	if (access(path, R_OK) == 0)
		return true;
	problem(r, lint ? PROBLEM_WARNING : PROBLEM_ERROR, node, "'%s': %s", path, strerror(errno));
	return false;
}

void file_used(struct reading *r, const char *path)
{
	struct config *config = r->config;

	if (config->n_files == CONFIG_FILES)
		return;
	STR_COPY(config->files[config->n_files], str_of(path));
	config->n_files++;
}

void read_bool(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	bool yes = str_eq(node->text, STR("true")), no = str_eq(node->text, STR("false"));

	if (node->kind == NODE_TEXT && node->plain && (yes || no))
		*(bool *)to = yes;
	else if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': true or false is needed here", field->key);
}

void read_u32(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	uint64_t n;

	if (node->kind == NODE_TEXT && str_u64(node->text, &n) && n >= field->min && n <= field->max)
		*(uint32_t *)to = (uint32_t)n;
	else if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': a number from %llu to %llu is needed here", field->key, (unsigned long long)field->min,
		       (unsigned long long)field->max);
}

/* Quantities as Kubernetes writes them: 192Mi, 1.5Gi, 200M. */
void read_bytes(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct {
		struct str suffix;
		uint64_t times;
	} units[] = {
		{ { "Ki", 2 }, 1ull << 10 }, { { "Mi", 2 }, 1ull << 20 }, { { "Gi", 2 }, 1ull << 30 }, { { "Ti", 2 }, 1ull << 40 },
		{ { "k", 1 }, 1000 }, { { "M", 1 }, 1000000 }, { { "G", 1 }, 1000000000 }, { { "T", 1 }, 1000000000000 },
		{ { "", 0 }, 1 },
	};
	size_t i = 0;
	int64_t milli = -1;
	__int128 bytes;

	while (node->kind == NODE_TEXT && !str_ends(node->text, units[i].suffix))
		i++;
	if (node->kind != NODE_TEXT ||
	    decimal_parse(str_sub(node->text, 0, node->text.n - units[i].suffix.n), DECIMAL_MILLI, &milli) < 0)
		milli = -1;
	bytes = (__int128)milli * units[i].times / 1000;
	if (milli >= 0 && bytes >= field->min && bytes <= field->max)
		*(uint64_t *)to = (uint64_t)bytes;
	else if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': a size of at least %llu is needed here, such as 192Mi", field->key, (unsigned long long)field->min);
}

void read_name(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	struct buf known = BUF(256);

	for (size_t i = 0; node->kind == NODE_TEXT && field->names[i]; i++)
		if (str_eq(node->text, str_of(field->names[i]))) {
			*(uint8_t *)to = (uint8_t)i;
			return;
		}
	for (size_t i = 0; field->names[i]; i++)
		buf_printf(&known, "%s%s", known.n ? ", " : "", field->names[i]);
	if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': one of %s is needed here", field->key, buf_cstr(&known));
	buf_done(&known);
}

void read_date(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	int64_t ns;

	if (node->kind == NODE_TEXT && clock_parse(node->text.p, node->text.n, &ns) == 0)
		*(int64_t *)to = ns;
	else if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': a date is needed here, such as 2026-01-31", field->key);
}

void read_node(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	(void)r;
	(void)field;
	*(const struct node **)to = node;
}
