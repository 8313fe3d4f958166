/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAI's dialect, and that of everybody who speaks it: chat completions,
 * responses, completions, embeddings, images, audio, assistants, batches.
 *
 * The usage object stands at the root of a document and of a stream's last
 * event, within "response" in the events of the responses API, and within
 * "x_groq" at Groq. Its fields have two sets of names, of which a body has one.
 * Relatives add fields of their own; a name that only one of them has can be
 * wanted from all. What they mean differently is a rule below.
 */
#include <string.h>

#include "ai/dialect.h"

enum {
	OWN_OBJECT = PICK_OWN_1,	/* object: what the document is */
	OWN_ITEM = PICK_OWN_2,		/* an item of the output */
	OWN_ITEM_TYPE = PICK_OWN_3,
	OWN_DATA = PICK_OWN_4,		/* how many: images, models */
	OWN_DATA_OBJECT = PICK_OWN_5,
	OWN_ERROR = PICK_OWN_6,		/* there is one, whatever it looks like */
	OWN_DURATION = PICK_OWN_7,	/* seconds of audio */
	OWN_RESULTS = PICK_OWN_8,	/* of a batch, how many */
	OWN_CACHED = PICK_OWN_9,	/* cache read by a field that counts apart from input */
};

/* dialect->own */
enum { SEARCHES, FILE_SEARCHES, INTERPRETERS, DRAWINGS, LOOKED, HEADER_ALONE };

/* ---- what is picked */

#define COUNTS(at, rule) \
	{ at "usage.prompt_tokens", PICK_INPUT, rule }, \
	{ at "usage.input_tokens", PICK_INPUT, rule }, \
	{ at "usage.completion_tokens", PICK_OUTPUT, rule }, \
	{ at "usage.output_tokens", PICK_OUTPUT, rule }, \
	{ at "usage.total_tokens", PICK_TOTAL, rule }, \
	{ at "usage.prompt_tokens_details.cached_tokens", PICK_CACHE_READ, rule }, \
	{ at "usage.prompt_token_details.cached_tokens", PICK_CACHE_READ, rule }, \
	{ at "usage.input_tokens_details.cached_tokens", PICK_CACHE_READ, rule }, \
	{ at "usage.input_token_details.cached_tokens", PICK_CACHE_READ, rule }, \
	{ at "usage.prompt_tokens_details.cache_write_tokens", PICK_CACHE_WRITE, rule }, \
	{ at "usage.input_tokens_details.cache_write_tokens", PICK_CACHE_WRITE, rule }, \
	{ at "usage.completion_tokens_details.reasoning_tokens", PICK_REASONING, rule }, \
	{ at "usage.completion_token_details.reasoning_tokens", PICK_REASONING, rule }, \
	{ at "usage.output_tokens_details.reasoning_tokens", PICK_REASONING, rule }, \
	{ at "usage.prompt_tokens_details.audio_tokens", PICK_AUDIO_INPUT, rule }, \
	{ at "usage.input_tokens_details.audio_tokens", PICK_AUDIO_INPUT, rule }, \
	{ at "usage.input_token_details.audio_tokens", PICK_AUDIO_INPUT, rule }, \
	{ at "usage.completion_tokens_details.audio_tokens", PICK_AUDIO_OUTPUT, rule }, \
	{ at "usage.output_tokens_details.audio_tokens", PICK_AUDIO_OUTPUT, rule }, \
	{ at "usage.prompt_tokens_details.image_tokens", PICK_IMAGE_INPUT, rule }, \
	{ at "usage.input_tokens_details.image_tokens", PICK_IMAGE_INPUT, rule }, \
	{ at "usage.completion_tokens_details.image_tokens", PICK_IMAGE_OUTPUT, rule }, \
	{ at "usage.output_tokens_details.image_tokens", PICK_IMAGE_OUTPUT, rule }

#define USAGE(at) \
	COUNTS(at, WANT_LAST), \
	{ at "usage", PICK_RAW, WANT_NUMBERS }, \
	{ at "usage.cost", PICK_COST, .scale = 12 }, \
	{ at "usage.cost.total_cost", PICK_COST, .scale = 12 }, \
	{ at "usage.cost_in_usd_ticks", PICK_COST, .scale = 2 }, \
	{ at "usage.seconds", PICK_SECONDS, .scale = 3 }, \
	{ at "usage.search_units", PICK_SEARCH_UNITS, .scale = 3 }, \
	{ at "usage.server_side_tool_usage_details.web_search_calls", PICK_WEB_SEARCHES, .scale = 3 }, \
	{ at "usage.server_tool_use_details.web_search_requests", PICK_WEB_SEARCHES, .scale = 3 }, \
	{ at "usage.num_search_queries", PICK_WEB_SEARCHES, .scale = 3 }

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "model_id", PICK_MODEL },
	{ "session.model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "stream_options.include_usage", PICK_USAGE_ASKED },
	{ "background", PICK_BACKGROUND },
	{ "service_tier", PICK_TIER },
	{ "user", PICK_USER },
	{ "safety_identifier", PICK_USER },
	{ "previous_response_id", PICK_PREVIOUS },
	{ "project_id", PICK_PROJECT },
	{ "tools[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "functions[].name", PICK_TOOLS, WANT_NAMES },
	{ "messages[].content", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "input", PICK_CONTENT, WANT_BYTES },
	{ "input[]", PICK_CONTENT, WANT_BYTES },
	{ "input[].content", PICK_CONTENT, WANT_BYTES },
	{ "input[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "instructions", PICK_CONTENT, WANT_BYTES },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ NULL },
};

static const struct want response[] = {
	USAGE(""),
	USAGE("response."),
	USAGE("x_groq."),
	/* results of a batch: a line of its own each, or all in one document */
	COUNTS("response.body.", WANT_SUM),
	{ "response.body", OWN_RESULTS, WANT_COUNT },
	{ "response.body.model", PICK_MODEL },
	COUNTS("results[].batch_result.response.chat_get_completion.", WANT_SUM),
	{ "results[].batch_result", OWN_RESULTS, WANT_COUNT },
	{ "usage.cached_tokens", PICK_CACHE_READ },
	{ "usage.num_cached_tokens", PICK_CACHE_READ },
	{ "usage.prompt_cache_hit_tokens", PICK_CACHE_READ },
	{ "usage.cache_read_input_tokens", OWN_CACHED },
	{ "usage.reasoning_tokens", PICK_REASONING },
	{ "usage.prompt_audio_seconds", PICK_SECONDS, .scale = 3 },
	{ "usage_info.pages_processed", PICK_PAGES, .scale = 3 },
	{ "usage.service_tier", PICK_TIER },
	{ "meta.billed_units.search_units", PICK_SEARCH_UNITS, .scale = 3 },

	{ "model", PICK_MODEL },
	{ "response.model", PICK_MODEL },
	{ "id", PICK_ID },
	{ "response.id", PICK_ID },
	{ "service_tier", PICK_TIER },
	{ "response.service_tier", PICK_TIER },
	{ "type", PICK_TYPE },
	{ "object", OWN_OBJECT },
	{ "response.object", OWN_OBJECT },
	{ "status", PICK_STATUS },
	{ "response.status", PICK_STATUS },
	{ "choices[].finish_reason", PICK_FINISH },
	{ "incomplete_details.reason", PICK_FINISH },
	{ "response.incomplete_details.reason", PICK_FINISH },
	{ "previous_response_id", PICK_PREVIOUS },
	{ "response.previous_response_id", PICK_PREVIOUS },

	{ "error", OWN_ERROR, WANT_SEEN },
	{ "error.type", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
	{ "response.error.code", PICK_ERROR },
	{ "choices[].error.code", PICK_ERROR_CODE },
	{ "last_error.code", PICK_ERROR },

	{ "choices[].message.tool_calls[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "choices[].delta.tool_calls[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "choices[].message.function_call.name", PICK_TOOLS, WANT_NAMES },
	{ "choices[].delta.function_call.name", PICK_TOOLS, WANT_NAMES },
	{ "output[].name", PICK_TOOLS, WANT_NAMES },
	{ "response.output[].name", PICK_TOOLS, WANT_NAMES },
	{ "output[]", OWN_ITEM, WANT_EACH },
	{ "output[].type", OWN_ITEM_TYPE },
	{ "response.output[]", OWN_ITEM, WANT_EACH },
	{ "response.output[].type", OWN_ITEM_TYPE },

	{ "data[]", OWN_DATA, WANT_COUNT, .scale = 3 },
	{ "data[].object", OWN_DATA_OBJECT },
	{ "duration", OWN_DURATION, .scale = 3 },

	{ "choices[].message.content", PICK_CONTENT, WANT_BYTES },
	{ "choices[].message.reasoning_content", PICK_CONTENT, WANT_BYTES },
	{ "choices[].delta.content", PICK_CONTENT, WANT_BYTES },
	{ "choices[].delta.reasoning_content", PICK_CONTENT, WANT_BYTES },
	{ "choices[].delta.reasoning", PICK_CONTENT, WANT_BYTES },
	{ "choices[].text", PICK_CONTENT, WANT_BYTES },
	{ "output[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "delta", PICK_CONTENT, WANT_BYTES },
	{ "text", PICK_CONTENT, WANT_BYTES },
	{ NULL },
};

/* A relative's own id stands before one that a proxy in front of it may have set. */
static const struct want response_headers[] = {
	{ "apim-request-id", PICK_REQUEST_ID },
	{ "mistral-correlation-id", PICK_REQUEST_ID },
	{ "x-request-id", PICK_REQUEST_ID },
	{ "x-kong-request-id", PICK_REQUEST_ID },
	{ "x-ds-trace-id", PICK_REQUEST_ID },
	{ "x-generation-id", PICK_REQUEST_ID },
	{ "cf-auditlog-id", PICK_REQUEST_ID },
	{ "inference-id", PICK_REQUEST_ID },
	{ "x-global-transaction-id", PICK_REQUEST_ID },
	{ "fireworks-prompt-tokens", PICK_INPUT },
	{ "fireworks-cached-prompt-tokens", PICK_CACHE_READ },
	{ NULL },
};

static const struct want no_headers[] = { { NULL } };

static const struct route routes[] = {
	{ "*/chat/completions", "chat" },
	{ "/chat/completions", "chat" },
	{ "*/async/chat/completions/*", "chat", ROUTE_RETRIEVAL },
	{ "*/async/v1/sonar/*", "chat", ROUTE_RETRIEVAL },
	{ "*/agents/completions", "chat" },
	{ "*/v1/sonar", "chat" },
	{ "*/v1/conversations", "chat", ROUTE_WEAK },
	{ "/v1/chat", "chat", ROUTE_WEAK },
	{ "*/responses", "chat" },
	{ "*/responses/*", "chat", ROUTE_RETRIEVAL | ROUTE_WEAK },
	{ "*/responses/compact", "chat" },
	{ "*/responses/input_tokens", "count_tokens", ROUTE_FREE },
	{ "*/completions", "text_completion" },
	{ "*/fim/completions", "text_completion" },
	{ "*/embeddings", "embeddings" },
	{ "*/multimodalembeddings", "embeddings" },
	{ "*/contextualizedembeddings", "embeddings" },
	{ "*/rerank", "rerank" },
	{ "*/publishers/*/models/*:rawPredict", "chat" },
	{ "*/publishers/*/models/*:streamRawPredict", "chat", ROUTE_STREAM },
	{ "*/images/generations", "image_generation" },
	{ "*/images/edits", "image_generation" },
	{ "*/images/variations", "image_generation" },
	{ "*/images", "image_generation", ROUTE_WEAK },
	{ "*/audio/transcriptions", "transcription" },
	{ "*/audio/translations", "transcription" },
	{ "*/audio/speech", "speech" },
	{ "*/v1/stt", "transcription", ROUTE_WEAK },
	{ "*/v1/tts", "speech", ROUTE_WEAK },
	{ "*/videos", "video_generation", ROUTE_WEAK },
	{ "*/v1/ocr", "ocr", ROUTE_WEAK },
	{ "*/moderations", "moderation", ROUTE_FREE },
	{ "*/realtime", "realtime", ROUTE_WEAK },
	{ "*/realtime/client_secrets", "realtime", ROUTE_FREE },
	{ "*/threads/*/runs", "invoke_agent" },
	{ "*/threads/runs", "invoke_agent" },
	{ "*/threads/*/runs/*", "invoke_agent", ROUTE_RETRIEVAL },
	{ "*/threads/*/runs/*/steps*", "runs", ROUTE_FREE },
	{ "*/threads", "threads", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/threads/*", "threads", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/assistants", "create_agent", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/assistants/*", "assistants", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1/agents", "create_agent", ROUTE_FREE | ROUTE_WEAK },
	{ "*/vector_stores*", "vector_stores", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/conversations/*", "conversations", ROUTE_FREE | ROUTE_WEAK },
	{ "*/fine_tuning/*", "fine_tuning", ROUTE_FREE | ROUTE_WEAK },
	{ "*/batches", "batch", ROUTE_BATCH | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batches/*", "batch", ROUTE_BATCH | ROUTE_RETRIEVAL | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/files", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/files/*", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1/models", "models", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/models", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/models/*", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/organization/*", "organization", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ NULL },
};

/* ---- what data cannot say */

static bool at(const struct dialect *d, const char *operation)
{
	return !strcmp(d->call->operation, operation);
}

static bool provider_is(const struct dialect *d, const char *name)
{
	return !strcmp(d->call->provider, name);
}

/* /openai/deployments/{deployment}/...: what is asked for is a deployment. */
static void azure_deployment(struct dialect *d, const struct head *head)
{
	struct str name = path_after(head->path, "/deployments/");

	if (name.n && !d->call->model_requested[0])
		url_decode(name, d->call->model_requested, sizeof(d->call->model_requested));
}

/* /publishers/{publisher}/models/{model}:rawPredict, and the body in the publisher's own format. */
static void vertex_publisher(struct dialect *d, const struct head *head)
{
	struct str model = path_after(head->path, "/models/");
	ptrdiff_t method = str_find(head->path, STR("/publishers/")) < 0 ? -1 : str_chr(model, ':');

	if (method > 0)
		url_decode(str_sub(model, 0, (size_t)method), d->call->model_requested, sizeof(d->call->model_requested));
}

static int openai_head(struct dialect *d, enum side side, const struct head *head)
{
	struct str offer = head_get(head, STR("azureai-fe-offer-type"));

	if (side == SIDE_REQUEST) {
		azure_deployment(d, head);
		/* the answer that is asked for again */
		if (str_eq(head->method, STR("GET")))
			url_decode(path_after(head->path, "/responses/"), d->call->previous_id, sizeof(d->call->previous_id));
		/* xAI's chat leaves reasoning out of completion_tokens, its responses do not */
		if (provider_is(d, "x_ai") && str_iends(head->path, STR("/chat/completions")))
			d->convention |= REASONING_APART;
		vertex_publisher(d, head);
		return 0;
	}
	d->own[HEADER_ALONE] = head_get(head, STR("fireworks-prompt-tokens")).n > 0;
	if (str_istarts(offer, STR("ptu")) || str_istarts(offer, STR("provisioned"))) {
		if (!str_ieq(head_get(head, STR("x-ms-is-spilled-over")), STR("true")))
			d->call->billing = BILLING_PROVISIONED;
	}
	return 0;
}

/* An item of a response's output: what is billed by the call. */
static int output_item(struct dialect *d, struct item *item)
{
	static const struct {
		const char *type;
		int own;
	} table[] = {
		{ "web_search_call", SEARCHES }, { "file_search_call", FILE_SEARCHES },
		{ "code_interpreter_call", INTERPRETERS }, { "image_generation_call", DRAWINGS },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (item_is(item, OWN_ITEM_TYPE, table[i].type))
			d->own[table[i].own]++;
	d->own[LOOKED] = 1;
	return 0;
}

/* The output is told anew with every state of the response: the last is the whole. */
static void count_output(struct dialect *d)
{
	static const char *const names[] = {
		[SEARCHES] = "web_search", [FILE_SEARCHES] = "file_search", [INTERPRETERS] = "code_interpreter",
		[DRAWINGS] = "image_call",
	};

	if (!d->own[LOOKED])
		return;
	for (int i = SEARCHES; i <= DRAWINGS; i++)
		dialect_unit(d, names[i], d->own[i] * 1000);
	memset(d->own, 0, (LOOKED + 1) * sizeof(d->own[0]));
}

static void responses_item(struct dialect *d, struct item *item)
{
	struct str status = item_text(item, PICK_STATUS);

	count_output(d);
	if (item_is(item, OWN_OBJECT, "response") && status.n && !item_has(item, PICK_FINISH))
		STR_COPY(d->call->finish_reason, status);
}

/* Anthropic's field names in OpenAI's object: what was read from the cache is not inside. */
static void anthropic_fields(struct dialect *d, struct item *item)
{
	(void)d;
	if (!item_has(item, OWN_CACHED) || item_has(item, PICK_CACHE_READ))
		return;
	dialect_count(d, PICK_CACHE_READ, item_number(item, OWN_CACHED));
}

/* Results of a batch add up, over lines as well. */
static void add_results(struct dialect *d, struct item *item)
{
	for (unsigned int pick = PICK_INPUT; pick <= PICK_IMAGE_CACHE_READ; pick++) {
		uint64_t sum;

		if (__builtin_add_overflow(d->count[pick], item_number(item, pick), &sum))
			sum = UINT64_MAX;
		if (item_has(item, pick))
			dialect_count(d, pick, sum);
		item_drop(item, pick);
	}
	item_drop(item, PICK_ID);
}

static int openai_item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_REQUEST)
		return 0;
	if (item->each)
		return output_item(d, item);
	if (item_has(item, OWN_ERROR))
		dialect_error(d, (struct str){ "", 0 });
	if (d->own[LOOKED] || item_is(item, OWN_OBJECT, "response"))
		responses_item(d, item);
	anthropic_fields(d, item);
	if (item_has(item, PICK_RAW))
		d->own[HEADER_ALONE] = 0;
	if (item_has(item, OWN_RESULTS))
		add_results(d, item);
	if (item_text(item, PICK_TYPE).n && item_has(item, PICK_ID) && at(d, "transcription"))
		item_drop(item, PICK_ID);	/* of a segment */
	if (d->call->response_id[0] && str_starts(item_text(item, OWN_OBJECT), STR("chat.completion")))
		item_drop(item, PICK_ID);	/* a relay may name each chunk anew */
	if (item_is(item, OWN_OBJECT, "batch"))
		STR_COPY(d->call->batch_id, item_text(item, PICK_ID));
	if (item_is(item, OWN_OBJECT, "batch") && !item_is(item, PICK_STATUS, "completed"))
		return 1;	/* its counts still grow */
	if (item_has(item, OWN_DATA) && !item_has(item, PICK_RAW) && at(d, "image_generation"))
		dialect_unit(d, "image", item_number(item, OWN_DATA));
	if (item_has(item, OWN_DURATION) && !item_has(item, PICK_RAW) && at(d, "transcription"))
		dialect_unit(d, "second", item_number(item, OWN_DURATION));
	if (item_is(item, OWN_DATA_OBJECT, "model") && item_is(item, OWN_OBJECT, "list") && at(d, "models"))
		d->sure = true;
	return 0;
}

/* Who counts reasoning apart shows it in the total; what only some leave out, their name says. */
static int openai_end(struct dialect *d, enum ending ending)
{
	uint64_t reasoning = d->count[PICK_REASONING], total = d->count[PICK_TOTAL];

	(void)ending;
	/* a header counts the prompt, and says nothing of what was made */
	if (d->own[HEADER_ALONE])
		d->unread |= 1ull << PICK_OUTPUT;
	if (provider_is(d, "mistral_ai"))
		d->convention |= AUDIO_APART;
	if (provider_is(d, "gcp.gemini") || provider_is(d, "gcp.vertex_ai"))
		d->convention |= OUTPUT_FROM_TOTAL;
	if (reasoning && total == d->count[PICK_INPUT] + d->count[PICK_OUTPUT] + reasoning)
		d->convention |= REASONING_APART;
	return 0;
}

const struct provider dialect_openai = {
	.name = "openai",
	.routes = routes,
	.wants = { request, response },
	.headers = { no_headers, response_headers },
	.head = openai_head,
	.item = openai_item,
	.end = openai_end,
};
