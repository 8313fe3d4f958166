/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replicate's predictions: a POST starts one and mostly answers before it is
 * done, GETs ask how far it is. Some models are billed by token, the others by
 * the second they ran; both stand in metrics once it has succeeded.
 */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/v1/predictions", "predict" },
	{ "/v1/predictions/*", "predict", ROUTE_RETRIEVAL },
	{ "/v1/predictions/*/cancel", "predict" },
	{ "/v1/models/*/predictions", "predict" },
	{ "/v1/deployments/*/predictions", "predict" },
	{ "/v1/files*", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "/v1/trainings*", "fine_tuning", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "/v1/*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "input.prompt", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "id", PICK_ID },
	{ "model", PICK_MODEL },
	{ "status", PICK_FINISH },
	{ "output", PICK_CONTENT, WANT_BYTES },
	{ "output[]", PICK_CONTENT, WANT_BYTES },
	{ "metrics", PICK_RAW, WANT_NUMBERS },
	{ "metrics.input_token_count", PICK_INPUT },
	{ "metrics.output_token_count", PICK_OUTPUT },
	{ "metrics.predict_time", PICK_SECONDS, .scale = 3 },
	{ "metrics.image_count", PICK_IMAGES, .scale = 3 },
	{ 0 },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct str path = head->path;
	ptrdiff_t end = str_find(path, STR("/predictions"));

	/* /v1/models/OWNER/NAME/predictions */
	if (side == SIDE_REQUEST && str_starts(path, STR("/v1/models/")) && end > 0)
		STR_COPY(d->call->model_requested, str_sub(path, 11, (size_t)end - 11));
	if (side == SIDE_REQUEST && str_eq(head->method, STR("GET")))
		url_decode(path_after(path, "/predictions/"), d->call->previous_id, sizeof(d->call->previous_id));
	return 0;
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	/* an error's status is a number */
	if (item->values[PICK_FINISH].kind == VALUE_NUMBER)
		item_drop(item, PICK_FINISH);
	if (side == SIDE_RESPONSE && item_is(item, PICK_FINISH, "failed"))
		dialect_error(d, item_text(item, PICK_FINISH));
	/* whoever looks later brings the metrics */
	if (side == SIDE_RESPONSE && !(d->call->flags & CALL_RETRIEVAL) &&
	    (item_is(item, PICK_FINISH, "starting") || item_is(item, PICK_FINISH, "processing")))
		d->call->flags |= CALL_BACKGROUND;
	return 0;
}

const struct provider dialect_replicate = {
	.name = "replicate",
	.routes = routes,
	.wants = { request, response },
	.head = head,
	.item = item,
};
