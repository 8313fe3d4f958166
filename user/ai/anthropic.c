/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anthropic's messages, wherever they are spoken. Input leaves out what the
 * cache read and wrote. A stream begins with a usage and ends with another:
 * its numbers are cumulative and replace the first ones, except that only the
 * first says how long what was written to the cache lives.
 *
 * What the answer's own usage leaves out stands in iterations: summaries of a
 * long conversation (compaction), advisors and models that declined before
 * another answered. Each is billed at its own model's rate, beside the answer.
 */
#include <string.h>

#include "ai/batch.h"

enum {
	EACH_ITERATION = PICK_OWN_1,
	ITERATION_TYPE,
	ITERATION_MODEL,
	ITERATION_INPUT,
	ITERATION_OUTPUT,
	ITERATION_CACHE_READ,
	ITERATION_CACHE_WRITE,
	ITERATION_CACHE_WRITE_1H,
	EACH_RESULT,	/* of a batch */
	BATCH_STATE,
	GEO,		/* where the model ran, where that was wished */
};

/* of a request; the first ones are those of a batch */
enum {
	CACHE_MARKS = BATCH_OWN_NEXT,	/* what is to be cached */
	CACHE_LIVES,			/* for how long each, where it says so */
	CACHE_LIFE,
};

enum { OWN_ALL_1H, OWN_ITERATIONS, OWN_STREAM };

static const struct route routes[] = {
	{ "*/v1/messages", "chat", 0 },
	{ "*/v1/messages/count_tokens", "count_tokens", ROUTE_FREE },
	{ "*/v1/messages/batches", "batch", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/v1/messages/batches/*", "batch", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/v1/messages/batches/*/results", "chat", ROUTE_RETRIEVAL | ROUTE_BATCH },
	{ "*/v1/complete", "text_completion", 0 },
	{ "*/publishers/anthropic/models/*:rawPredict", "chat", 0 },
	{ "*/publishers/anthropic/models/*:streamRawPredict", "chat", ROUTE_STREAM },
	{ "*/publishers/anthropic/models/count-tokens:rawPredict", "count_tokens", ROUTE_FREE },
	{ "*/v1/models", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1/models/*", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1/files", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1/files/*", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "requests[].params.model", PICK_MODEL },
	{ "requests[]", BATCH_REQUESTS, WANT_COUNT },
	BATCH_LIMIT("requests[].params.max_tokens"),
	{ "stream", PICK_STREAM },
	{ "service_tier", PICK_TIER },
	{ "metadata.user_id", PICK_USER, .room = 512 },
	{ "tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "system", PICK_CONTENT, WANT_BYTES },
	{ "system[].text", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].content", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].content[].text", PICK_CONTENT, WANT_BYTES },
#define MARKS(at) { at "cache_control", CACHE_MARKS, WANT_COUNT }, { at "cache_control.ttl", CACHE_LIVES, WANT_COUNT }, \
		  { at "cache_control.ttl", CACHE_LIFE, WANT_NAMES, .room = 32 }
	MARKS(""), MARKS("system[]."), MARKS("tools[]."), MARKS("messages[].content[]."),
	MARKS("messages[].content[].content[]."),
	{ 0 },
};

static const struct want response[] = {
	{ "type", PICK_TYPE },
	{ "error.type", PICK_ERROR },
	{ "delta.stop_reason", PICK_FINISH },
	{ "content_block.name", PICK_TOOLS, WANT_NAMES },
	{ "completion", PICK_CONTENT, WANT_BYTES },
	{ "delta.text", PICK_CONTENT, WANT_BYTES },
	{ "delta.thinking", PICK_CONTENT, WANT_BYTES },
	{ "delta.partial_json", PICK_CONTENT, WANT_BYTES },
	{ "result", EACH_RESULT, WANT_EACH },
	{ "processing_status", BATCH_STATE },
#define MESSAGE(at) \
	{ at "id", PICK_ID }, \
	{ at "model", PICK_MODEL }, \
	{ at "stop_reason", PICK_FINISH }, \
	{ at "content[].name", PICK_TOOLS, WANT_NAMES }, \
	{ at "content[].text", PICK_CONTENT, WANT_BYTES }, \
	{ at "content[].thinking", PICK_CONTENT, WANT_BYTES }, \
	{ at "usage", PICK_RAW, WANT_NUMBERS }, \
	{ at "usage.input_tokens", PICK_INPUT }, \
	{ at "usage.output_tokens", PICK_OUTPUT }, \
	{ at "usage.output_tokens_details.thinking_tokens", PICK_REASONING }, \
	{ at "usage.cache_read_input_tokens", PICK_CACHE_READ }, \
	{ at "usage.cache_creation_input_tokens", PICK_CACHE_WRITE }, \
	{ at "usage.cache_creation.ephemeral_5m_input_tokens", PICK_CACHE_WRITE_5M }, \
	{ at "usage.cache_creation.ephemeral_1h_input_tokens", PICK_CACHE_WRITE_1H }, \
	{ at "usage.server_tool_use.web_search_requests", PICK_WEB_SEARCHES, .scale = 3 }, \
	{ at "usage.service_tier", PICK_TIER }, \
	{ at "usage.speed", PICK_STATUS }, \
	{ at "usage.inference_geo", GEO }, \
	{ at "usage.cost", PICK_COST, .scale = 12 }, \
	{ at "usage.iterations[]", EACH_ITERATION, WANT_EACH }, \
	{ at "usage.iterations[].type", ITERATION_TYPE }, \
	{ at "usage.iterations[].model", ITERATION_MODEL }, \
	{ at "usage.iterations[].input_tokens", ITERATION_INPUT }, \
	{ at "usage.iterations[].output_tokens", ITERATION_OUTPUT }, \
	{ at "usage.iterations[].cache_read_input_tokens", ITERATION_CACHE_READ }, \
	{ at "usage.iterations[].cache_creation_input_tokens", ITERATION_CACHE_WRITE }, \
	{ at "usage.iterations[].cache_creation.ephemeral_1h_input_tokens", ITERATION_CACHE_WRITE_1H }
	MESSAGE(""), MESSAGE("message."), MESSAGE("result.message."),
	{ 0 },
};

static const struct want request_headers[] = {
	{ "x-claude-code-session-id", PICK_SESSION },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "request-id", PICK_REQUEST_ID },
	{ 0 },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct str model = path_after(head->path, "/publishers/anthropic/models/");

	if (side != SIDE_REQUEST)
		return 0;
	model = str_sub(model, 0, (size_t)str_chr(model, ':'));
	url_decode(model, d->call->model_requested, sizeof(d->call->model_requested));
	url_decode(path_after(head->path, "/batches/"), d->call->batch_id, sizeof(d->call->batch_id));
	return 0;
}

static void pick_part(struct item *item, enum pick pick, struct str part)
{
	if (part.n)
		item_put(item, pick, (struct value){ .kind = VALUE_TEXT, .at = (uint16_t)(part.p - item->text),
						     .n = (uint16_t)part.n });
}

static struct str between(struct str s, struct str before, char end)
{
	ptrdiff_t from = str_find(s, before), n;

	if (from < 0)
		return (struct str){ "", 0 };
	s = str_sub(s, (size_t)from + before.n, s.n);
	n = str_chr(s, end);
	return n < 0 ? s : str_sub(s, 0, (size_t)n);
}

/* Claude Code puts three ids into one: as JSON, or as user_X_account_Y_session_Z. */
static void split_user(struct item *item)
{
	struct str user = item_text(item, PICK_USER), account, session;

	if (str_starts(user, STR("{"))) {
		pick_part(item, PICK_SESSION, between(user, STR("\"session_id\":\""), '"'));
		pick_part(item, PICK_ACCOUNT, between(user, STR("\"account_uuid\":\""), '"'));
		item_drop(item, PICK_USER);
		pick_part(item, PICK_USER, between(user, STR("\"device_id\":\""), '"'));
		return;
	}
	session = between(user, STR("_session_"), 0);
	account = between(user, STR("_account_"), '_');
	if (!str_starts(user, STR("user_")) || !session.n)
		return;
	pick_part(item, PICK_SESSION, session);
	pick_part(item, PICK_ACCOUNT, account);
	pick_part(item, PICK_USER, between(user, STR("user_"), '_'));
}

static void request_item(struct dialect *d, struct item *item)
{
	uint64_t marks = item_number(item, CACHE_MARKS);

	split_user(item);
	batch_requests(d, item);
	d->own[OWN_ALL_1H] = marks && marks == item_number(item, CACHE_LIVES) && item_is(item, CACHE_LIFE, "1h");
}

/* An answer's usage counts the rounds of the model that answered, and no others. */
static bool in_answer(const struct item *item, struct str model, struct str answered)
{
	return (item_is(item, ITERATION_TYPE, "message") || item_is(item, ITERATION_TYPE, "fallback_message")) &&
	       str_eq(model, answered);
}

static void iteration(struct dialect *d, const struct item *item)
{
	uint64_t read = item_number(item, ITERATION_CACHE_READ), write = item_number(item, ITERATION_CACHE_WRITE);
	struct str answered = item_has(item, PICK_MODEL) ? item_text(item, PICK_MODEL) : str_of(d->call->model);
	struct str model = item_has(item, ITERATION_MODEL) ? item_text(item, ITERATION_MODEL) : answered;
	struct usage *usage;

	/* cumulative as well: what an earlier event listed is listed again */
	if (!d->own[OWN_ITERATIONS])
		d->call->n_usages = 0;
	d->own[OWN_ITERATIONS] = 1;
	if (in_answer(item, model, answered) || !item_has_number(item, ITERATION_INPUT))
		return;
	usage = dialect_usage(d, model);
	if (!usage)
		return;
	usage_set(usage, COUNT_INPUT, dialect_sum(item_number(item, ITERATION_INPUT), dialect_sum(read, write)));
	usage_set(usage, COUNT_CACHE_READ, read);
	usage_set(usage, COUNT_CACHE_WRITE, write);
	usage_set(usage, COUNT_CACHE_WRITE_1H, item_number(item, ITERATION_CACHE_WRITE_1H));
	usage_set(usage, COUNT_OUTPUT, item_number(item, ITERATION_OUTPUT));
}

/* Held within the United States it costs more (by the price table); anywhere else is the rule. */
static void place(struct dialect *d, const struct item *item)
{
	if (item_is(item, GEO, "us"))
		STR_COPY(d->call->region, STR("us"));
}

/* Results of a batch: a call each, as if it had been alone, in whatever way the file is sent. */
static void result(struct dialect *d, struct item *item)
{
	if (!item_has(item, PICK_RAW))
		return;
	d->call->region[0] = 0;
	place(d, item);
	dialect_collect(d, SIDE_RESPONSE, item);
	dialect_emit(d);
	d->own[OWN_ITERATIONS] = 0;
}

static void batch(struct dialect *d, const struct item *item)
{
	if (item_is(item, PICK_TYPE, "message_batch") && item_has(item, PICK_ID))
		STR_COPY(d->call->batch_id, item_text(item, PICK_ID));
	STR_COPY(d->call->batch_status, item_text(item, BATCH_STATE));
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_REQUEST) {
		request_item(d, item);
		return 0;
	}
	if (item->each == EACH_RESULT) {
		result(d, item);
		return 0;
	}
	if (item->each) {
		iteration(d, item);
		return 0;
	}
	d->own[OWN_ITERATIONS] = 0;
	if (item_has(item, BATCH_STATE))
		batch(d, item);
	/* at the start of a stream output is a first guess: without the end it is unknown */
	if (item_is(item, PICK_TYPE, "message_start")) {
		item_drop(item, PICK_OUTPUT);
		d->own[OWN_STREAM] = 1;
	}
	place(d, item);
	/* the fast lane has prices of its own */
	if (item_is(item, PICK_STATUS, "fast"))
		item_put(item, PICK_TIER, item->values[PICK_STATUS]);
	return 0;
}

static int end(struct dialect *d, enum ending ending)
{
	(void)ending;
	if (d->own[OWN_STREAM] && !(d->reported >> PICK_OUTPUT & 1))
		d->cut = true;
	/* a delta knows how much was written to the cache in the end, but not for how long: as the request wished */
	if (d->own[OWN_ALL_1H] && d->reported >> PICK_CACHE_WRITE & 1 && !d->count[PICK_CACHE_WRITE_5M])
		dialect_count(d, PICK_CACHE_WRITE_1H, d->count[PICK_CACHE_WRITE]);
	return 0;
}

const struct provider dialect_anthropic = {
	.name = "anthropic",
	.routes = routes,
	.wants = { request, response },
	.headers = { request_headers, response_headers },
	.convention = CACHE_APART,
	.head = head,
	.item = item,
	.end = end,
};
