/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One model goes by many names: gpt-4o-2024-08-06, models/gemini-2.5-pro,
 * us.anthropic.claude-sonnet-4-5-20250929-v1:0, or the ARN of an inference
 * profile. A price is looked up under each form in turn, from the name as it
 * was sent to the one without wrapping, version and date: a dated snapshot may
 * have a price of its own, and mostly has its family's. Bedrock's cross-region
 * prefix is a price class (regional, global), so only what knows no price with
 * it is looked up without it.
 */
#include <string.h>

#include "money/table.h"

/* What stands before the last slash and does not belong to the name: paths of Google's, ARNs of Amazon's,
 * accounts of Fireworks'. A slash elsewhere (openrouter's anthropic/claude-haiku-4.5) is the name. */
static struct str unwrap(struct str s)
{
	static const struct str wraps[] = {
		{ "models/", 7 }, { "publishers/", 11 }, { "projects/", 9 }, { "arn:", 4 }, { "accounts/", 9 },
	};

	for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
		if (!str_starts(s, wraps[i]))
			continue;
		for (size_t at = s.n; at > 0; at--)
			if (s.p[at - 1] == '/')
				return str_sub(s, at, s.n);
	}
	return s;
}

/* Bedrock's cross-region prefixes: docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html */
static struct str without_geo(struct str s)
{
	static const struct str geos[] = {
		{ "us.", 3 }, { "eu.", 3 }, { "apac.", 5 }, { "au.", 3 }, { "jp.", 3 }, { "ca.", 3 },
		{ "us-gov.", 7 }, { "global.", 7 },
	};

	for (size_t i = 0; i < sizeof(geos) / sizeof(geos[0]); i++)
		if (str_starts(s, geos[i]))
			return str_sub(s, geos[i].n, s.n);
	return s;
}

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* -v1:0 and :0 of Bedrock, @20250929 and @default of Vertex, what follows ft:MODEL: of a fine-tune; and the kind of
 * deployment that Azure's voice-live answers with: a global one has the list price */
static struct str without_version(struct str s)
{
	static const struct str global = { "-global-standard", 16 };
	ptrdiff_t at = str_chr(s, '@');

	if (str_ends(s, global))
		return str_sub(s, 0, s.n - global.n);
	if (str_starts(s, STR("ft:"))) {
		ptrdiff_t end = str_chr(str_sub(s, 3, s.n), ':');
		return end < 0 ? s : str_sub(s, 0, 3 + (size_t)end);
	}
	if (at > 0)
		return str_sub(s, 0, (size_t)at);
	at = str_chr(s, ':');
	if (at <= 0 || !digits(str_sub(s, (size_t)at + 1, s.n)))
		return s;
	s = str_sub(s, 0, (size_t)at);
	for (size_t i = s.n; i > 2; i--) {
		if (s.p[i - 1] == 'v' && s.p[i - 2] == '-' && digits(str_sub(s, i, s.n)))
			return str_sub(s, 0, i - 2);
		if (s.p[i - 1] < '0' || s.p[i - 1] > '9')
			break;
	}
	return s;
}

/* -20250929 and -2024-08-06; years of this century only, so that sizes and builds stay */
static struct str without_date(struct str s)
{
	if (s.n > 11 && str_starts(str_sub(s, s.n - 11, 11), STR("-20")) && s.p[s.n - 6] == '-' && s.p[s.n - 3] == '-' &&
	    digits(str_sub(s, s.n - 10, 4)) && digits(str_sub(s, s.n - 5, 2)) && digits(str_sub(s, s.n - 2, 2)))
		return str_sub(s, 0, s.n - 11);
	if (s.n > 9 && str_starts(str_sub(s, s.n - 9, 9), STR("-20")) && digits(str_sub(s, s.n - 8, 8)))
		return str_sub(s, 0, s.n - 9);
	return s;
}

static void add(struct str name, struct str *names, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(names[i], name))
			return;
	if (name.n)
		names[(*n)++] = name;
}

static void forms(struct str name, struct str *names, size_t *n)
{
	struct str plain = without_version(name);

	add(name, names, n);
	add(plain, names, n);
	add(without_date(plain), names, n);
}

size_t model_names(struct str model, char text[static MODEL_TEXT], struct str ret[static MODEL_NAMES], size_t *ret_first)
{
	size_t n = 0;
	struct str s = str_sub(str_trim(model), 0, MODEL_TEXT);

	for (size_t i = 0; i < s.n; i++)
		text[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
	s.p = text;
	add(s, ret, &n);
	s = unwrap(s);
	forms(s, ret, &n);
	*ret_first = n;
	forms(without_geo(s), ret, &n);
	return n;
}
