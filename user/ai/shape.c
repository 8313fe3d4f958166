/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first members of a body, or the name of an event, tell whose it is: each
 * row below is a mark that no other dialect has at that place. Order matters
 * only where one body bears two marks. Chat requests of OpenAI and Anthropic
 * look alike unless they use what only one of them has; their answers never do.
 */
#include <stdio.h>
#include <string.h>

#include "ai/shape.h"

enum mark {
	TYPE = PICK_TYPE,
	OBJECT = PICK_OWN_1,
	DATA_OBJECT,
	CANDIDATES,
	USAGE_METADATA,
	CONTENTS,
	EMBEDDING,
	CHOICES,
	VERSION,
	OUTPUT,
};

const struct want shape_wants[] = {
	{ "type", TYPE },
	{ "object", OBJECT },
	{ "data[].object", DATA_OBJECT },
	{ "response.object", OBJECT },
	{ "candidates", CANDIDATES, WANT_SEEN },
	{ "usageMetadata", USAGE_METADATA, WANT_SEEN },
	{ "promptFeedback", USAGE_METADATA, WANT_SEEN },
	{ "contents", CONTENTS, WANT_SEEN },
	{ "generationConfig", CONTENTS, WANT_SEEN },
	{ "embedding.values", EMBEDDING, WANT_SEEN },
	{ "embeddings[].values", EMBEDDING, WANT_SEEN },
	{ "choices", CHOICES, WANT_SEEN },
	{ "anthropic_version", VERSION, WANT_SEEN },
	{ "stop_sequences", VERSION, WANT_SEEN },
	{ "stream_options", OUTPUT, WANT_SEEN },
	{ NULL },
};

enum { SEEN, IS, BEGINS, NAMED };

static const struct {
	uint8_t mark;
	uint8_t how;
	const char *text;
	struct shape shape;
} rows[] = {
	{ 0, NAMED, "message_", { &dialect_anthropic, "chat" } },
	{ 0, NAMED, "content_block_", { &dialect_anthropic, "chat" } },
	{ 0, NAMED, "response.", { &dialect_openai, "chat" } },
	{ 0, NAMED, "thread.run", { &dialect_openai, "invoke_agent" } },
	{ TYPE, IS, "message", { &dialect_anthropic, "chat" } },
	{ TYPE, BEGINS, "message_", { &dialect_anthropic, "chat" } },
	{ TYPE, BEGINS, "content_block_", { &dialect_anthropic, "chat" } },
	{ TYPE, BEGINS, "response.", { &dialect_openai, "chat" } },
	{ TYPE, BEGINS, "transcript.", { &dialect_openai, "transcription" } },
	{ TYPE, BEGINS, "image_", { &dialect_openai, "image_generation" } },
	{ OBJECT, BEGINS, "chat.completion", { &dialect_openai, "chat" } },
	{ OBJECT, IS, "text_completion", { &dialect_openai, "text_completion" } },
	{ OBJECT, IS, "response", { &dialect_openai, "chat" } },
	{ OBJECT, BEGINS, "thread.run", { &dialect_openai, "invoke_agent" } },
	{ OBJECT, IS, "batch", { &dialect_openai, "batch" } },
	{ DATA_OBJECT, IS, "embedding", { &dialect_openai, "embeddings" } },
	{ CHOICES, SEEN, "", { &dialect_openai, "chat" } },
	{ CANDIDATES, SEEN, "", { &dialect_gemini, "generate_content" } },
	{ USAGE_METADATA, SEEN, "", { &dialect_gemini, "generate_content" } },
	{ EMBEDDING, SEEN, "", { &dialect_gemini, "embeddings" } },
	{ CONTENTS, SEEN, "", { &dialect_gemini, "generate_content" } },
	{ VERSION, SEEN, "", { &dialect_anthropic, "chat" } },
	{ OUTPUT, SEEN, "", { &dialect_openai, "chat" } },
};

const struct shape *shape_of(const struct item *item)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str text = rows[i].how == NAMED ? str_of(item->name) : item_text(item, rows[i].mark);

		if (rows[i].how == SEEN ? item_has(item, rows[i].mark) :
		    rows[i].how == IS ? str_eq(text, str_of(rows[i].text)) : str_starts(text, str_of(rows[i].text)))
			return &rows[i].shape;
	}
	return NULL;
}

/* Anthropic numbers its messages so, and those that others serve otherwise; the models are sold by nobody else under these names. */
static const char *provider_of(const struct call *call)
{
	static const struct {
		const char *dialect, *id, *model, *provider;
	} signs[] = {
		{ "anthropic", "msg_vrtx_", "", "gcp.vertex_ai" }, { "anthropic", "msg_bdrk_", "", "aws.bedrock" },
		{ "anthropic", "msg_01", "claude-", "anthropic" },
		{ "openai", "", "gpt-", "openai" }, { "openai", "", "o1", "openai" }, { "openai", "", "o3", "openai" },
		{ "openai", "", "o4-", "openai" }, { "openai", "", "text-embedding-", "openai" },
		{ "openai", "", "grok-", "x_ai" },
		{ "gemini", "", "gemini-", "gcp.gemini" },
	};
	struct str model = str_of(call->model[0] ? call->model : call->model_requested);

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (!strcmp(call->dialect, signs[i].dialect) && str_starts(str_of(call->response_id), str_of(signs[i].id)) &&
		    str_starts(model, str_of(signs[i].model)))
			return signs[i].provider;
	return NULL;
}

void shape_name(struct call *call)
{
	const char *name = provider_of(call);

	if (name && call->billing != BILLING_BATCH)
		call->billing = BILLING_METERED;
	if (name)
		STR_COPY(call->provider, str_of(name));
	else
		snprintf(call->provider, sizeof(call->provider), "%s-compatible", call->dialect);
}
