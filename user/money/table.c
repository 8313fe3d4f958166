/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's name is looked up in one provider's names: exactly, then by the
 * longest prefix, then by the longest pattern; each time under every form that
 * the name has (money/model). A name may have several prices, disjoint in time.
 * All memory comes from a chain of blocks and goes with the table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "money/build.h"

#define BLOCK_SIZE KIB(64)
#define MAX_NAMES (1u << 20)
#define DAY_NS (86400 * (int64_t)NSEC_PER_SEC)
#define MINUTE_NS (60 * (int64_t)NSEC_PER_SEC)

struct price_block {
	struct price_block *next;
	size_t used;
	size_t size;
	_Alignas(16) char bytes[];
};

int table_new(struct prices **ret)
{
	*ret = mem_new(sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void *table_alloc(struct prices *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - BLOCK_SIZE)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	if (!p->blocks || p->blocks->size - p->blocks->used < bytes) {
		size_t room = bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE;
		struct price_block *block = mem_new(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->size = room;
		block->next = p->blocks;
		p->blocks = block;
	}
	void *at = p->blocks->bytes + p->blocks->used;
	p->blocks->used += bytes;
	return at;
}

const char *table_text(struct prices *p, struct str s)
{
	char *text = table_alloc(p, s.n + 1, 1);

	if (text && s.n)
		memcpy(text, s.p, s.n);
	return text;
}

struct prices *prices_free(struct prices *p)
{
	while (p) {
		struct prices *under = p->under;
		for (struct price_provider *provider = p->providers; provider; provider = provider->next)
			for (int kind = 0; kind < NAME_KINDS; kind++)
				map_done(&provider->names[kind]);
		for (struct price_block *b = p->blocks, *next; b; b = next) {
			next = b->next;
			mem_free(b);
		}
		mem_free(p->prices);
		mem_free(p);
		p = under;
	}
	return NULL;
}

void prices_over(struct prices *top, struct prices *under)
{
	while (top->under)
		top = top->under;
	top->under = under;
}

struct price_provider *prices_provider(const struct prices *p, struct str name)
{
	for (struct price_provider *provider = p->providers; provider; provider = provider->next)
		if (str_eq(str_of(provider->name), name))
			return provider;
	return NULL;
}

struct price_provider *table_provider(struct prices *p, struct str name)
{
	struct price_provider *provider = prices_provider(p, name);

	if (provider)
		return provider;
	provider = table_alloc(p, 1, sizeof(*provider));
	if (!provider || !(provider->name = table_text(p, name)))
		return NULL;
	for (int kind = 0; kind < NAME_KINDS; kind++)
		provider->names[kind] = MAP(MAX_NAMES);
	for (int tier = 0; tier < TIER_MAX; tier++)
		provider->times[tier] = tier == TIER_STANDARD ? TIMES_ONE : RATE_NONE;
	provider->next = p->providers;
	p->providers = provider;
	return provider;
}

static struct price_name *name_get(const struct price_provider *provider, enum name_kind kind, struct str text)
{
	struct price_name *name = map_get(&provider->names[kind], hash_bytes(text.p, text.n, 0));

	while (name && !str_eq(name->text, text))
		name = name->next;
	return name;
}

static bool windows_meet(const int a[2], const int b[2])
{
	int length_a = (a[1] - a[0] + 1440) % 1440, length_b = (b[1] - b[0] + 1440) % 1440;

	if (!length_a || !length_b)
		return true;
	return (b[0] - a[0] + 1440) % 1440 < length_a || (a[0] - b[0] + 1440) % 1440 < length_b;
}

static bool prices_meet(const struct price *a, const struct price *b)
{
	return a->from_ns < b->to_ns && b->from_ns < a->to_ns && windows_meet(a->window, b->window);
}

int table_name(struct prices *p, struct price_provider *provider, enum name_kind kind, struct str text,
	       const struct price *price, const struct price **ret_other)
{
	struct price_name *name = name_get(provider, kind, text);

	if (!name) {
		uint64_t hash = hash_bytes(text.p, text.n, 0);
		name = table_alloc(p, 1, sizeof(*name));
		if (!name || !(name->text.p = table_text(p, text)))
			return -ENOMEM;
		name->text.n = text.n;
		name->next = map_get(&provider->names[kind], hash);
		int error = map_put(&provider->names[kind], hash, name);
		if (error)
			return error;
		provider->n_long[kind]++;
	}
	for (struct price_ref *ref = name->refs; ref; ref = ref->next)
		if (prices_meet(ref->price, price)) {
			*ret_other = ref->price;
			return -EEXIST;
		}
	struct price_ref *ref = table_alloc(p, 1, sizeof(*ref));
	if (!ref)
		return -ENOMEM;
	*ref = (struct price_ref){ price, name->refs };
	name->refs = ref;
	return 0;
}

static int by_length(const void *a, const void *b)
{
	const struct price_name *x = *(struct price_name *const *)a, *y = *(struct price_name *const *)b;

	if (x->text.n != y->text.n)
		return x->text.n < y->text.n ? 1 : -1;
	return memcmp(x->text.p, y->text.p, x->text.n);
}

static int seal_kind(struct prices *p, struct price_provider *provider, enum name_kind kind)
{
	size_t n = 0;
	uint64_t hash;
	void *value;

	provider->longest[kind] = table_alloc(p, provider->n_long[kind] + 1, sizeof(struct price_name *));
	if (!provider->longest[kind])
		return -ENOMEM;
	for (size_t i = 0; map_next(&provider->names[kind], &i, &hash, &value);)
		for (struct price_name *name = value; name; name = name->next)
			provider->longest[kind][n++] = name;
	qsort(provider->longest[kind], n, sizeof(struct price_name *), by_length);
	return 0;
}

int table_seal(struct prices *p)
{
	for (struct price_provider *provider = p->providers; provider; provider = provider->next)
		for (int kind = NAME_PREFIX; kind < NAME_KINDS; kind++) {
			int error = seal_kind(p, provider, (enum name_kind)kind);
			if (error)
				return error;
		}
	return 0;
}

bool price_holds(const struct price *price, int64_t wall_ns)
{
	if (wall_ns < price->from_ns || wall_ns >= price->to_ns)
		return false;
	int minute = (int)(((wall_ns % DAY_NS) + DAY_NS) % DAY_NS / MINUTE_NS);
	int length = (price->window[1] - price->window[0] + 1440) % 1440;
	return !length || (minute - price->window[0] + 1440) % 1440 < length;
}

static const struct price *holding(const struct price_name *name, int64_t wall_ns)
{
	const struct price *newest = NULL;

	for (const struct price_ref *ref = name ? name->refs : NULL; ref; ref = ref->next) {
		if (wall_ns != PRICES_NEWEST && price_holds(ref->price, wall_ns))
			return ref->price;
		if (!newest || ref->price->from_ns > newest->from_ns)
			newest = ref->price;
	}
	return wall_ns == PRICES_NEWEST ? newest : NULL;
}

static const struct price *find_long(const struct price_provider *provider, enum name_kind kind, struct str model,
				     int64_t wall_ns)
{
	for (size_t i = 0; i < provider->n_long[kind]; i++) {
		const struct price_name *name = provider->longest[kind][i];
		const struct price *price = NULL;

		if (kind == NAME_PREFIX ? str_starts(model, name->text) : str_glob(name->text, model))
			price = holding(name, wall_ns);
		if (price)
			return price;
	}
	return NULL;
}

static const struct price *find_in(const struct price_provider *provider, const struct str *names, size_t n,
				   int64_t wall_ns)
{
	for (int kind = 0; kind < NAME_KINDS; kind++)
		for (size_t i = 0; i < n; i++) {
			const struct price *price = kind == NAME_EXACT ?
				holding(name_get(provider, NAME_EXACT, names[i]), wall_ns) :
				find_long(provider, (enum name_kind)kind, names[i], wall_ns);
			if (price)
				return price;
		}
	return NULL;
}

static const struct price *find_all(const struct prices *p, struct str provider_name, const struct str *names,
				    size_t n, size_t first, int64_t wall_ns)
{
	for (; p; p = p->under) {
		const struct price_provider *provider = prices_provider(p, provider_name);
		const struct price *price = provider ? find_in(provider, names, first, wall_ns) : NULL;
		if (!price && provider)
			price = find_in(provider, names + first, n - first, wall_ns);
		if (price)
			return price;
	}
	return NULL;
}

const struct price *prices_find(const struct prices *p, struct str provider, struct str model, int64_t wall_ns)
{
	char text[MODEL_TEXT];
	struct str names[MODEL_NAMES];
	size_t first, n = model_names(model, text, names, &first);
	const struct price *price = find_all(p, provider, names, n, first, wall_ns);

	for (const struct prices *t = p; t && !price; t = t->under) {
		const struct price_provider *own = prices_provider(t, provider);
		for (size_t i = 0; own && i < own->n_fallback && !price; i++)
			price = find_all(p, str_of(own->fallback[i]), names, n, first, wall_ns);
	}
	return price ? price : find_all(p, STR("*"), names, n, first, wall_ns);
}

int64_t prices_times(const struct prices *p, const char *provider, enum price_tier tier)
{
	for (; p; p = p->under) {
		const struct price_provider *own = prices_provider(p, str_of(provider));
		if (own && own->times[tier] != RATE_NONE)
			return own->times[tier];
	}
	return tier == TIER_STANDARD ? TIMES_ONE : RATE_NONE;
}
