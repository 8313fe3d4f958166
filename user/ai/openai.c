/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAI's dialect, and that of everybody who speaks it: chat completions,
 * responses, completions, embeddings, assistants. What is not text is in
 * openai_media.c, what comes later in openai_batch.c.
 *
 * The usage object stands at the root of a document and of a stream's last
 * event, within "response" in the events of the responses API, and within
 * "x_groq" at Groq. Its fields have two sets of names, of which a body has one.
 * Relatives add fields of their own; a name that only one of them has can be
 * wanted from all. What they mean differently is a rule below.
 */
#include "ai/openai.h"

enum {
	OWN_OBJECT = PICK_OWN_1,	/* object: what the document is */
	OWN_ITEM,			/* an item of the output */
	OWN_ITEM_TYPE,
	OWN_ACTION,			/* of a web search: search, or a look at a page, which is free */
	OWN_CONTAINER,			/* that code ran in: it is billed, however often it is used */
	OWN_DATA_OBJECT,
	OWN_ERROR,			/* there is one, whatever it looks like */
	OWN_CACHED,			/* cache read by a field that counts apart from input */
	OWN_SEARCHES,			/* by the provider's own count */
	OWN_BYOK,			/* the caller's own key at the provider behind: cost is the fee alone */
	OWN_UPSTREAM,			/* and this is what that one charges */
	OWN_DOCUMENTS,			/* searches of attached files */
	OWN_CONNECTED,			/* tokens that Mistral's connectors brought */
};

/* dialect->own */
enum { SEARCHES, FILE_SEARCHES, INTERPRETERS, DRAWINGS, CONTAINER, LOOKED, HEADER_ALONE, WAITS };

/* ---- what is picked */

static const struct want request[] = {
	{ "type", PICK_TYPE },
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
	USAGE("result."),	/* Cloudflare's own */
	{ "usage.cached_tokens", PICK_CACHE_READ },
	{ "usage.num_cached_tokens", PICK_CACHE_READ },
	{ "usage.prompt_cache_hit_tokens", PICK_CACHE_READ },
	{ "usage.cache_read_input_tokens", OWN_CACHED },
	{ "usage.cache_creation_input_tokens", PICK_CACHE_WRITE },
	{ "usage.reasoning_tokens", PICK_REASONING },
	{ "usage.citation_tokens", PICK_INPUT_MORE },
	{ "usage.prompt_audio_seconds", PICK_SECONDS, .scale = 3 },
	{ "usage.server_side_tool_usage_details.document_search_calls", OWN_DOCUMENTS, .scale = 3 },
	{ "response.usage.server_side_tool_usage_details.document_search_calls", OWN_DOCUMENTS, .scale = 3 },
	{ "usage.connector_tokens", OWN_CONNECTED },
	{ "usage.connectors.web_search", PICK_WEB_SEARCHES, .scale = 3 },
	{ "usage.connectors.code_interpreter", PICK_CODE_RUNS, .scale = 3 },
	{ "usage.is_byok", OWN_BYOK },
	{ "usage.cost_details.upstream_inference_cost", OWN_UPSTREAM, .scale = 12 },
	{ "usage.estimated_cost", PICK_COST, .scale = 12 },
	{ "tool_usage.web_search.num_requests", OWN_SEARCHES, .scale = 3 },
	{ "response.tool_usage.web_search.num_requests", OWN_SEARCHES, .scale = 3 },
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
	{ "output[].action.type", OWN_ACTION },
	{ "output[].container_id", OWN_CONTAINER },
	{ "response.output[]", OWN_ITEM, WANT_EACH },
	{ "response.output[].type", OWN_ITEM_TYPE },
	{ "response.output[].action.type", OWN_ACTION },
	{ "response.output[].container_id", OWN_CONTAINER },

	{ "data[].object", OWN_DATA_OBJECT },

	{ "result.response", PICK_CONTENT, WANT_BYTES },
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
const struct want openai_headers[] = {
	{ "apim-request-id", PICK_REQUEST_ID },
	{ "mistral-correlation-id", PICK_REQUEST_ID },
	{ "x-request-id", PICK_REQUEST_ID },
	{ "x-kong-request-id", PICK_REQUEST_ID },
	{ "x-ds-trace-id", PICK_REQUEST_ID },
	{ "x-generation-id", PICK_REQUEST_ID },
	{ "cf-auditlog-id", PICK_REQUEST_ID },
	{ "inference-id", PICK_REQUEST_ID },
	{ "x-global-transaction-id", PICK_REQUEST_ID },
	{ "x-ms-served-model", PICK_MODEL },	/* where the body names none */
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
	{ "*/ai/run/*", "chat", ROUTE_WEAK },
	{ "*/publishers/*/models/*:rawPredict", "chat" },
	{ "*/publishers/*/models/*:streamRawPredict", "chat", ROUTE_STREAM },
	{ "*/moderations", "moderation", ROUTE_FREE },
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
	{ "*/v1/models", "models", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/models", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/models/*", "models", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/organization/*", "organization", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ NULL },
};

/* ---- what data cannot say */

void openai_deployment(struct dialect *d, const struct head *head)
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

/* /accounts/{account}/ai/run/@cf/meta/llama-3.1-8b-instruct */
static void cloudflare_run(struct dialect *d, const struct head *head)
{
	ptrdiff_t at = str_find(head->path, STR("/ai/run/"));

	if (at >= 0)
		url_decode(str_sub(head->path, (size_t)at + 8, head->path.n), d->call->model_requested,
			   sizeof(d->call->model_requested));
}

/* What a GET asks for again: an answer, a run, an answer that Perplexity made in its own time. */
static void asked_again(struct dialect *d, const struct head *head)
{
	static const char *const markers[] = { "/responses/", "/runs/", "/async/chat/completions/", "/async/v1/sonar/" };

	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers) && !d->call->previous_id[0]; i++)
		url_decode(path_after(head->path, markers[i]), d->call->previous_id, sizeof(d->call->previous_id));
}

static void request_head(struct dialect *d, const struct head *head)
{
	openai_deployment(d, head);
	vertex_publisher(d, head);
	cloudflare_run(d, head);
	/* an answer that was over before it was cancelled is told once more */
	if (str_ends(head->path, STR("/cancel")))
		d->call->flags |= CALL_RETRIEVAL;
	if (d->call->flags & CALL_RETRIEVAL)
		asked_again(d, head);
	else if (str_find(head->path, STR("/async/")) >= 0)
		d->call->flags |= CALL_BACKGROUND;
	/* xAI's chat leaves reasoning out of completion_tokens, its responses do not */
	if (openai_provider(d, "x_ai") && str_iends(head->path, STR("/chat/completions")))
		d->convention |= REASONING_APART;
}

static int openai_head(struct dialect *d, enum side side, const struct head *head)
{
	struct str offer = head_get(head, STR("azureai-fe-offer-type"));

	if (side == SIDE_REQUEST) {
		request_head(d, head);
		return 0;
	}
	d->own[HEADER_ALONE] = head_get(head, STR("fireworks-prompt-tokens")).n > 0;
	if (str_istarts(offer, STR("ptu")) || str_istarts(offer, STR("provisioned"))) {
		if (!str_ieq(head_get(head, STR("x-ms-is-spilled-over")), STR("true")))
			d->call->billing = BILLING_PROVISIONED;
	}
	return 0;
}

static uint64_t hash_of(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 1099511628211u;
	return h;
}

/* An item of a response's output: what is billed by the call. Of what a search does, looking at a page is free. */
static int output_item(struct dialect *d, struct item *item)
{
	bool looks = item_has(item, OWN_ACTION) && !item_is(item, OWN_ACTION, "search");
	uint64_t container = item_has(item, OWN_CONTAINER) ? hash_of(item_text(item, OWN_CONTAINER)) : 0;

	if (item_is(item, OWN_ITEM_TYPE, "web_search_call"))
		d->own[SEARCHES] += !looks;
	else if (item_is(item, OWN_ITEM_TYPE, "file_search_call"))
		d->own[FILE_SEARCHES]++;
	else if (item_is(item, OWN_ITEM_TYPE, "code_interpreter_call"))
		d->own[INTERPRETERS] += !container || container != d->own[CONTAINER];
	else if (item_is(item, OWN_ITEM_TYPE, "image_generation_call"))
		d->own[DRAWINGS]++;
	if (container)
		d->own[CONTAINER] = container;
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
	if (item_number(item, OWN_SEARCHES))
		dialect_unit(d, "web_search", item_number(item, OWN_SEARCHES));
	if (item_is(item, OWN_OBJECT, "response") && status.n && !item_has(item, PICK_FINISH))
		STR_COPY(d->call->finish_reason, status);
}

/* Anthropic's field names beside OpenAI's, as LiteLLM, Vercel and Databricks send them: inside the prompt as well. */
static void anthropic_fields(struct dialect *d, struct item *item)
{
	if (!item_has(item, OWN_CACHED) || item_has(item, PICK_CACHE_READ))
		return;
	dialect_count(d, PICK_CACHE_READ, item_number(item, OWN_CACHED));
}

/* With the caller's own key the router charges its fee, and the provider behind it the rest. */
static void whole_cost(struct item *item)
{
	uint64_t sum;

	if (!item_number(item, OWN_BYOK) || !item_has(item, OWN_UPSTREAM) ||
	    __builtin_add_overflow(item_number(item, PICK_COST), item_number(item, OWN_UPSTREAM), &sum))
		return;
	item_put(item, PICK_COST, (struct value){ .kind = VALUE_NUMBER, .number = sum });
}

/* Beside the prompt's, if the total says so. */
static void connected(struct dialect *d, const struct item *item)
{
	uint64_t n = item_number(item, OWN_CONNECTED);

	if (n && item_number(item, PICK_TOTAL) == item_number(item, PICK_INPUT) + item_number(item, PICK_OUTPUT) + n)
		dialect_count(d, PICK_INPUT_MORE, n);
}

/* What of a usage object only code can tell, once it is over. */
static void usage_fields(struct dialect *d, struct item *item)
{
	anthropic_fields(d, item);
	whole_cost(item);
	connected(d, item);
	if (item_has(item, OWN_DOCUMENTS))
		dialect_unit(d, "document_search", item_number(item, OWN_DOCUMENTS));
	d->own[HEADER_ALONE] = 0;
}

static bool under_way(struct str status)
{
	static const char *const words[] = { "queued", "in_progress", "requires_action", "CREATED", "IN_PROGRESS" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq(status, str_of(words[i])))
			return true;
	return false;
}

static int answer(struct dialect *d, struct item *item)
{
	if (item->each)
		return output_item(d, item);
	if (item_has(item, OWN_ERROR))
		dialect_error(d, (struct str){ "", 0 });
	if (d->own[LOOKED] || item_is(item, OWN_OBJECT, "response"))
		responses_item(d, item);
	if (item_has(item, PICK_RAW))
		usage_fields(d, item);
	if (item_has(item, PICK_STATUS))
		d->own[WAITS] = under_way(item_text(item, PICK_STATUS));
	if (d->call->response_id[0] && str_starts(item_text(item, OWN_OBJECT), STR("chat.completion")))
		item_drop(item, PICK_ID);	/* a relay may name each chunk anew */
	if (item_is(item, OWN_DATA_OBJECT, "model") && item_is(item, OWN_OBJECT, "list") && openai_at(d, "models"))
		d->sure = true;
	return 0;
}

void openai_conventions(struct dialect *d)
{
	uint64_t reasoning = d->count[PICK_REASONING], total = d->count[PICK_TOTAL];

	if (openai_provider(d, "mistral_ai"))
		d->convention |= AUDIO_APART;
	if (openai_provider(d, "gcp.gemini") || openai_provider(d, "gcp.vertex_ai"))
		d->convention |= OUTPUT_FROM_TOTAL;
	/* its total leaves them out as well */
	if (openai_provider(d, "perplexity"))
		d->convention |= REASONING_APART;
	if (reasoning && total == d->count[PICK_INPUT] + d->count[PICK_OUTPUT] + reasoning)
		d->convention |= REASONING_APART;
}

static int openai_item(struct dialect *d, enum side side, struct item *item)
{
	int said = side == SIDE_RESPONSE ? answer(d, item) : 0;

	return said || item->each || item->kind != ITEM_MESSAGE ? said : openai_message(d, side, item);
}

/* gpt-4o-search-preview, gpt-5-search-api: each of their answers is a search, which no usage counts. */
static bool always_searches(const struct dialect *d)
{
	struct str model = str_of(d->call->model[0] ? d->call->model : d->call->model_requested);

	return openai_provider(d, "openai") && openai_at(d, "chat") && str_starts(model, STR("gpt-")) &&
	       (str_find(model, STR("-search-preview")) > 0 || str_find(model, STR("-search-api")) > 0);
}

static int end(struct dialect *d, enum ending ending)
{
	(void)ending;
	if (always_searches(d) && d->call->status == 200)
		dialect_unit(d, "web_search", 1000);
	openai_socket_end(d);
	/* a header counts the prompt, and says nothing of what was made */
	if (d->own[HEADER_ALONE])
		d->unread |= 1ull << PICK_OUTPUT;
	/* a run, or an answer, that only a later look will show */
	if (d->own[WAITS] && !d->reported && !(d->call->flags & (CALL_RETRIEVAL | CALL_STREAM | CALL_FREE)))
		d->call->flags |= CALL_BACKGROUND;
	/* Mistral lists a price for moderation */
	if (openai_at(d, "moderation") && openai_provider(d, "mistral_ai"))
		d->call->flags &= ~(uint32_t)CALL_FREE;
	openai_conventions(d);
	return 0;
}

const struct provider dialect_openai = {
	.name = "openai",
	.routes = routes,
	.wants = { request, response },
	.headers = { no_headers, openai_headers },
	.sibling = &dialect_openai_media,
	.head = openai_head,
	.item = openai_item,
	.end = end,
};
