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
#define JSON(path, class) { path, class, WANT_JSON }
#define TALLY(path, class) { path, class, WANT_TALLY }

static const struct want request[] = {
#define MESSAGE(at) \
	TALLY(at "[]", TEXT_TURNS), \
	TEXT(at "[].content", TEXT_PROMPT), \
	TEXT(at "[].content[].text", TEXT_PROMPT), \
	TEXT(at "[].content[].content", TEXT_PROMPT), \
	TEXT(at "[].content[].content[].text", TEXT_PROMPT), \
	TEXT(at "[].content[].thinking", TEXT_PROMPT), \
	JSON(at "[].content[].input", TEXT_PROMPT), \
	TEXT(at "[].reasoning_content", TEXT_PROMPT), \
	JSON(at "[].tool_calls[].function.arguments", TEXT_PROMPT), \
	TALLY(at "[].content[].image_url", TEXT_IMAGES), \
	TALLY(at "[].content[].source", TEXT_IMAGES), \
	TALLY(at "[].content[].image", TEXT_IMAGES), \
	TALLY(at "[].content[].document", TEXT_IMAGES), \
	TALLY(at "[].content[].document_url", TEXT_IMAGES), \
	TALLY(at "[].content[].video", TEXT_IMAGES), \
	TALLY(at "[].content[].file", TEXT_IMAGES), \
	TALLY(at "[].content[].file_data", TEXT_IMAGES), \
	TALLY(at "[].content[].file_url", TEXT_IMAGES), \
	TALLY(at "[].content[].input_audio", TEXT_IMAGES), \
	TALLY(at "[].content[].content[].source", TEXT_IMAGES), \
	TALLY(at "[].content[].file_id", TEXT_REMOTE), \
	TALLY(at "[].content[].file.file_id", TEXT_REMOTE), \
	TALLY(at "[].content[].source.file_id", TEXT_REMOTE)
	MESSAGE("messages"), MESSAGE("input"),
	TALLY("messages[].images[]", TEXT_IMAGES),
	JSON("messages[].content[].toolUse.input", TEXT_PROMPT),
	JSON("messages[].content[].toolResult.content", TEXT_PROMPT),
	TEXT("messages[].content[].reasoningContent.reasoningText.text", TEXT_PROMPT),
	TEXT("messages[].content[].signature", TEXT_RESENT),
	TEXT("messages[].reasoning_details[].data", TEXT_RESENT),
	TEXT("input[].encrypted_content", TEXT_RESENT),
	TEXT("input", TEXT_PROMPT),
	TEXT("input[]", TEXT_PROMPT),
	TEXT("input[].text", TEXT_PROMPT),
	JSON("input[].output", TEXT_PROMPT),
	TEXT("input[].arguments", TEXT_PROMPT),
	TEXT("input[].summary[].text", TEXT_PROMPT),
	TEXT("system", TEXT_PROMPT),
	TEXT("system[].text", TEXT_PROMPT),
	TEXT("instructions", TEXT_PROMPT),
	TEXT("prompt", TEXT_PROMPT),
	TEXT("prompt[]", TEXT_PROMPT),
	TEXT("content", TEXT_PROMPT),
	TEXT("inputText", TEXT_PROMPT),
	TEXT("inputs", TEXT_PROMPT),
	TEXT("texts[]", TEXT_PROMPT),
	TEXT("content.parts[].text", TEXT_PROMPT),
	TEXT("requests[].content.parts[].text", TEXT_PROMPT),
	TEXT("instances[].content", TEXT_PROMPT),
	TEXT("instances[].prompt", TEXT_PROMPT),
	TEXT("message", TEXT_PROMPT),
	TEXT("chat_history[].message", TEXT_PROMPT),
	TEXT("preamble", TEXT_PROMPT),
	JSON("documents", TEXT_PROMPT),

#define GOOGLE(at) \
	TALLY(at "contents[]", TEXT_TURNS), \
	TEXT(at "contents[].parts[].text", TEXT_PROMPT), \
	TEXT(at "contents[].text", TEXT_PROMPT), \
	TEXT(at "contents[].parts[].thoughtSignature", TEXT_RESENT), \
	TEXT(at "contents[].parts[].thought_signature", TEXT_RESENT), \
	JSON(at "contents[].parts[].functionCall", TEXT_PROMPT), \
	JSON(at "contents[].parts[].function_call", TEXT_PROMPT), \
	JSON(at "contents[].parts[].functionResponse", TEXT_PROMPT), \
	JSON(at "contents[].parts[].function_response", TEXT_PROMPT), \
	TEXT(at "systemInstruction.parts[].text", TEXT_PROMPT), \
	TEXT(at "system_instruction", TEXT_PROMPT), \
	TEXT(at "system_instruction.parts[].text", TEXT_PROMPT), \
	TALLY(at "contents[].parts[].inlineData", TEXT_IMAGES), \
	TALLY(at "contents[].parts[].inline_data", TEXT_IMAGES), \
	TALLY(at "contents[].parts[].fileData", TEXT_REMOTE), \
	TALLY(at "contents[].parts[].file_data", TEXT_REMOTE), \
	TALLY(at "cachedContent", TEXT_REMOTE), \
	TALLY(at "tools[].functionDeclarations[]", TEXT_SCHEMAS), \
	TALLY(at "tools[].function_declarations[]", TEXT_SCHEMAS)
	GOOGLE(""), GOOGLE("request."),

	JSON("tools", TEXT_TOOLS),
	JSON("request.tools", TEXT_TOOLS),
	JSON("functions", TEXT_TOOLS),
	JSON("toolConfig", TEXT_TOOLS),
	JSON("response_format", TEXT_TOOLS),
	JSON("text.format", TEXT_TOOLS),
	JSON("output_config", TEXT_TOOLS),
	JSON("output_format", TEXT_TOOLS),
	JSON("format", TEXT_TOOLS),
	JSON("generationConfig.responseSchema", TEXT_TOOLS),
	JSON("generationConfig.responseJsonSchema", TEXT_TOOLS),
	JSON("generationConfig.response_schema", TEXT_TOOLS),
	JSON("generationConfig.response_json_schema", TEXT_TOOLS),
	TALLY("tools[]", TEXT_OFFERS),
	TALLY("functions[]", TEXT_OFFERS),
	TALLY("functions[].name", TEXT_SCHEMAS),
	TALLY("tools[].function", TEXT_SCHEMAS),
	TALLY("tools[].parameters", TEXT_SCHEMAS),
	TALLY("tools[].input_schema", TEXT_SCHEMAS),
	TALLY("tools[].parameter_definitions", TEXT_SCHEMAS),
	TALLY("toolConfig.tools[]", TEXT_OFFERS),
	TALLY("toolConfig.tools[].toolSpec", TEXT_SCHEMAS),

	TALLY("tools[].googleSearch", TEXT_REMOTE),
	TALLY("tools[].google_search", TEXT_REMOTE),
	TALLY("tools[].urlContext", TEXT_REMOTE),
	TALLY("tools[].url_context", TEXT_REMOTE),
	TALLY("tools[].fileSearch", TEXT_REMOTE),
	TALLY("mcp_servers[]", TEXT_REMOTE),
	TALLY("web_search_options", TEXT_REMOTE),
	TALLY("search_parameters", TEXT_REMOTE),
	TALLY("plugins[]", TEXT_REMOTE),
	TALLY("previous_response_id", TEXT_REMOTE),
	TALLY("previous_interaction_id", TEXT_REMOTE),
	TALLY("prompt.id", TEXT_REMOTE),
	TALLY("conversation", TEXT_REMOTE),
	TALLY("container", TEXT_REMOTE),

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
	TEXT(at "content[].text", TEXT_ANSWER), \
	TEXT(at "refusal", TEXT_ANSWER), \
	TEXT(at "reasoning_content", TEXT_REASONING), \
	TEXT(at "reasoning", TEXT_REASONING), \
	TEXT(at "reasoning_details[].data", TEXT_SEALED), \
	TEXT(at "function_call.arguments", TEXT_ARGUMENTS), \
	JSON(at "tool_calls[].function.arguments", TEXT_ARGUMENTS), \
	TALLY(at "tool_calls[].function.name", TEXT_CALLS)
	CHOICE("choices[].message."), CHOICE("choices[].delta."),
	TEXT("choices[].text", TEXT_ANSWER),

	TEXT("output[].content[].text", TEXT_ANSWER),
	TEXT("output[].content[].refusal", TEXT_ANSWER),
	TEXT("output[].arguments", TEXT_ARGUMENTS),
	JSON("output[].input", TEXT_ARGUMENTS),
	TEXT("output[].code", TEXT_ARGUMENTS),
	TALLY("output[].name", TEXT_CALLS),
	JSON("output[].action", TEXT_FETCHED),
	TEXT("output[].summary[].text", TEXT_REASONING),
	TEXT("output[].encrypted_content", TEXT_SEALED),
	TEXT("item.encrypted_content", TEXT_SEALED),
	TALLY("item.name", TEXT_CALLS),
	JSON("item.action", TEXT_FETCHED),
	TEXT("delta", TEXT_ANSWER),
	{ NULL },
};

#define ANTHROPIC \
	TEXT("completion", TEXT_ANSWER), \
	TEXT("content[].text", TEXT_ANSWER), \
	TEXT("content[].thinking", TEXT_REASONING), \
	JSON("content[].input", TEXT_ARGUMENTS), \
	TALLY("content[].name", TEXT_CALLS), \
	TEXT("content[].signature", TEXT_SEALED), \
	TEXT("content[].data", TEXT_SEALED), \
	JSON("content[].content", TEXT_FETCHED), \
	TEXT("delta.text", TEXT_ANSWER), \
	TEXT("delta.thinking", TEXT_REASONING), \
	TEXT("delta.partial_json", TEXT_ARGUMENTS), \
	TEXT("delta.signature", TEXT_SEALED), \
	TALLY("content_block.name", TEXT_CALLS), \
	TEXT("content_block.data", TEXT_SEALED), \
	JSON("content_block.content", TEXT_FETCHED)

static const struct want anthropic[] = { ANTHROPIC, { NULL } };

static const struct want gemini[] = {
#define PARTS(at) \
	TEXT(at "candidates[].content.parts[].text", TEXT_ANSWER), \
	JSON(at "candidates[].content.parts[].executableCode", TEXT_ANSWER), \
	TEXT(at "candidates[].content.parts[].thoughtSignature", TEXT_SEALED), \
	JSON(at "candidates[].content.parts[].functionCall.args", TEXT_ARGUMENTS), \
	TALLY(at "candidates[].content.parts[].functionCall.name", TEXT_CALLS), \
	JSON(at "candidates[].groundingMetadata", TEXT_FETCHED)
	PARTS(""), PARTS("response."),
	TEXT("steps[].content[].text", TEXT_ANSWER),
	JSON("steps[].arguments", TEXT_ARGUMENTS),
	TALLY("steps[].name", TEXT_CALLS),
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
	JSON(at "toolUse.input", TEXT_ARGUMENTS), \
	TALLY(at "toolUse.name", TEXT_CALLS), \
	TEXT(at "reasoningContent.text", TEXT_REASONING), \
	TEXT(at "reasoningContent.signature", TEXT_SEALED), \
	TEXT(at "reasoningContent.reasoningText.text", TEXT_REASONING), \
	TEXT(at "reasoningContent.reasoningText.signature", TEXT_SEALED)
	CONVERSE("output.message.content[]."), CONVERSE("contentBlockDelta.delta."),
	JSON("delta.toolUse.input", TEXT_ARGUMENTS),
	TEXT("delta.reasoningContent.text", TEXT_REASONING),
	TEXT("delta.reasoningContent.signature", TEXT_SEALED),
	TALLY("start.toolUse.name", TEXT_CALLS),
	TALLY("contentBlockStart.start.toolUse.name", TEXT_CALLS),
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
	TALLY(at "tool_calls.function.name", TEXT_CALLS), \
	JSON(at "tool_calls[].function.arguments", TEXT_ARGUMENTS), \
	TALLY(at "tool_calls[].function.name", TEXT_CALLS)
	COHERE("message.", "content[]"), COHERE("delta.message.", "content"),
	JSON("tool_calls[].parameters", TEXT_ARGUMENTS),
	TALLY("tool_calls[].name", TEXT_CALLS),
	{ NULL },
};

static const struct want ollama[] = {
	TEXT("response", TEXT_ANSWER),
	TEXT("thinking", TEXT_REASONING),
	TEXT("message.content", TEXT_ANSWER),
	TEXT("message.thinking", TEXT_REASONING),
	JSON("message.tool_calls[].function.arguments", TEXT_ARGUMENTS),
	TALLY("message.tool_calls[].function.name", TEXT_CALLS),
	{ NULL },
};

static const struct want others[] = {
	TEXT("text", TEXT_ANSWER),
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
