/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches in OpenAI's dialect, and the files that they are made of. OpenAI (and
 * Azure, Groq) take a file of requests, a JSON object a line; Mistral that or a
 * list; xAI a list handed in bit by bit. The results are a file of the same
 * kind, or a list. A batch object sums its usage once it is complete: whoever
 * reads that and the results must count one of the two.
 *
 *	platform.openai.com/docs/api-reference/batch, docs.mistral.ai/api (batch),
 *	docs.x.ai/developers/rest-api-reference (batches)
 */
#include "ai/batch.h"
#include "ai/openai.h"

enum { OWN_OBJECT = BATCH_OWN_NEXT, OWN_ERROR, OWN_PURPOSE };

/* dialect->own */
enum { PURPOSE_BATCH, RESULTS, TOLD };

#define LIMITS(at) BATCH_LIMIT(at "max_tokens"), BATCH_LIMIT(at "max_completion_tokens"), BATCH_LIMIT(at "max_output_tokens")

static const struct want request[] = {
	{ "purpose", OWN_PURPOSE },
	{ "input_file_id", BATCH_FILE },
	{ "input_files[]", BATCH_FILE },
	{ "model", PICK_MODEL },
	/* lines of a file */
	{ "custom_id", BATCH_REQUESTS, WANT_COUNT },
	{ "body.model", PICK_MODEL },
	LIMITS("body."),
	/* Mistral's list, xAI's */
	{ "requests[]", BATCH_REQUESTS, WANT_COUNT },
	LIMITS("requests[].body."),
	{ "batch_requests[]", BATCH_REQUESTS, WANT_COUNT },
	{ "batch_requests[].batch_request.responses.model", PICK_MODEL },
	{ "batch_requests[].batch_request.chat_get_completion.model", PICK_MODEL },
	LIMITS("batch_requests[].batch_request.responses."),
	LIMITS("batch_requests[].batch_request.chat_get_completion."),
	{ NULL },
};

static const struct want response[] = {
	USAGE(""),
	/* results: a line of its own each, or all in one document */
	COUNTS("response.body.", WANT_SUM),
	{ "response.body", BATCH_RESULTS, WANT_COUNT },
	{ "response.body.model", PICK_MODEL },
	COUNTS("results[].batch_result.response.chat_get_completion.", WANT_SUM),
	COUNTS("results[].batch_result.response.responses.", WANT_SUM),
	{ "results[].batch_result", BATCH_RESULTS, WANT_COUNT },
	{ "results[].batch_result.response.chat_get_completion.model", PICK_MODEL },
	{ "results[].batch_result.response.responses.model", PICK_MODEL },

	{ "id", PICK_ID },
	{ "batch_id", BATCH_ID },
	{ "object", OWN_OBJECT },
	{ "purpose", OWN_PURPOSE },
	{ "model", PICK_MODEL },
	{ "status", PICK_STATUS },
	{ "input_file_id", BATCH_FILE },
	{ "input_files[]", BATCH_FILE },
	{ "output_file_id", BATCH_OUTPUT },
	{ "output_file", BATCH_OUTPUT },
	{ "request_counts.total", BATCH_REQUESTS },
	{ "total_requests", BATCH_REQUESTS },
	{ "state.num_requests", BATCH_REQUESTS },
	{ "error", OWN_ERROR, WANT_SEEN },
	{ "error.type", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
	{ NULL },
};

static const struct want no_headers[] = { { NULL } };

static const struct route routes[] = {
	{ "*/batches", "batch", ROUTE_BATCH | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batches/*", "batch", ROUTE_BATCH | ROUTE_RETRIEVAL | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batch/jobs", "batch", ROUTE_BATCH | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batch/jobs/*", "batch", ROUTE_BATCH | ROUTE_RETRIEVAL | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/files", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER | ROUTE_FILES },
	{ "*/files/*", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ NULL },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;

	if (side != SIDE_REQUEST)
		return 0;
	if (!call->batch_id[0])
		url_decode(path_after(head->path, "/batch/jobs/"), call->batch_id, sizeof(call->batch_id));
	if (str_ends(head->path, STR("/content")))
		url_decode(path_after(head->path, "/files/"), call->batch_output, sizeof(call->batch_output));
	return 0;
}

static int request_item(struct dialect *d, struct item *item)
{
	d->own[PURPOSE_BATCH] |= item_is(item, OWN_PURPOSE, "batch");
	batch_requests(d, item);
	if (item_has(item, BATCH_FILE))
		STR_COPY(d->call->batch_file, item_text(item, BATCH_FILE));
	return 0;
}

/* Counts still grow: of one that was cancelled or expired, what was done until then is billed. */
static bool under_way(struct str status)
{
	static const char *const words[] = {
		"", "validating", "in_progress", "finalizing", "cancelling", "QUEUED", "RUNNING", "CANCELLATION_REQUESTED",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq(status, str_of(words[i])))
			return true;
	return false;
}

/* A batch: what it reads, where its results are, how far it is. */
static int batch(struct dialect *d, struct item *item)
{
	struct call *call = d->call;
	struct str status = item_text(item, PICK_STATUS), id = item_text(item, item_has(item, BATCH_ID) ? BATCH_ID : PICK_ID);

	if (id.n)
		STR_COPY(call->batch_id, id);
	if (item_has(item, BATCH_FILE))
		STR_COPY(call->batch_file, item_text(item, BATCH_FILE));
	if (item_has(item, BATCH_OUTPUT))
		STR_COPY(call->batch_output, item_text(item, BATCH_OUTPUT));
	STR_COPY(call->batch_status, status);
	d->own[TOLD] = item_number(item, BATCH_REQUESTS);
	if (!under_way(status))
		return 0;
	if (item_has(item, PICK_MODEL))
		STR_COPY(call->model, item_text(item, PICK_MODEL));
	return 1;
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	bool made = openai_at(d, "batch") && (item_is(item, OWN_OBJECT, "batch") || item_has(item, BATCH_ID));

	if (side == SIDE_REQUEST)
		return request_item(d, item);
	if (item_has(item, OWN_ERROR) && item->kind == ITEM_DOCUMENT && !d->own[RESULTS])
		dialect_error(d, (struct str){ "", 0 });
	if (item_has(item, BATCH_RESULTS)) {
		d->own[RESULTS] = 1;
		batch_add(d, item);
		return 0;
	}
	if (made)
		return batch(d, item);
	d->own[PURPOSE_BATCH] |= item_is(item, OWN_PURPOSE, "batch");
	if (item_is(item, OWN_OBJECT, "file"))
		STR_COPY(d->call->batch_file, item_text(item, PICK_ID));
	return 0;
}

static int end(struct dialect *d, enum ending ending)
{
	(void)ending;
	if (d->own[RESULTS])
		batch_results(d);
	else if (openai_at(d, "files"))
		d->call->batch_output[0] = 0;	/* a file like any other */
	/* the end of a request may be seen late: what both sides say is put together here */
	if (!d->own[PURPOSE_BATCH] && openai_at(d, "files"))
		batch_none(d);
	if (d->own[TOLD])
		d->call->batch_requests = d->own[TOLD];
	openai_conventions(d);
	return 0;
}

const struct provider dialect_openai_batch = {
	.name = "openai",
	.routes = routes,
	.wants = { request, response },
	.headers = { no_headers, openai_headers },
	.head = head,
	.item = item,
	.end = end,
};
