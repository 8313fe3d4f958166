/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Bedrock. Converse has one format for all models; InvokeModel hands over
 * each vendor's own, so every vendor's counts are wanted here. What a body does
 * not say (Cohere, Mistral, older Claude) stands in the answer's headers, or in
 * what the last chunk of a stream says of the invocation. That disagrees with
 * what Claude says itself of answers that call tools: the vendor is believed.
 * The model is in the path alone; of an agent's models the trace tells.
 */
#include <string.h>

#include "ai/dialect.h"

enum {
	EACH_CACHED = PICK_OWN_1,	/* a write to the cache */
	CACHED_TOKENS,
	CACHED_LIFE,
	OPENAI_SHAPE,
	GUARDRAIL_UNITS,
	DOCUMENTS,			/* to be ranked */
	METRICS,			/* of the invocation, in a stream's last chunk */
	METRIC_INPUT,
	METRIC_OUTPUT,
	METRIC_CACHE_READ,
	METRIC_CACHE_WRITE,
	AGENT_MODEL,
};

/* Fallbacks for what a body may leave out. */
static const struct {
	const char *name;
	unsigned int metric;
	enum pick pick;
} counted[] = {
	{ "x-amzn-bedrock-input-token-count", METRIC_INPUT, PICK_INPUT },
	{ "x-amzn-bedrock-output-token-count", METRIC_OUTPUT, PICK_OUTPUT },
	{ "x-amzn-bedrock-cache-read-input-token-count", METRIC_CACHE_READ, PICK_CACHE_READ },
	{ "x-amzn-bedrock-cache-write-input-token-count", METRIC_CACHE_WRITE, PICK_CACHE_WRITE },
};
#define N_COUNTED (sizeof(counted) / sizeof(counted[0]))

/* dialect->own; of the fallbacks one more than the number, 0 is none. */
enum { OWN_DOCUMENTS, OWN_STARTED, OWN_AGENTS, OWN_HEADERS, OWN_METRICS = OWN_HEADERS + N_COUNTED };

static const struct route routes[] = {
	{ "*/model/*/converse", "chat" },
	{ "*/model/*/converse-stream", "chat", ROUTE_STREAM },
	{ "*/model/*/invoke", "chat" },
	{ "*/model/*/invoke-with-response-stream", "chat", ROUTE_STREAM | ROUTE_WRAPPED },
	{ "*/model/*/invoke-with-bidirectional-stream", "realtime", ROUTE_STREAM | ROUTE_WRAPPED },
	{ "*/model/*/count-tokens", "count_tokens", ROUTE_FREE },
	{ "*/guardrail/*/version/*/apply", "apply_guardrail" },
	{ "*/agents/*/agentAliases/*/sessions/*/text", "invoke_agent", ROUTE_STREAM },
	{ "/agents/*", "invoke_agent", ROUTE_STREAM | ROUTE_WEAK },	/* described in the request, not stored: the session alone */
	{ "*/flows/*/aliases/*", "invoke_agent", ROUTE_STREAM },
	{ "/retrieveAndGenerate", "chat" },
	{ "/retrieveAndGenerateStream", "chat", ROUTE_STREAM },
	{ "/rerank", "rerank", ROUTE_WEAK },
	{ "/foundation-models*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "/inference-profiles*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "serviceTier.type", PICK_TIER },
	{ "toolConfig.tools[].toolSpec.name", PICK_TOOLS, WANT_NAMES },
	{ "tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "system", PICK_CONTENT, WANT_BYTES },
	{ "system[].text", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "inputText", PICK_CONTENT, WANT_BYTES },
	{ "texts[]", PICK_CONTENT, WANT_BYTES },
	{ "documents[]", DOCUMENTS, WANT_COUNT },
	{ "sources[]", DOCUMENTS, WANT_COUNT },
	{ 0 },
};

/* Converse and Nova, whose streams have it within metadata. */
#define CONVERSE(at) \
	{ at "usage", PICK_RAW, WANT_NUMBERS }, \
	{ at "usage.inputTokens", PICK_INPUT }, \
	{ at "usage.outputTokens", PICK_OUTPUT }, \
	{ at "usage.cacheReadInputTokens", PICK_CACHE_READ }, \
	{ at "usage.cacheReadInputTokenCount", PICK_CACHE_READ }, \
	{ at "usage.cacheWriteInputTokens", PICK_CACHE_WRITE }, \
	{ at "usage.cacheWriteInputTokenCount", PICK_CACHE_WRITE }, \
	{ at "usage.cacheDetails[]", EACH_CACHED, WANT_EACH }, \
	{ at "usage.cacheDetails[].inputTokens", CACHED_TOKENS }, \
	{ at "usage.cacheDetails[].ttl", CACHED_LIFE }

/* Anthropic, whose streams begin with a message. */
#define ANTHROPIC(at) \
	{ at "id", PICK_ID }, \
	{ at "model", PICK_MODEL }, \
	{ at "usage.service_tier", PICK_TIER }, \
	{ at "usage.input_tokens", PICK_INPUT }, \
	{ at "usage.output_tokens", PICK_OUTPUT }, \
	{ at "usage.output_tokens_details.thinking_tokens", PICK_REASONING }, \
	{ at "usage.cache_read_input_tokens", PICK_CACHE_READ }, \
	{ at "usage.cache_creation_input_tokens", PICK_CACHE_WRITE }, \
	{ at "usage.cache_creation.ephemeral_5m_input_tokens", PICK_CACHE_WRITE_5M }, \
	{ at "usage.cache_creation.ephemeral_1h_input_tokens", PICK_CACHE_WRITE_1H }, \
	{ at "usage.server_tool_use.web_search_requests", PICK_WEB_SEARCHES, .scale = 3 }

/* A step of an agent: what a model was asked, and what it used. */
#define STEP(at) \
	{ "trace." at ".modelInvocationInput.foundationModel", AGENT_MODEL }, \
	{ "trace." at ".modelInvocationOutput.metadata.usage.inputTokens", PICK_INPUT, WANT_SUM }, \
	{ "trace." at ".modelInvocationOutput.metadata.usage.outputTokens", PICK_OUTPUT, WANT_SUM }

static const struct want response[] = {
	{ "__type", PICK_ERROR },
	{ "type", PICK_TYPE },
	{ "serviceTier.type", PICK_TIER },
	{ "stopReason", PICK_FINISH },
	{ "stop_reason", PICK_FINISH },
	{ "finish_reason", PICK_FINISH },
	{ "completionReason", PICK_FINISH },
	{ "delta.stop_reason", PICK_FINISH },
	{ "messageStop.stopReason", PICK_FINISH },
	{ "choices[].finish_reason", PICK_FINISH },
	{ "results[].completionReason", PICK_FINISH },
	{ "generations[].finish_reason", PICK_FINISH },
	{ "outputs[].stop_reason", PICK_FINISH },
	{ "output.message.content[].toolUse.name", PICK_TOOLS, WANT_NAMES },
	{ "content[].name", PICK_TOOLS, WANT_NAMES },
	{ "content_block.name", PICK_TOOLS, WANT_NAMES },
	{ "start.toolUse.name", PICK_TOOLS, WANT_NAMES },
	{ "contentBlockStart.start.toolUse.name", PICK_TOOLS, WANT_NAMES },
	{ "output.message.content[].text", PICK_CONTENT, WANT_BYTES },
	{ "output.message.content[].reasoningContent.reasoningText.text", PICK_CONTENT, WANT_BYTES },
	{ "content[].thinking", PICK_CONTENT, WANT_BYTES },
	{ "content[].text", PICK_CONTENT, WANT_BYTES },
	{ "choices[].message.content", PICK_CONTENT, WANT_BYTES },
	{ "choices[].delta.content", PICK_CONTENT, WANT_BYTES },
	{ "results[].outputText", PICK_CONTENT, WANT_BYTES },
	{ "generations[].text", PICK_CONTENT, WANT_BYTES },
	{ "outputs[].text", PICK_CONTENT, WANT_BYTES },
	{ "outputText", PICK_CONTENT, WANT_BYTES },
	{ "generation", PICK_CONTENT, WANT_BYTES },
	{ "completion", PICK_CONTENT, WANT_BYTES },
	{ "text", PICK_CONTENT, WANT_BYTES },
#define DELTA(at) \
	{ at "delta.text", PICK_CONTENT, WANT_BYTES }, \
	{ at "delta.toolUse.input", PICK_CONTENT, WANT_BYTES }, \
	{ at "delta.reasoningContent.text", PICK_CONTENT, WANT_BYTES }
	DELTA(""), DELTA("contentBlockDelta."),
	{ "delta.thinking", PICK_CONTENT, WANT_BYTES },
	{ "delta.partial_json", PICK_CONTENT, WANT_BYTES },

	CONVERSE(""), CONVERSE("metadata."),
	ANTHROPIC(""), ANTHROPIC("message."),
	{ "message.usage", PICK_RAW, WANT_NUMBERS },

	/* OpenAI's open models, AI21, imported models */
	{ "usage.prompt_tokens", OPENAI_SHAPE, WANT_SEEN },
	{ "usage.prompt_tokens", PICK_INPUT },
	{ "usage.completion_tokens", PICK_OUTPUT },
	{ "usage.prompt_tokens_details.cached_tokens", PICK_CACHE_READ },
	{ "usage.completion_tokens_details.reasoning_tokens", PICK_REASONING },

	/* Llama, Titan */
	{ "prompt_token_count", PICK_INPUT },
	{ "generation_token_count", PICK_OUTPUT },
	{ "inputTextTokenCount", PICK_INPUT },
	{ "totalOutputTextTokenCount", PICK_OUTPUT },
	{ "results[].tokenCount", PICK_OUTPUT, WANT_SUM },

	{ "amazon-bedrock-invocationMetrics", METRICS, WANT_NUMBERS },
	{ "amazon-bedrock-invocationMetrics.inputTokenCount", METRIC_INPUT },
	{ "amazon-bedrock-invocationMetrics.outputTokenCount", METRIC_OUTPUT },
	{ "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount", METRIC_CACHE_READ },
	{ "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount", METRIC_CACHE_WRITE },

	/* agents, where the client asks for a trace */
	STEP("preProcessingTrace"), STEP("orchestrationTrace"), STEP("postProcessingTrace"), STEP("routingClassifierTrace"),

	/* speech to speech; totals of the session so far (Nova user guide, output events) */
	{ "event.usageEvent", PICK_RAW, WANT_NUMBERS },
	{ "event.usageEvent.totalInputTokens", PICK_INPUT },
	{ "event.usageEvent.totalOutputTokens", PICK_OUTPUT },
	{ "event.usageEvent.details.total.input.speechTokens", PICK_AUDIO_INPUT },
	{ "event.usageEvent.details.total.output.speechTokens", PICK_AUDIO_OUTPUT },
	{ "event.textOutput.content", PICK_CONTENT, WANT_BYTES },
	{ "event.completionEnd.stopReason", PICK_FINISH },

	/* pictures */
	{ "images[]", PICK_IMAGES, WANT_COUNT, .scale = 3 },
	{ "artifacts[].base64", PICK_IMAGES, WANT_COUNT, .scale = 3 },

	/* guardrails: words are free */
	{ "usage.topicPolicyUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ "usage.contentPolicyUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ "usage.contentPolicyImageUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ "usage.sensitiveInformationPolicyUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ "usage.contextualGroundingPolicyUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ "usage.automatedReasoningPolicyUnits", GUARDRAIL_UNITS, WANT_SUM, .scale = 3 },
	{ 0 },
};

/* bedrock-runtime.us-east-1.amazonaws.com */
static struct str region_of(struct str host)
{
	struct str service, region;

	if (!str_istarts(host, STR("bedrock")) || !str_split(&host, '.', &service) || !str_split(&host, '.', &region))
		return (struct str){ "", 0 };
	return region;
}

static void request_head(struct dialect *d, const struct head *head)
{
	struct call *call = d->call;
	const char *model = url_decode(path_after(head->path, "/model/"), call->model_requested,
				       sizeof(call->model_requested)).p;

	/* OpenAI counts the cache as part of the input wherever its models run */
	if (strstr(model, "openai."))
		d->convention &= ~(unsigned int)CACHE_APART;
	if (strstr(model, "embed"))
		STR_COPY(call->operation, STR("embeddings"));
	if (strstr(model, "rerank"))
		STR_COPY(call->operation, STR("rerank"));
	if (!call->region[0])
		STR_COPY(call->region, region_of(head->host));
	if (!call->session[0])
		url_decode(path_after(head->path, "/sessions/"), call->session, sizeof(call->session));
	if (!call->session[0] && str_find(head->path, STR("/agentAliases/")) < 0)
		url_decode(path_after(head->path, "/agents/"), call->session, sizeof(call->session));
}

static void response_head(struct dialect *d, const struct head *head)
{
	struct str error = head_get(head, STR("x-amzn-errortype"));

	for (size_t i = 0; i < N_COUNTED; i++) {
		uint64_t n;

		if (str_u64(head_get(head, str_of(counted[i].name)), &n))
			d->own[OWN_HEADERS + i] = n + 1;
	}
	if (error.n)
		dialect_error(d, str_sub(error, 0, (size_t)str_chr(error, ':')));
}

static int head(struct dialect *d, enum side side, const struct head *head)
{
	if (side == SIDE_REQUEST)
		request_head(d, head);
	else
		response_head(d, head);
	return 0;
}

static void cache_write(struct item *item)
{
	enum pick life = item_is(item, CACHED_LIFE, "1h") ? PICK_CACHE_WRITE_1H : PICK_CACHE_WRITE_5M;

	item_put(item, life, (struct value){ .kind = VALUE_NUMBER,
		 .number = dialect_sum(item_number(item, life), item_number(item, CACHED_TOKENS)) });
}

/* An agent's steps add up; what they cost together has a price only where all asked the same model. */
static void agent_step(struct dialect *d, struct item *item)
{
	static const enum pick picks[] = { PICK_INPUT, PICK_OUTPUT };
	struct str model = item_text(item, AGENT_MODEL);

	if (model.n && !d->own[OWN_AGENTS]++)
		STR_COPY(d->billed, model);
	else if (model.n && !str_eq(model, str_of(d->billed)))
		d->billed[0] = 0;
	for (size_t i = 0; i < sizeof(picks) / sizeof(picks[0]); i++)
		if (item_has_number(item, picks[i]))
			dialect_count(d, picks[i], dialect_sum(d->count[picks[i]], item_number(item, picks[i])));
}

static void invocation(struct dialect *d, const struct item *item)
{
	for (size_t i = 0; i < N_COUNTED; i++)
		if (item_has_number(item, counted[i].metric))
			d->own[OWN_METRICS + i] = item_number(item, counted[i].metric) + 1;
	if (item_has(item, METRICS) && !item_has(item, PICK_RAW) && !d->call->usage_raw[0])
		STR_COPY(d->call->usage_raw, item_text(item, METRICS));
}

static void response_item(struct dialect *d, struct item *item)
{
	/* AI21's first models number every answer 1234 */
	if (item->values[PICK_ID].kind == VALUE_NUMBER)
		item_drop(item, PICK_ID);
	/* at the start of a stream output is a first guess */
	if (item_is(item, PICK_TYPE, "message_start")) {
		item_drop(item, PICK_OUTPUT);
		d->own[OWN_STARTED] = 1;
	}
	if (item_has(item, OPENAI_SHAPE))
		d->convention &= ~(unsigned int)CACHE_APART;
	if (item_has(item, GUARDRAIL_UNITS))
		dialect_unit(d, "guardrail_unit", item_number(item, GUARDRAIL_UNITS));
	invocation(d, item);
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_REQUEST) {
		d->own[OWN_DOCUMENTS] = item_number(item, DOCUMENTS);
		return 0;
	}
	if (item->each) {
		cache_write(item);
		return 0;
	}
	if (item->exception) {
		dialect_error(d, str_of(item->name));
		return 1;
	}
	if (item->kind == ITEM_FRAME && !strcmp(item->name, "trace")) {
		agent_step(d, item);
		return 1;
	}
	response_item(d, item);
	return 0;
}

static int end(struct dialect *d, enum ending ending)
{
	(void)ending;
	for (size_t i = 0; i < N_COUNTED; i++) {
		uint64_t n = d->own[OWN_METRICS + i] ? d->own[OWN_METRICS + i] : d->own[OWN_HEADERS + i];

		if (n && !(d->reported >> counted[i].pick & 1))
			dialect_count(d, counted[i].pick, n - 1);
	}
	if (d->own[OWN_STARTED] && !(d->reported >> PICK_OUTPUT & 1))
		d->cut = true;
	/* one search ranks up to a hundred documents */
	if (d->own[OWN_DOCUMENTS] && d->call->status == 200 && !strcmp(d->call->operation, "rerank"))
		dialect_unit(d, "search_unit", (d->own[OWN_DOCUMENTS] + 99) / 100 * 1000);
	return 0;
}

const struct provider dialect_bedrock = {
	.name = "bedrock",
	.routes = routes,
	.wants = { request, response },
	.convention = CACHE_APART,
	.head = head,
	.item = item,
	.end = end,
};
