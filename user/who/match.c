/* SPDX-License-Identifier: Apache-2.0 */
#include "who/match.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

enum pattern_shape { SHAPE_ANY, SHAPE_EXACT, SHAPE_PREFIX, SHAPE_SUFFIX, SHAPE_GLOB };

static bool has_wildcard(struct str s)
{
	return str_chr(s, '*') >= 0 || str_chr(s, '?') >= 0;
}

static bool keyed_by_label(enum fact_kind kind)
{
	return kind >= FACT_POD_LABEL && kind <= FACT_OTEL;
}

static void classify(struct pattern *p)
{
	struct str s = p->text;

	if (!has_wildcard(s)) {
		p->shape = SHAPE_EXACT;
	} else if (s.n == 1 && s.p[0] == '*') {
		p->shape = SHAPE_ANY;
	} else if (s.p[s.n - 1] == '*' && !has_wildcard(str_sub(s, 0, s.n - 1))) {
		p->shape = SHAPE_PREFIX;
		p->text = str_sub(s, 0, s.n - 1);
	} else if (s.p[0] == '*' && !has_wildcard(str_sub(s, 1, s.n))) {
		p->shape = SHAPE_SUFFIX;
		p->text = str_sub(s, 1, s.n);
	} else {
		p->shape = SHAPE_GLOB;
	}
}

static bool pattern_fits(const struct pattern *p, struct str value)
{
	if (!value.n)
		return false;
	switch ((enum pattern_shape)p->shape) {
	case SHAPE_ANY:
		return true;
	case SHAPE_EXACT:
		return str_eq(p->text, value);
	case SHAPE_PREFIX:
		return str_starts(value, p->text);
	case SHAPE_SUFFIX:
		return str_ends(value, p->text);
	case SHAPE_GLOB:
		return str_glob(p->text, value);
	}
	return false;
}

/* "key=pattern", or "key" alone: it must be there. */
static const char *split_label(struct pattern *p)
{
	ptrdiff_t equals = str_chr(p->text, '=');

	p->label = equals < 0 ? p->text : str_sub(p->text, 0, (size_t)equals);
	p->text = equals < 0 ? STR("*") : str_sub(p->text, (size_t)equals + 1, p->text.n);
	if (has_wildcard(p->label))
		return "the key of a label takes no wildcard: write key=pattern";
	return p->label.n && p->text.n ? NULL : "write key=pattern";
}

static int pattern_make(enum fact_kind kind, bool prefix, struct str text, struct pattern *ret, const char **ret_why)
{
	struct pattern p = { .negated = text.n && text.p[0] == '!' };

	text = str_sub(text, p.negated, text.n);
	if (!text.n) {
		*ret_why = "an empty pattern fits nothing";
		return -EINVAL;
	}
	p.own = mem_new(text.n + 2);	/* room for the star of a prefix */
	if (!p.own)
		return -ENOMEM;
	memcpy(p.own, text.p, text.n);
	for (size_t i = 0; kind == FACT_HOST && i < text.n; i++)
		if (p.own[i] >= 'A' && p.own[i] <= 'Z')
			p.own[i] = (char)(p.own[i] + 32);
	if (prefix && text.p[text.n - 1] != '*')
		p.own[text.n++] = '*';
	p.text = (struct str){ p.own, text.n };
	*ret_why = keyed_by_label(kind) ? split_label(&p) : NULL;
	if (*ret_why) {
		mem_free(p.own);
		return -EINVAL;
	}
	classify(&p);
	*ret = p;
	return 0;
}

static void test_done(struct test *test)
{
	for (size_t i = 0; i < test->n; i++)
		mem_free(test->patterns[i].own);
	mem_free(test->patterns);
}

int match_add(struct match *match, struct str key, const struct str *patterns, size_t n, const char **ret_why)
{
	struct test test = { 0 }, *grown;
	bool prefix;
	int r = fact_of_match(key, &test.kind, &prefix);

	*ret_why = r < 0 ? "no such key" : n ? NULL : "an empty list fits nothing";
	if (*ret_why)
		return -EINVAL;
	for (size_t i = 0; i < match->n; i++)
		if (match->tests[i].kind == test.kind)
			return -EEXIST;
	test.patterns = mem_array(n, sizeof(*test.patterns));
	if (!test.patterns)
		return -ENOMEM;
	for (; test.n < n; test.n++) {
		r = pattern_make(test.kind, prefix, patterns[test.n], &test.patterns[test.n], ret_why);
		if (r < 0)
			goto fail;
	}
	grown = mem_resize(match->tests, match->n * sizeof(test), (match->n + 1) * sizeof(test));
	r = -ENOMEM;
	if (!grown)
		goto fail;
	match->tests = grown;
	match->tests[match->n++] = test;
	return 0;
fail:
	test_done(&test);
	return r;
}

static bool test_holds(const struct test *test, struct view *view)
{
	bool fits = false, asked = false, labels = keyed_by_label(test->kind);
	struct str value = labels ? STR("") : view_scalar(view, test->kind);

	for (size_t i = 0; i < test->n; i++) {
		const struct pattern *p = &test->patterns[i];

		asked |= !p->negated;
		if (fits && !p->negated)
			continue;
		if (labels)
			value = view_label(view, test->kind, p->label);
		if (!pattern_fits(p, value))
			continue;
		if (p->negated)
			return false;
		fits = true;
	}
	return fits || !asked;
}

bool match_holds(const struct match *match, struct view *view)
{
	for (size_t i = 0; i < match->n; i++)
		if (!test_holds(&match->tests[i], view))
			return false;
	return true;
}

/* Says yes only where it is certain: a literal is tried, wildcards are compared where both stand at the same end. */
static bool pattern_covers(const struct pattern *a, const struct pattern *b)
{
	struct str text = str_sub(str_of(b->own), b->label.n ? b->label.n + 1 : 0, SIZE_MAX);

	if (!str_eq(a->label, b->label))
		return false;
	if (a->shape == SHAPE_ANY)
		return true;
	if (b->shape == SHAPE_EXACT)
		return pattern_fits(a, text);
	if (a->shape == SHAPE_PREFIX)
		return b->shape == SHAPE_PREFIX && str_starts(b->text, a->text);
	if (a->shape == SHAPE_SUFFIX)
		return b->shape == SHAPE_SUFFIX && str_ends(b->text, a->text);
	return a->shape == b->shape && str_eq(a->text, b->text);
}

static bool test_covers(const struct test *a, const struct test *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->patterns[i].negated)
			return false;
	for (size_t i = 0; i < b->n; i++) {
		bool covered = b->patterns[i].negated;

		for (size_t j = 0; j < a->n && !covered; j++)
			covered = pattern_covers(&a->patterns[j], &b->patterns[i]);
		if (!covered)
			return false;
	}
	/* a list of negations only also takes what is unknown */
	for (size_t i = 0; i < b->n; i++)
		if (!b->patterns[i].negated)
			return true;
	return false;
}

bool match_covers(const struct match *a, const struct match *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool covered = false;

		for (size_t j = 0; j < b->n && !covered; j++)
			covered = a->tests[i].kind == b->tests[j].kind && test_covers(&a->tests[i], &b->tests[j]);
		if (!covered)
			return false;
	}
	return true;
}

int match_text(const struct match *match, struct buf *to)
{
	for (size_t i = 0; i < match->n; i++) {
		const struct test *test = &match->tests[i];

		buf_printf(to, "%s%s", i ? ", " : "", fact_match_name(test->kind));
		for (size_t j = 0; j < test->n; j++)
			buf_printf(to, " %s%s", test->patterns[j].negated ? "!" : "", test->patterns[j].own);
	}
	return to->error;
}

void match_done(struct match *match)
{
	for (size_t i = 0; i < match->n; i++)
		test_done(&match->tests[i]);
	mem_free(match->tests);
	*match = (struct match){ 0 };
}
