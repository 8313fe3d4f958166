/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stability's pictures: the older endpoints answer with a list of them, the
 * newer with one, as it is or within JSON. The model is a part of the path.
 */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/v1/generation/*", "generate_image", ROUTE_WEAK },
	{ "/v2beta/stable-image/*", "generate_image", ROUTE_WEAK },
	{ "/v2beta/results/*", "generate_image", ROUTE_FREE | ROUTE_WEAK },
	{ "/v1/*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "text_prompts[].text", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "name", PICK_ERROR },
	{ "artifacts[].base64", PICK_IMAGES, WANT_COUNT, .scale = 3 },
	{ "finish_reason", PICK_FINISH },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "finish-reason", PICK_FINISH },
	{ 0 },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;
	struct str model = path_after(head->path, "/v1/generation/");

	if (side == SIDE_REQUEST && !model.n)
		model = path_after(head->path, "/v2beta/stable-image/generate/");
	if (side == SIDE_REQUEST && model.n)
		STR_COPY(call->model_requested, model);
	if (side == SIDE_RESPONSE && head->status == 200 && str_starts(head->path, STR("/v2beta/stable-image/")))
		dialect_unit(d, "image", 1000);
	return 0;
}

const struct provider dialect_stability = {
	.name = "stability",
	.routes = routes,
	.wants = { request, response },
	.headers = { NULL, response_headers },
	.head = head,
};
