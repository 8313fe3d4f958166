/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usage object of OpenAI and its relatives, as wants: at the root, or below
 * a path that ends in a point. For openai*.c.
 */
#ifndef AITAP_AI_OPENAI_H
#define AITAP_AI_OPENAI_H

#include <string.h>

#include "ai/dialect.h"

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
	{ at "usage.server_side_tool_usage_details.x_search_calls", PICK_X_SEARCHES, .scale = 3 }, \
	{ at "usage.server_side_tool_usage_details.code_interpreter_calls", PICK_CODE_RUNS, .scale = 3 }, \
	{ at "usage.server_side_tool_usage_details.file_search_calls", PICK_FILE_SEARCHES, .scale = 3 }, \
	{ at "usage.num_sources_used", PICK_SOURCES, .scale = 3 }, \
	{ at "usage.server_tool_use_details.web_search_requests", PICK_WEB_SEARCHES, .scale = 3 }, \
	{ at "usage.num_search_queries", PICK_WEB_SEARCHES, .scale = 3 }

/* A relative's own id stands before one that a proxy in front of it may have set. */
extern const struct want openai_headers[];

/* Who counts reasoning apart shows it in the total; what only some leave out, their name says. Before the call is emitted. */
void openai_conventions(struct dialect *);
/* /openai/deployments/{deployment}/...: what is asked for is a deployment. */
void openai_deployment(struct dialect *, const struct head *);

/* openai_socket.c: of a socket, a message as it ends, after its event was read; before the call is emitted. */
#define OPENAI_OWN 16	/* of dialect->own, what an answer needs */
int openai_message(struct dialect *, enum side, struct item *);
void openai_socket_end(struct dialect *);

static inline bool openai_at(const struct dialect *d, const char *operation)
{
	return !strcmp(d->call->operation, operation);
}

static inline bool openai_provider(const struct dialect *d, const char *name)
{
	return !strcmp(d->call->provider, name);
}

#endif
