/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"
#include "who/match.h"

/* "namespace=search-*,!x;user=ml*": keys apart by ';', patterns by ',' */
static int build(const char *text, struct match *ret, const char **ret_why)
{
	struct str rest = str_of(text), part;
	int r = 0;

	*ret = (struct match){ 0 };
	while (r == 0 && rest.p && text[0] && str_split(&rest, ';', &part)) {
		struct str patterns[16], list, pattern;
		size_t n = 0;
		ptrdiff_t equals = str_chr(part, '=');

		assert_true(equals > 0);
		list = str_sub(part, (size_t)equals + 1, part.n);
		while (str_split(&list, ',', &pattern))
			patterns[n++] = pattern;
		r = match_add(ret, str_sub(part, 0, (size_t)equals), patterns, n, ret_why);
	}
	return r;
}

static void sample(struct call *call, struct origin *origin)
{
	memset(call, 0, sizeof(*call));
	memset(origin, 0, sizeof(*origin));
	STR_COPY(call->host, STR("API.OpenAI.com"));
	STR_COPY(call->path, STR("/v1/chat/completions"));
	STR_COPY(call->credential, STR("k1:3fa9c1d2e4b5a697"));
	STR_COPY(origin->namespace, STR("search-prod"));
	STR_COPY(origin->user, STR("ml-lead"));
	STR_COPY(origin->unit, STR("etl-7.service"));
	STR_COPY(origin->cgroup, STR("/user.slice/user-1000.slice"));
	origin->n_labels = 2;
	origin->labels[0] = (struct origin_label){ 'p', "app", "ranker" };
	origin->labels[1] = (struct origin_label){ 'n', "app", "other" };
}

static const struct {
	const char *match;
	bool holds;
} holding[] = {
	{ "namespace=search-prod", true },
	{ "namespace=search-prod2", false },
	{ "namespace=search-*", true },
	{ "namespace=*-prod", true },
	{ "namespace=s*ch-*d", true },
	{ "namespace=search-pro?", true },
	{ "namespace=search-prod?", false },
	{ "namespace=*", true },
	{ "namespace=Search-prod", false },
	{ "namespace=a,b,search-prod", true },
	{ "namespace=a,b", false },
	/* all keys must hold */
	{ "namespace=search-*;user=ml*", true },
	{ "namespace=search-*;user=root", false },
	/* negations */
	{ "user=ml*,!ml-guest", true },
	{ "user=ml*,!ml-lead", false },
	{ "user=!ml-lead,ml*", false },
	{ "user=!ml-guest", true },
	{ "user=!ml-*", false },
	/* what is unknown fits no pattern, and no negated one either */
	{ "image=*", false },
	{ "image=!nginx", true },
	{ "workload=!x,y", false },
	/* host in any case; a prefix ends where it is written */
	{ "host=api.openai.com", true },
	{ "host=API.openai.COM", true },
	{ "host=*.openai.com", true },
	{ "path-prefix=/v1/chat", true },
	{ "path-prefix=/v1/chat*", true },
	{ "path-prefix=/v2", false },
	{ "key=k1:3fa9c1d2e4b5a697", true },
	{ "cgroup=/user.slice/*", true },
	{ "unit=etl-*.service", true },
	/* labels: of the pod, not of the namespace */
	{ "pod-label=app=ranker", true },
	{ "pod-label=app=r*", true },
	{ "pod-label=app", true },
	{ "pod-label=app=other", false },
	{ "pod-label=!app=ranker", false },
	{ "pod-label=!missing", true },
	{ "pod-label=missing=x", false },
};

static void test_holds(void **state)
{
	static struct call call;
	static struct origin origin;

	(void)state;
	sample(&call, &origin);
	EACH(row, holding) {
		struct view view = view_of(&call, &origin);
		struct match match;
		const char *why;

		assert_int_equal(build(row->match, &match, &why), 0);
		if (match_holds(&match, &view) != row->holds)
			fail_msg("%s: %d", row->match, !row->holds);
		match_done(&match);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"nonsense=x", "namespace=", "namespace=!", "user=a;user=b", "pod-label=*=x", "pod-label==x", "pod-label=a=",
	};
	const char *why;

	(void)state;
	EACH(row, texts) {
		struct match match;
		int r = build(*row, &match, &why);

		if (r != -EINVAL && r != -EEXIST)
			fail_msg("%s: %d", *row, r);
		match_done(&match);
	}
}

/* Whatever b takes, a takes too. */
static const struct {
	const char *a, *b;
	bool covers;
} covering[] = {
	{ "namespace=search-*", "namespace=search-eu", true },
	{ "namespace=search-*", "namespace=search-eu-*", true },
	{ "namespace=search-*", "namespace=search-eu;user=x", true },
	{ "namespace=search-*", "user=x", false },
	{ "namespace=search-*;user=x", "namespace=search-eu", false },
	{ "namespace=search-eu", "namespace=search-*", false },
	{ "namespace=search-*", "namespace=sea*", false },
	{ "namespace=*", "namespace=a*b?c", true },
	{ "namespace=*", "namespace=!a", false },
	{ "namespace=a*,b", "namespace=b,ax", true },
	{ "namespace=a*,b", "namespace=b,c", false },
	{ "namespace=!a", "namespace=b", false },
	{ "namespace=a*", "namespace=ab,!ac", true },
	{ "namespace=*-eu", "namespace=x-eu", true },
	{ "namespace=*-eu", "namespace=*-x-eu", true },
	{ "namespace=*-eu", "namespace=x*", false },
	{ "namespace=a*b*c", "namespace=a*b*c", true },
	{ "namespace=a*b*c", "namespace=axbyc", true },
	{ "pod-label=app=x*", "pod-label=app=xy", true },
	{ "pod-label=app=x*", "pod-label=tier=xy", false },
	{ "pod-label=app", "pod-label=app=x", true },
	{ "path-prefix=/v1", "path-prefix=/v1/chat", true },
};

static void test_covers(void **state)
{
	(void)state;
	EACH(row, covering) {
		struct match a, b;
		const char *why;

		assert_int_equal(build(row->a, &a, &why), 0);
		assert_int_equal(build(row->b, &b, &why), 0);
		if (match_covers(&a, &b) != row->covers)
			fail_msg("%s covers %s: %d", row->a, row->b, !row->covers);
		match_done(&a);
		match_done(&b);
	}
}

static void test_text(void **state)
{
	struct buf text = BUF(KIB(1));
	struct match match;
	const char *why;

	(void)state;
	assert_int_equal(build("namespace=search-*;user=ml*,!ml-guest;path-prefix=/v1", &match, &why), 0);
	match_text(&match, &text);
	assert_string_equal(buf_cstr(&text), "namespace search-*, user ml* !ml-guest, path-prefix /v1*");
	match_done(&match);
	buf_done(&text);
}

static void test_no_memory(void **state)
{
	int r = -ENOMEM;

	(void)state;
	for (uint64_t n = 1; r == -ENOMEM; n++) {
		struct match match;
		const char *why;

		mem_fail_at(n);
		r = build("namespace=a,b,c;pod-label=x=y,!z", &match, &why);
		mem_fail_at(0);
		assert_true(r == 0 || r == -ENOMEM);
		match_done(&match);
	}
}

static const struct {
	const char *text;
	int kind;		/* -1: refused */
	const char *name;
} facts[] = {
	{ "rule", FACT_RULE, "rule" }, { "people", FACT_PEOPLE, "people" }, { "unit", FACT_UNIT, "unit" },
	{ "env:AI_TEAM", FACT_ENV, "env:AI_TEAM" }, { "header:X-Team-Id", FACT_HEADER, "header:x-team-id" },
	{ "body:metadata.feature", FACT_BODY, "body:metadata.feature" }, { "pod-label:app.kubernetes.io/name", FACT_POD_LABEL, "pod-label:app.kubernetes.io/name" },
	{ "env", -1, "" }, { "env:", -1, "" }, { "env:A B", -1, "" }, { "env:A=B", -1, "" }, { "rule:x", -1, "" }, { "unit:x", -1, "" },
	{ "header:a b", -1, "" }, { "header:a:b", -1, "" }, { "body:.a", -1, "" }, { "body:a..b", -1, "" }, { "body:a.", -1, "" },
	{ "path-prefix", -1, "" }, { "", -1, "" }, { ":", -1, "" },
	{ "env:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", -1, "" },
};

static void test_facts(void **state)
{
	(void)state;
	EACH(row, facts) {
		struct fact fact = { 0 };
		const char *why = NULL;
		int r = fact_parse(str_of(row->text), &fact, &why);

		assert_int_equal(r, row->kind < 0 ? -EINVAL : 0);
		assert_true((r < 0) == (why != NULL));
		if (r == 0)
			assert_int_equal(fact.kind, row->kind);
		assert_string_equal(fact.name, row->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds), cmocka_unit_test(test_refused), cmocka_unit_test(test_covers),
		cmocka_unit_test(test_text), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_facts),
	};

	return RUN(tests);
}
