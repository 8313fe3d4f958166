/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where texts stand. Requests of all dialects share one table: a name that two
 * of them have means the same in both. Answers do not, and what a stream tells
 * twice (OpenAI's response.completed has all of it again) is counted once.
 */
#include "ai/text_wants.h"

#include <string.h>

#include "ai/pick.h"

#define TEXT(path, class) { path, class, WANT_TEXT }

static const struct want request[] = {
#define PROMPT(at) \
	TEXT(at "messages", TEXT_PROMPT), \
	TEXT(at "messages[]", TEXT_TURNS), \
	TEXT(at "contents", TEXT_PROMPT), \
	TEXT(at "contents[]", TEXT_TURNS), \
	TEXT(at "system", TEXT_PROMPT), \
	TEXT(at "systemInstruction", TEXT_PROMPT), \
	TEXT(at "system_instruction", TEXT_PROMPT), \
	TEXT(at "contents[].parts[].inlineData", TEXT_IMAGES), \
	TEXT(at "contents[].parts[].inline_data", TEXT_IMAGES), \
	TEXT(at "contents[].parts[].fileData", TEXT_REMOTE), \
	TEXT(at "contents[].parts[].file_data", TEXT_REMOTE), \
	TEXT(at "cachedContent", TEXT_REMOTE), \
	TEXT(at "tools", TEXT_TOOLS), \
	TEXT(at "tools[]", TEXT_OFFERS), \
	TEXT(at "tools[].functionDeclarations[]", TEXT_SCHEMAS), \
	TEXT(at "tools[].function_declarations[]", TEXT_SCHEMAS)
	PROMPT(""), PROMPT("request."),

	TEXT("input", TEXT_PROMPT),
	TEXT("input[]", TEXT_TURNS),
	TEXT("instructions", TEXT_PROMPT),
	TEXT("prompt", TEXT_PROMPT),
	TEXT("content", TEXT_PROMPT),
	TEXT("inputText", TEXT_PROMPT),
	TEXT("inputs", TEXT_PROMPT),
	TEXT("texts", TEXT_PROMPT),
	TEXT("requests", TEXT_PROMPT),
	TEXT("instances", TEXT_PROMPT),
	TEXT("message", TEXT_PROMPT),
	TEXT("chat_history", TEXT_PROMPT),
	TEXT("preamble", TEXT_PROMPT),
	TEXT("documents", TEXT_PROMPT),

	TEXT("functions", TEXT_TOOLS),
	TEXT("functions[]", TEXT_OFFERS),
	TEXT("functions[].parameters", TEXT_SCHEMAS),
	TEXT("tools[].function", TEXT_SCHEMAS),
	TEXT("tools[].parameters", TEXT_SCHEMAS),
	TEXT("tools[].input_schema", TEXT_SCHEMAS),
	TEXT("tools[].parameter_definitions", TEXT_SCHEMAS),
	TEXT("toolConfig", TEXT_TOOLS),
	TEXT("toolConfig.tools[]", TEXT_OFFERS),
	TEXT("toolConfig.tools[].toolSpec", TEXT_SCHEMAS),
	TEXT("response_format", TEXT_TOOLS),
	TEXT("text.format", TEXT_TOOLS),
	TEXT("output_config", TEXT_TOOLS),
	TEXT("output_format", TEXT_TOOLS),
	TEXT("format", TEXT_TOOLS),
	TEXT("generationConfig.responseSchema", TEXT_TOOLS),
	TEXT("generationConfig.responseJsonSchema", TEXT_TOOLS),
	TEXT("generationConfig.response_schema", TEXT_TOOLS),
	TEXT("generationConfig.response_json_schema", TEXT_TOOLS),

	TEXT("messages[].content[].image_url", TEXT_IMAGES),
	TEXT("messages[].content[].source", TEXT_IMAGES),
	TEXT("messages[].content[].image", TEXT_IMAGES),
	TEXT("messages[].content[].document", TEXT_IMAGES),
	TEXT("messages[].content[].video", TEXT_IMAGES),
	TEXT("messages[].content[].file", TEXT_IMAGES),
	TEXT("messages[].content[].document_url", TEXT_IMAGES),
	TEXT("messages[].content[].input_audio", TEXT_IMAGES),
	TEXT("messages[].images[]", TEXT_IMAGES),
	TEXT("input[].content[].image_url", TEXT_IMAGES),
	TEXT("input[].content[].file_data", TEXT_IMAGES),
	TEXT("input[].content[].file_url", TEXT_IMAGES),

	TEXT("tools[].googleSearch", TEXT_REMOTE),
	TEXT("tools[].google_search", TEXT_REMOTE),
	TEXT("tools[].urlContext", TEXT_REMOTE),
	TEXT("tools[].url_context", TEXT_REMOTE),
	TEXT("tools[].fileSearch", TEXT_REMOTE),
	TEXT("mcp_servers", TEXT_REMOTE),
	TEXT("web_search_options", TEXT_REMOTE),
	TEXT("search_parameters", TEXT_REMOTE),
	TEXT("plugins", TEXT_REMOTE),
	TEXT("previous_response_id", TEXT_REMOTE),
	TEXT("previous_interaction_id", TEXT_REMOTE),
	TEXT("prompt.id", TEXT_REMOTE),
	TEXT("conversation", TEXT_REMOTE),
	TEXT("container", TEXT_REMOTE),
	TEXT("input[].content[].file_id", TEXT_REMOTE),
	TEXT("messages[].content[].file.file_id", TEXT_REMOTE),
	TEXT("messages[].content[].source.file_id", TEXT_REMOTE),

	{ "max_tokens", PICK_LIMIT },
	{ "max_completion_tokens", PICK_LIMIT },
	{ "max_output_tokens", PICK_LIMIT },
	{ "max_tokens_to_sample", PICK_LIMIT },
	{ "max_gen_len", PICK_LIMIT },
	{ "generationConfig.maxOutputTokens", PICK_LIMIT },
	{ "generationConfig.max_output_tokens", PICK_LIMIT },
	{ "generation_config.max_output_tokens", PICK_LIMIT },
	{ "inferenceConfig.maxTokens", PICK_LIMIT },
	{ "options.num_predict", PICK_LIMIT },
	{ "parameters.max_new_tokens", PICK_LIMIT },
	{ "reasoning_effort", PICK_EFFORT },
	{ "reasoning.effort", PICK_EFFORT },
	{ "output_config.effort", PICK_EFFORT },
	{ "generationConfig.thinkingConfig.thinkingLevel", PICK_EFFORT },
	{ NULL },
};

static const struct want openai[] = {
#define CHOICE(at) \
	TEXT(at "content", TEXT_ANSWER), \
	TEXT(at "refusal", TEXT_ANSWER), \
	TEXT(at "reasoning_content", TEXT_REASONING), \
	TEXT(at "reasoning", TEXT_REASONING), \
	TEXT(at "reasoning_details[].data", TEXT_SEALED), \
	TEXT(at "function_call.arguments", TEXT_ARGUMENTS), \
	TEXT(at "tool_calls[].function.arguments", TEXT_ARGUMENTS), \
	TEXT(at "tool_calls[].function.name", TEXT_CALLS)
	CHOICE("choices[].message."), CHOICE("choices[].delta."),
	TEXT("choices[].text", TEXT_ANSWER),

	TEXT("output[].content[].text", TEXT_ANSWER),
	TEXT("output[].content[].refusal", TEXT_ANSWER),
	TEXT("output[].arguments", TEXT_ARGUMENTS),
	TEXT("output[].input", TEXT_ARGUMENTS),
	TEXT("output[].code", TEXT_ARGUMENTS),
	TEXT("output[].name", TEXT_CALLS),
	TEXT("output[].action", TEXT_FETCHED),
	TEXT("output[].summary[].text", TEXT_REASONING),
	TEXT("output[].encrypted_content", TEXT_SEALED),
	TEXT("item.encrypted_content", TEXT_SEALED),
	TEXT("item.name", TEXT_CALLS),
	TEXT("item.action", TEXT_FETCHED),
	TEXT("delta", TEXT_ANSWER),
	TEXT("text", TEXT_ANSWER),
	{ NULL },
};

#define ANTHROPIC \
	TEXT("completion", TEXT_ANSWER), \
	TEXT("content[].text", TEXT_ANSWER), \
	TEXT("content[].thinking", TEXT_REASONING), \
	TEXT("content[].input", TEXT_ARGUMENTS), \
	TEXT("content[].name", TEXT_CALLS), \
	TEXT("content[].signature", TEXT_SEALED), \
	TEXT("content[].data", TEXT_SEALED), \
	TEXT("content[].content", TEXT_FETCHED), \
	TEXT("delta.text", TEXT_ANSWER), \
	TEXT("delta.thinking", TEXT_REASONING), \
	TEXT("delta.partial_json", TEXT_ARGUMENTS), \
	TEXT("delta.signature", TEXT_SEALED), \
	TEXT("content_block.name", TEXT_CALLS), \
	TEXT("content_block.data", TEXT_SEALED), \
	TEXT("content_block.content", TEXT_FETCHED)

static const struct want anthropic[] = { ANTHROPIC, { NULL } };

static const struct want gemini[] = {
#define PARTS(at) \
	TEXT(at "candidates[].content.parts[].text", TEXT_ANSWER), \
	TEXT(at "candidates[].content.parts[].executableCode", TEXT_ANSWER), \
	TEXT(at "candidates[].content.parts[].thoughtSignature", TEXT_SEALED), \
	TEXT(at "candidates[].content.parts[].functionCall.args", TEXT_ARGUMENTS), \
	TEXT(at "candidates[].content.parts[].functionCall.name", TEXT_CALLS), \
	TEXT(at "candidates[].groundingMetadata", TEXT_FETCHED)
	PARTS(""), PARTS("response."),
	TEXT("steps[].content[].text", TEXT_ANSWER),
	TEXT("steps[].arguments", TEXT_ARGUMENTS),
	TEXT("steps[].name", TEXT_CALLS),
	TEXT("steps[].signature", TEXT_SEALED),
	TEXT("outputs[].text", TEXT_ANSWER),
	TEXT("delta.text", TEXT_ANSWER),
	TEXT("delta.arguments", TEXT_ARGUMENTS),
	TEXT("delta.signature", TEXT_SEALED),
	{ NULL },
};

static const struct want bedrock[] = {
	ANTHROPIC,
#define CONVERSE(at) \
	TEXT(at "text", TEXT_ANSWER), \
	TEXT(at "toolUse.input", TEXT_ARGUMENTS), \
	TEXT(at "toolUse.name", TEXT_CALLS), \
	TEXT(at "reasoningContent.text", TEXT_REASONING), \
	TEXT(at "reasoningContent.signature", TEXT_SEALED), \
	TEXT(at "reasoningContent.reasoningText.text", TEXT_REASONING), \
	TEXT(at "reasoningContent.reasoningText.signature", TEXT_SEALED)
	CONVERSE("output.message.content[]."), CONVERSE("contentBlockDelta.delta."),
	TEXT("delta.toolUse.input", TEXT_ARGUMENTS),
	TEXT("delta.reasoningContent.text", TEXT_REASONING),
	TEXT("delta.reasoningContent.signature", TEXT_SEALED),
	TEXT("start.toolUse.name", TEXT_CALLS),
	TEXT("contentBlockStart.start.toolUse.name", TEXT_CALLS),
	TEXT("results[].outputText", TEXT_ANSWER),
	TEXT("outputText", TEXT_ANSWER),
	TEXT("generation", TEXT_ANSWER),
	TEXT("outputs[].text", TEXT_ANSWER),
	TEXT("generations[].text", TEXT_ANSWER),
	TEXT("text", TEXT_ANSWER),
	TEXT("choices[].text", TEXT_ANSWER),
	TEXT("choices[].message.content", TEXT_ANSWER),
	TEXT("choices[].delta.content", TEXT_ANSWER),
	{ NULL },
};

static const struct want cohere[] = {
	TEXT("text", TEXT_ANSWER),
	TEXT("generations[].text", TEXT_ANSWER),
#define COHERE(at, content) \
	TEXT(at content ".text", TEXT_ANSWER), \
	TEXT(at content ".thinking", TEXT_REASONING), \
	TEXT(at "tool_plan", TEXT_ANSWER), \
	TEXT(at "tool_calls.function.arguments", TEXT_ARGUMENTS), \
	TEXT(at "tool_calls.function.name", TEXT_CALLS), \
	TEXT(at "tool_calls[].function.arguments", TEXT_ARGUMENTS), \
	TEXT(at "tool_calls[].function.name", TEXT_CALLS)
	COHERE("message.", "content[]"), COHERE("delta.message.", "content"),
	TEXT("tool_calls[].parameters", TEXT_ARGUMENTS),
	TEXT("tool_calls[].name", TEXT_CALLS),
	{ NULL },
};

static const struct want ollama[] = {
	TEXT("response", TEXT_ANSWER),
	TEXT("thinking", TEXT_REASONING),
	TEXT("message.content", TEXT_ANSWER),
	TEXT("message.thinking", TEXT_REASONING),
	TEXT("message.tool_calls[].function.arguments", TEXT_ARGUMENTS),
	TEXT("message.tool_calls[].function.name", TEXT_CALLS),
	{ NULL },
};

static const struct want others[] = {
	TEXT("results[].generated_text", TEXT_ANSWER),
	TEXT("generated_text", TEXT_ANSWER),
	TEXT("token.text", TEXT_ANSWER),
	TEXT("completions[].completion", TEXT_ANSWER),
	{ NULL },
};

const struct want *text_wants(const char *dialect, enum side side)
{
	static const struct {
		const char *dialect;
		const struct want *wants;
	} table[] = {
		{ "openai", openai }, { "anthropic", anthropic }, { "gemini", gemini }, { "bedrock", bedrock },
		{ "cohere", cohere }, { "ollama", ollama },
	};

	if (side == SIDE_REQUEST)
		return request;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(dialect, table[i].dialect))
			return table[i].wants;
	return others;
}
