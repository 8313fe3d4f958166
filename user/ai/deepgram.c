/* SPDX-License-Identifier: Apache-2.0 */
/* Deepgram: the model is asked for in the query; listening is billed by the second, speaking by the character. */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/v1/listen", "transcription", ROUTE_WEAK },
	{ "/v1/speak", "speech", ROUTE_WEAK },
	{ "/v1/read", "text_analysis", ROUTE_WEAK },
	{ "/v1/*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "text", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "err_code", PICK_ERROR },
	{ "metadata.duration", PICK_SECONDS, .scale = 3 },
	{ "results.channels[].alternatives[].transcript", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "dg-request-id", PICK_REQUEST_ID },
	{ "dg-project-id", PICK_PROJECT },
	{ "dg-char-count", PICK_CHARACTERS, .scale = 3 },
	{ 0 },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;

	if (side == SIDE_REQUEST)
		query_get(head->query, "model", call->model_requested, sizeof(call->model_requested));
	return 0;
}

const struct provider dialect_deepgram = {
	.name = "deepgram",
	.routes = routes,
	.wants = { request, response },
	.headers = { NULL, response_headers },
	.head = head,
};
