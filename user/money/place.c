/* SPDX-License-Identifier: Apache-2.0 */
#include "money/place.h"

struct walk {
	struct str text;
	size_t at, line;
	unsigned int depth;
	struct str last;	/* the last string outside of lists and objects: a key, once they begin */
};

/* Past a string that begins here; escapes are left as they are, for keys that are looked for have none. */
static struct str skip_string(struct walk *w)
{
	size_t from = ++w->at;

	while (w->at < w->text.n && w->text.p[w->at] != '"')
		w->at += w->text.p[w->at] == '\\' ? 2 : 1;
	return str_sub(w->text, from, w->at - from);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t place_line(struct str json, const char *key, size_t n)
{
	struct walk w = { .text = json, .line = 1 };
	bool inside = false, awaited = false;	/* the section; the beginning of its next element */
	size_t element = 0;

	for (; key && w.at < json.n; w.at++) {
		char c = json.p[w.at];

		if (c == '\n')
			w.line++;
		if (awaited && !is_space(c) && element == n)
			return w.line;
		awaited &= is_space(c);
		if (c == '"') {
			w.last = skip_string(&w);
			if (n == PLACE_KEY && w.depth == 1 && str_eq(w.last, str_of(key)))
				return w.line;
		} else if (c == '{' || c == '[') {
			inside |= w.depth == 1 && str_eq(w.last, str_of(key));
			awaited = inside && w.depth == 1;
			w.depth++;
		} else if (c == '}' || c == ']') {
			w.depth--;
			inside &= w.depth > 1;
		} else if (c == ',' && inside && w.depth == 2) {
			awaited = true;
			element++;
		}
	}
	return 1;
}

#define DEPTH 16

struct json_object *place_parse(struct str json, size_t *ret_line, const char **ret_why)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);
	struct json_object *o = NULL;
	size_t end = 0;

	*ret_why = "no memory";
	*ret_line = 1;
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = json_tokener_parse_ex(tok, json.p, (int)json.n);
	end = json_tokener_get_parse_end(tok);
	switch (json_tokener_get_error(tok)) {
	case json_tokener_success: *ret_why = "something follows the table"; break;
	case json_tokener_continue: *ret_why = "it ends too early"; break;
	default: *ret_why = json_tokener_error_desc(json_tokener_get_error(tok));
	}
	if (o && str_trim(str_sub(json, end, json.n)).n) {
		json_object_put(o);
		o = NULL;
	}
	for (size_t i = 0; !o && i < end && i < json.n; i++)
		*ret_line += json.p[i] == '\n';
	json_tokener_free(tok);
	return o;
}
