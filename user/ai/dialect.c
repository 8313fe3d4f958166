/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector: what a pick means is the same in every dialect, so it is said
 * once, here, in two tables: which field of the call a text fills, and which
 * count of a usage a reported number is. How a provider's counts contain one
 * another is its convention; a usage is made only when the call is emitted, from
 * the last numbers that were reported.
 */
#include <stdio.h>
#include <string.h>

#include "ai/dialect.h"
#include "base/fingerprint.h"

#define FIELD(name) offsetof(struct call, name), sizeof(((struct call *)0)->name)
#define BIT(pick) (1ull << (pick))

struct place {
	uint8_t pick;
	uint8_t sides;		/* bit 1 << side */
	bool once;		/* the first stays */
	size_t at;
	size_t size;
};

#define BOTH (1 << SIDE_REQUEST | 1 << SIDE_RESPONSE)
#define ASKED (1 << SIDE_REQUEST)
#define CAME (1 << SIDE_RESPONSE)

static const struct place places[] = {
	{ PICK_MODEL, ASKED, false, FIELD(model_requested) },
	{ PICK_MODEL, CAME, false, FIELD(model) },
	{ PICK_ID, CAME, false, FIELD(response_id) },
	{ PICK_REQUEST_ID, CAME, true, FIELD(request_id) },
	{ PICK_FINISH, CAME, false, FIELD(finish_reason) },
	{ PICK_ERROR, CAME, false, FIELD(error_type) },
	{ PICK_ERROR_CODE, CAME, true, FIELD(error_type) },
	{ PICK_TIER, ASKED, false, FIELD(service_tier) },
	{ PICK_TIER, CAME, false, FIELD(service_tier) },
	{ PICK_EFFORT, ASKED, false, FIELD(effort) },
	{ PICK_SESSION, BOTH, true, FIELD(session) },
	{ PICK_PREVIOUS, BOTH, true, FIELD(previous_id) },
	{ PICK_ORG, BOTH, false, FIELD(org) },
	{ PICK_PROJECT, BOTH, false, FIELD(project) },
	{ PICK_REGION, BOTH, true, FIELD(region) },
	{ PICK_RAW, CAME, false, FIELD(usage_raw) },
};

static const struct {
	uint8_t pick;
	const char *unit;
} units[] = {
	{ PICK_WEB_SEARCHES, "web_search" }, { PICK_SEARCH_UNITS, "search_unit" }, { PICK_IMAGES, "image" },
	{ PICK_X_SEARCHES, "x_search" }, { PICK_FILE_SEARCHES, "file_search" }, { PICK_CODE_RUNS, "code_interpreter" },
	{ PICK_SOURCES, "source" }, { PICK_PAGES, "page" }, { PICK_SECONDS, "second" }, { PICK_CHARACTERS, "character" },
};

static const struct {
	uint8_t pick;
	uint8_t count;
} plain_counts[] = {
	{ PICK_CACHE_READ, COUNT_CACHE_READ }, { PICK_CACHE_WRITE_1H, COUNT_CACHE_WRITE_1H },
	{ PICK_REASONING, COUNT_REASONING }, { PICK_AUDIO_INPUT, COUNT_AUDIO_INPUT },
	{ PICK_AUDIO_OUTPUT, COUNT_AUDIO_OUTPUT }, { PICK_AUDIO_CACHE_READ, COUNT_AUDIO_CACHE_READ },
	{ PICK_IMAGE_INPUT, COUNT_IMAGE_INPUT }, { PICK_IMAGE_OUTPUT, COUNT_IMAGE_OUTPUT },
	{ PICK_IMAGE_CACHE_READ, COUNT_IMAGE_CACHE_READ },
};

/* ---- single things */

void dialect_count(struct dialect *d, enum pick pick, uint64_t n)
{
	d->count[pick] = n;
	d->reported |= BIT(pick);
}

void dialect_unit(struct dialect *d, const char *name, uint64_t milli)
{
	struct call *call = d->call;
	uint8_t i = 0;

	while (i < call->n_units && strcmp(call->units[i].name, name) != 0)
		i++;
	if (i == CALL_UNITS || (i == call->n_units && !milli))
		return;
	call->n_units += i == call->n_units;
	str_copy(call->units[i].name, sizeof(call->units[i].name), str_of(name));
	call->units[i].milli = milli;
}

struct usage *dialect_usage(struct dialect *d, struct str model)
{
	struct call *call = d->call;
	struct usage *usage;

	/* the first is the call's own model: filled last */
	if (!call->n_usages)
		call->n_usages = 1;
	if (call->n_usages == CALL_USAGES)
		return NULL;
	usage = &call->usages[call->n_usages++];
	memset(usage, 0, sizeof(*usage));
	str_copy(usage->model, sizeof(usage->model), model);
	return usage;
}

void dialect_name(char *list, size_t size, struct str name)
{
	struct str rest = str_of(list), one;
	size_t n = rest.n;

	while (n && str_split(&rest, ',', &one))
		if (str_eq(one, name))
			return;
	if (!name.n || str_chr(name, ',') >= 0 || n + (n > 0) + name.n >= size)
		return;
	if (n)
		list[n++] = ',';
	str_copy(list + n, size - n, name);
}

void dialect_error(struct dialect *d, struct str type)
{
	d->call->flags |= CALL_ERROR;
	if (type.n)
		STR_COPY(d->call->error_type, type);
}

/* ---- an item's picks */

#define WORDS (BIT(PICK_ID) | BIT(PICK_REQUEST_ID) | BIT(PICK_FINISH) | BIT(PICK_TIER) | BIT(PICK_EFFORT) | \
	       BIT(PICK_PREVIOUS) | BIT(PICK_REGION))

/* A sentence at such a place is somebody's text, whatever the field is called. */
static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static void take_text(struct dialect *d, const struct place *place, struct str text)
{
	char *to = (char *)d->call + place->at;

	/* what was served stands, even where the request is read to its end after the answer */
	if (place->pick == PICK_TIER) {
		if ((place->sides == ASKED && d->tier_served) || !is_word(text))
			return;
		d->tier_served |= place->sides == CAME && text.n;
	}
	/* most repeat what is there: every event of a stream names its model */
	if (place->pick == PICK_ID && d->choice && d->choice->route && d->choice->route->flags & ROUTE_NO_ANSWER)
		return;
	if (!text.n || (place->once && *to) || (text.n < place->size && !to[text.n] && !memcmp(to, text.p, text.n)))
		return;
	if (WORDS & BIT(place->pick) && !is_word(text))
		return;
	str_copy(to, place->size, text);
}

static void take_texts(struct dialect *d, enum side side, const struct item *item)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (item_has(item, places[i].pick) && places[i].sides >> side & 1)
			take_text(d, &places[i], item_text(item, places[i].pick));
}

static bool is_fingerprint(struct str s)
{
	bool ok = s.n >= 19 && s.n < FINGERPRINT_MAX && s.p[0] == 'u';
	ptrdiff_t colon = str_chr(s, ':');

	for (size_t i = 1; ok && i < s.n; i++)
		ok = (ptrdiff_t)i == colon || (s.p[i] >= '0' && s.p[i] <= '9') ||
		     ((ptrdiff_t)i > colon && s.p[i] >= 'a' && s.p[i] <= 'f');
	return ok && colon > 1 && s.n - (size_t)colon == 17;
}

/* A person's name leaves as the configuration wants it. */
static void take_person(const struct wants *wants, struct str name, char *to, size_t size)
{
	char hashed[FINGERPRINT_MAX];

	if (!name.n || wants->keep_user == USER_DROP)
		return;
	if (wants->keep_user == USER_KEEP || is_fingerprint(name)) {
		str_copy(to, size, name);
		return;
	}
	fingerprint_person(wants->secret, wants->secret_generation, name, hashed);
	str_copy(to, size, str_of(hashed));
}

static void take_names(char *list, size_t size, struct str names)
{
	struct str one;

	while (names.n && str_split(&names, ',', &one))
		dialect_name(list, size, one);
}

static bool truth(const struct item *item, enum pick pick)
{
	return item_number(item, pick) || item_is(item, pick, "true");
}

static void take_request(struct dialect *d, const struct item *item)
{
	struct call *call = d->call;

	take_names(call->tools_offered, sizeof(call->tools_offered), item_text(item, PICK_TOOLS));
	if (truth(item, PICK_STREAM))
		call->flags |= CALL_STREAM;
	if (truth(item, PICK_USAGE_ASKED))
		call->flags |= CALL_USAGE_ASKED;
	if (item_has_number(item, PICK_LIMIT))
		call->output_limit = item_number(item, PICK_LIMIT);
	if (truth(item, PICK_BACKGROUND))
		call->flags |= CALL_BACKGROUND;
}

#define UNITS (BIT(PICK_COST) - BIT(PICK_WEB_SEARCHES))

static void take_response(struct dialect *d, const struct item *item)
{
	struct call *call = d->call;

	take_names(call->tools_called, sizeof(call->tools_called), item_text(item, PICK_TOOLS));
	if (item_text(item, PICK_ERROR).n || item_text(item, PICK_ERROR_CODE).n)
		call->flags |= CALL_ERROR;
	if (item_has(item, PICK_COST) && item_number(item, PICK_COST) <= INT64_MAX) {
		call->has_provider_cost = 1;
		call->provider_cost_pico = (int64_t)item_number(item, PICK_COST);
	}
	if (item_has(item, PICK_CONTENT) && !call->first_token_ns && item->kind != ITEM_DOCUMENT)
		call->first_token_ns = item->boot_ns;
	for (uint64_t rest = item->seen & (BIT(PICK_IMAGE_CACHE_READ + 1) - BIT(PICK_INPUT)); rest; rest &= rest - 1) {
		unsigned int pick = (unsigned int)__builtin_ctzll(rest);
		if (item_has_number(item, pick))
			dialect_count(d, pick, item_number(item, pick));
		else
			d->unread |= BIT(pick);
	}
	d->unread |= item->unread;
	for (size_t i = 0; item->seen & UNITS && i < sizeof(units) / sizeof(*units); i++)
		if (item_has_number(item, units[i].pick))
			dialect_unit(d, units[i].unit, item_number(item, units[i].pick));
}

void dialect_collect(struct dialect *d, enum side side, const struct item *item)
{
	struct call *call = d->call;

	if (!(item->seen | item->unread))
		return;
	take_texts(d, side, item);
	take_person(d->wants, item_text(item, PICK_USER), call->user, sizeof(call->user));
	take_person(d->wants, item_text(item, PICK_ACCOUNT), call->account, sizeof(call->account));
	if (item_has(item, PICK_CONTENT))
		call->content_bytes[side] += item_number(item, PICK_CONTENT);
	if (side == SIDE_REQUEST)
		take_request(d, item);
	else
		take_response(d, item);
}

static void take_header(struct dialect *d, enum side side, unsigned int pick, const struct want *want, struct str value)
{
	uint64_t n;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].pick == pick && places[i].sides >> side & 1)
			take_text(d, &places[i], value);
	if (pick == PICK_USER)
		take_person(d->wants, value, d->call->user, sizeof(d->call->user));
	if (pick == PICK_ACCOUNT)
		take_person(d->wants, value, d->call->account, sizeof(d->call->account));
	if (pick >= PICK_INPUT && pick <= PICK_IMAGE_CACHE_READ && str_u64(value, &n))
		dialect_count(d, pick, n);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].pick == pick && str_u64(value, &n) && n <= UINT64_MAX / 1000)
			dialect_unit(d, units[i].unit, want->scale ? n * 1000 : n);
}

struct found {
	const struct want *want;
	struct str value;
};

#define FOUND_MAX 24

/* Wants stand in their table in the order of their rank. */
static size_t find(struct found *found, size_t n, const struct want *want, struct str value)
{
	for (size_t i = 0; i < n; i++)
		if (found[i].want->pick == want->pick) {
			if (want < found[i].want)
				found[i] = (struct found){ want, value };
			return n;
		}
	if (n < FOUND_MAX)
		found[n++] = (struct found){ want, value };
	return n;
}

void dialect_headers(struct dialect *d, const struct skim_table *table, const struct head *head)
{
	struct found found[FOUND_MAX];
	char lower[SKIM_KEY];
	size_t n = 0;

	for (size_t i = 0; i < head->n_headers; i++) {
		const struct header *header = &head->headers[i];
		const struct skim_node *node;

		/* most names have neither length nor first letter of one that is wanted */
		if (!header->value.n || !header->name.n || header->name.n > sizeof(lower) ||
		    !(table->nodes[0].lengths >> header->name.n % 64 & table->nodes[0].firsts >> ((uint8_t)*header->name.p | 32) % 64 & 1))
			continue;
		for (size_t j = 0; j < header->name.n; j++)
			lower[j] = header->name.p[j] >= 'A' && header->name.p[j] <= 'Z' ? (char)(header->name.p[j] | 32) : header->name.p[j];
		node = skim_find(table, (struct str){ lower, header->name.n });
		for (; node; node = node->same ? &table->nodes[node->same] : NULL)
			n = find(found, n, node->want, header->value);
	}
	for (size_t i = 0; i < n; i++)
		take_header(d, head->side, found[i].want->pick, found[i].want, found[i].value);
}

/* ---- a usage from what was reported */

static bool reported(const struct dialect *d, enum pick pick)
{
	return d->reported & BIT(pick);
}

/* A count that was there and cannot be read is unknown, whatever stands beside it. */
static bool unread(const struct dialect *d, enum pick pick)
{
	return d->unread & ~d->reported & BIT(pick);
}

/* Both lives; a total that is smaller than its parts is none. */
static uint64_t cache_write(const struct dialect *d)
{
	uint64_t parts = dialect_sum(d->count[PICK_CACHE_WRITE_5M], d->count[PICK_CACHE_WRITE_1H]);

	return d->count[PICK_CACHE_WRITE] > parts ? d->count[PICK_CACHE_WRITE] : parts;
}

static uint64_t input(const struct dialect *d)
{
	uint64_t n = dialect_sum(d->count[PICK_INPUT], d->count[PICK_INPUT_MORE]);

	if (d->convention & CACHE_APART)
		n = dialect_sum(n, dialect_sum(d->count[PICK_CACHE_READ], cache_write(d)));
	if (d->convention & AUDIO_APART)
		n = dialect_sum(n, d->count[PICK_AUDIO_INPUT]);
	return n;
}

static uint64_t output(const struct dialect *d)
{
	uint64_t n = d->count[PICK_OUTPUT];

	if (d->convention & REASONING_APART)
		n = dialect_sum(n, d->count[PICK_REASONING]);
	if (d->convention & OUTPUT_FROM_TOTAL && reported(d, PICK_TOTAL) && d->count[PICK_TOTAL] > dialect_sum(input(d), n))
		n = d->count[PICK_TOTAL] - input(d);
	return n;
}

#define OUTPUTS (BIT(PICK_OUTPUT) | BIT(PICK_REASONING) | BIT(PICK_AUDIO_OUTPUT) | BIT(PICK_IMAGE_OUTPUT))
#define INPUTS (BIT(PICK_INPUT) | BIT(PICK_INPUT_MORE) | BIT(PICK_CACHE_READ) | BIT(PICK_CACHE_WRITE) | \
		BIT(PICK_CACHE_WRITE_5M) | BIT(PICK_CACHE_WRITE_1H) | BIT(PICK_AUDIO_INPUT) | BIT(PICK_IMAGE_INPUT))
#define TOKENS (INPUTS | OUTPUTS | BIT(PICK_TOTAL))

/* More from the cache than there was: counted before something hidden was taken out of the input. No discount then. */
static bool cache_exceeds(const struct dialect *d)
{
	return dialect_sum(d->count[PICK_CACHE_READ], cache_write(d)) > input(d);
}

static void fill_usage(const struct dialect *d, struct usage *usage)
{
	/* an answer that is whole and reports one of the two had nothing of the other: embeddings, a prompt held by a cache */
	if (!unread(d, PICK_INPUT) && (!d->cut || d->reported & INPUTS))
		usage_set(usage, COUNT_INPUT, input(d));
	if (!unread(d, PICK_OUTPUT) && (!d->cut || d->reported & OUTPUTS))
		usage_set(usage, COUNT_OUTPUT, output(d));
	for (size_t i = 0; i < sizeof(plain_counts) / sizeof(*plain_counts); i++)
		if (reported(d, plain_counts[i].pick))
			usage_set(usage, plain_counts[i].count, d->count[plain_counts[i].pick]);
	if (d->reported & (BIT(PICK_CACHE_WRITE) | BIT(PICK_CACHE_WRITE_5M) | BIT(PICK_CACHE_WRITE_1H)))
		usage_set(usage, COUNT_CACHE_WRITE, cache_write(d));
	if (cache_exceeds(d))
		for (int which = COUNT_CACHE_READ; which <= COUNT_CACHE_WRITE_1H; which++)
			usage_set(usage, (enum count)which, 0);
}

static void settle(struct dialect *d)
{
	struct call *call = d->call;
	struct usage *usage = &call->usages[0];

	/* what clients ask for that do not know it themselves */
	if (!strcmp(call->model_requested, "unknown"))
		call->model_requested[0] = 0;
	if (!(d->reported & TOKENS)) {
		if (call->n_usages)	/* only further ones: the first stays unknown */
			memset(usage, 0, sizeof(*usage));
		call->usage_source = call->n_usages ? USAGE_REPORTED : USAGE_NONE;
		return;
	}
	/* a total alone is input: nothing was made */
	if (!(d->reported & (BIT(PICK_INPUT) | BIT(PICK_OUTPUT))) && reported(d, PICK_TOTAL))
		dialect_count(d, PICK_INPUT, d->count[PICK_TOTAL]);
	memset(usage, 0, sizeof(*usage));
	fill_usage(d, usage);
	STR_COPY(usage->model, str_of(d->billed[0] ? d->billed : call->model));
	if (!call->n_usages)
		call->n_usages = 1;
	call->usage_source = USAGE_REPORTED;
	if (reported(d, PICK_TOTAL) && !d->cut &&
	    d->count[PICK_TOTAL] != dialect_sum(usage->count[COUNT_INPUT], usage->count[COUNT_OUTPUT]))
		call->flags |= CALL_TOTAL_MISMATCH;
}

/* What belongs to one answer, not to the exchange. */
static void forget(struct dialect *d)
{
	struct call *call = d->call;

	call->model[0] = call->response_id[0] = call->finish_reason[0] = call->error_type[0] = 0;
	call->usage_raw[0] = call->tools_called[0] = 0;
	call->n_usages = call->n_units = 0;
	call->usage_source = USAGE_NONE;
	call->has_provider_cost = 0;
	call->provider_cost_pico = 0;
	call->flags &= ~(uint32_t)(CALL_TOTAL_MISMATCH | CALL_ERROR);
	d->reported = d->unread = 0;
	memset(d->count, 0, sizeof(d->count));
	for (int i = 0; i < TEXT_CLASSES; i++)
		if (text_of_answer((enum text_class)i))
			memset(&call->text[i], 0, sizeof(call->text[i]));
}

void dialect_emit(struct dialect *d)
{
	settle(d);
	d->emitted++;
	d->emit(d->ctx, d->call);
	forget(d);
}
