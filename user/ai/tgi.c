/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text Generation Inference and the pipelines of Hugging Face's own endpoints
 * (what it routes to others is OpenAI's dialect). The answer may be one object
 * or an array of them; details, where asked for, count what was made, headers
 * count the prompt as well.
 */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/", "text_completion", ROUTE_WEAK },
	{ "*/generate", "text_completion" },
	{ "*/generate_stream", "text_completion", ROUTE_STREAM },
	{ "/models/*", "text_completion", ROUTE_WEAK },
	{ "/pipeline/*", "pipeline", ROUTE_WEAK },
	{ "/hf-inference/models/*", "text_completion" },
	{ "/hf-inference/models/*/pipeline/*", "pipeline" },
	{ "/endpoints/*/invocations", "text_completion", ROUTE_WEAK },
	{ "/endpoints/*/invocations-response-stream", "text_completion", ROUTE_STREAM | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "stream", PICK_STREAM },
	{ "inputs", PICK_CONTENT, WANT_BYTES },
	{ "inputs[]", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "error_type", PICK_ERROR },
	{ "generated_text", PICK_CONTENT, WANT_BYTES },
	{ "token.text", PICK_CONTENT, WANT_BYTES },
	{ "details.finish_reason", PICK_FINISH },
	{ "details.input_length", PICK_INPUT },
	{ "details.generated_tokens", PICK_OUTPUT },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "x-prompt-tokens", PICK_INPUT },
	{ "x-generated-tokens", PICK_OUTPUT },
	{ 0 },
};

/* /models/OWNER/NAME[/pipeline/TASK], /pipeline/TASK/OWNER/NAME */
static struct str model_of(struct str path)
{
	ptrdiff_t at = str_find(path, STR("models/")), end;
	struct str task;

	if (at >= 0) {
		path = str_sub(path, (size_t)at + 7, path.n);
		end = str_find(path, STR("/pipeline/"));
		return end < 0 ? path : str_sub(path, 0, (size_t)end);
	}
	if (!str_starts(path, STR("/pipeline/")))
		return (struct str){ "", 0 };
	path = str_sub(path, 10, path.n);
	return str_split(&path, '/', &task) ? path : (struct str){ "", 0 };
}

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct str model = model_of(head->path);

	if (side == SIDE_REQUEST && model.n)
		STR_COPY(d->call->model_requested, model);
	return 0;
}

/* Nothing else has these names; the model is not said anywhere. */
static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_RESPONSE && item_has(item, PICK_OUTPUT))
		d->sure = true;
	return 0;
}

/* Older servers count what was made alone. There was a prompt all the same. */
static int end(struct dialect *d, enum ending ending)
{
	(void)ending;
	d->unread |= 1ull << PICK_INPUT;
	return 0;
}

const struct provider dialect_tgi = {
	.name = "tgi",
	.routes = routes,
	.wants = { request, response },
	.headers = { NULL, response_headers },
	.head = head,
	.item = item,
	.end = end,
};
