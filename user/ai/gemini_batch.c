/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Google makes later, or keeps: batches, films, cached prompts, files.
 *
 * A batch is handed in as a list or as a file of lines; who asks for it gets
 * its results with it, once they are there, or the name of a file of results.
 * The answer says them twice, in metadata and in response: the latter counts.
 * A film is an operation that is billed by the second that it lasts, a cached
 * prompt by tokens and hours for as long as it is kept.
 *
 *	ai.google.dev/api/batch-api, ai.google.dev/api/caching,
 *	ai.google.dev/gemini-api/docs/video, cloud.google.com/vertex-ai docs (veo)
 */
#include "ai/batch.h"
#include "ai/gemini.h"
#include "base/clock.h"

enum {
	STATE = BATCH_OWN_NEXT,
	LASTS,			/* seconds of a film, of a cache: "300s" */
	SAMPLES,
	CACHE_TOKENS,
	MADE_AT,
	GONE_AT,
};

/* Of an answer, which has no use for what only requests say. */
enum {
	EACH_RESULT_INPUT = BATCH_MAX,
	EACH_RESULT_OUTPUT = BATCH_MAXES,
	EACH_RESULT_CACHED = LASTS,
	RESULT_MODALITY = SAMPLES,
	RESULT_TOKENS = CACHE_TOKENS,	/* whoever makes a cache is told of no results */
};

/* dialect->own */
enum { LASTED, FILMS, CACHED, KEPT, FILMED, HAD_RESULTS, TOLD };

#define HOUR 3600

static const struct route routes[] = {
	{ "*/models/*:batchGenerateContent", "batch", ROUTE_BATCH | ROUTE_NO_ANSWER },
	{ "*/models/*:asyncBatchEmbedContent", "batch", ROUTE_BATCH | ROUTE_NO_ANSWER },
	{ "*/v1beta/batches/*", "batch", ROUTE_BATCH | ROUTE_RETRIEVAL | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/v1beta/batches", "batch", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batchPredictionJobs", "batch", ROUTE_BATCH | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/batchPredictionJobs/*", "batch", ROUTE_BATCH | ROUTE_RETRIEVAL | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/models/*:predictLongRunning", "generate_video", ROUTE_NO_ANSWER },
	{ "*/models/*:fetchPredictOperation", "generate_video", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/models/*/operations/*", "generate_video", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "*/v1beta/files*", "files", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/cachedContents", "create_cache", ROUTE_NO_ANSWER },
	{ "*/cachedContents/*", "create_cache", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ 0 },
};

#define REQUESTS(config) \
	{ "batch." config ".requests.requests[]", BATCH_REQUESTS, WANT_COUNT }, \
	{ "batch." config ".requests.requests[].request.model", PICK_MODEL }, \
	BATCH_LIMIT("batch." config ".requests.requests[].request.generationConfig.maxOutputTokens"), \
	BATCH_LIMIT("batch." config ".requests.requests[].request.generation_config.max_output_tokens")

static const struct want request[] = {
	REQUESTS("inputConfig"),
	REQUESTS("input_config"),
	{ "batch.inputConfig.fileName", BATCH_FILE },
	{ "batch.input_config.file_name", BATCH_FILE },
	{ "model", PICK_MODEL },
	/* lines of a file */
	{ "request", BATCH_REQUESTS, WANT_COUNT },
	BATCH_LIMIT("request.generationConfig.maxOutputTokens"),
	BATCH_LIMIT("request.generation_config.max_output_tokens"),
	/* a film; a cache */
	{ "instances[].prompt", PICK_CONTENT, WANT_BYTES },
	{ "parameters.durationSeconds", LASTS },
	{ "parameters.sampleCount", SAMPLES },
	{ "ttl", LASTS },
	{ 0 },
};

#define RESULT_MODALITIES(path, each) \
	{ path "[]", each, WANT_EACH }, { path "[].modality", RESULT_MODALITY }, { path "[].tokenCount", RESULT_TOKENS }

#define RESULT(at) \
	{ at, BATCH_RESULTS, WANT_COUNT }, \
	{ at ".promptTokenCount", PICK_INPUT, WANT_SUM }, \
	{ at ".toolUsePromptTokenCount", PICK_INPUT_MORE, WANT_SUM }, \
	{ at ".cachedContentTokenCount", PICK_CACHE_READ, WANT_SUM }, \
	{ at ".candidatesTokenCount", PICK_OUTPUT, WANT_SUM }, \
	{ at ".thoughtsTokenCount", PICK_REASONING, WANT_SUM }, \
	RESULT_MODALITIES(at ".promptTokensDetails", EACH_RESULT_INPUT), \
	RESULT_MODALITIES(at ".candidatesTokensDetails", EACH_RESULT_OUTPUT), \
	RESULT_MODALITIES(at ".cacheTokensDetails", EACH_RESULT_CACHED)

static const struct want response[] = {
	{ "error.status", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
	{ "name", BATCH_ID },
	{ "file.name", BATCH_FILE },
	{ "state", STATE },
	{ "metadata.state", STATE },
	{ "metadata.model", PICK_MODEL },
	{ "metadata.batchStats.requestCount", BATCH_REQUESTS },
	{ "metadata.inputConfig.fileName", BATCH_FILE },
	{ "response.responsesFile", BATCH_OUTPUT },
	RESULT("response.inlinedResponses.inlinedResponses[].response.usageMetadata"),
	{ "response.inlinedResponses.inlinedResponses[].response.modelVersion", PICK_MODEL },
	RESULT("response.usageMetadata"),	/* a line of a file of results */
	{ "response.modelVersion", PICK_MODEL },
	{ "usageMetadata.totalTokenCount", CACHE_TOKENS },
	{ "model", PICK_MODEL },
	{ "createTime", MADE_AT },
	{ "expireTime", GONE_AT },
	{ 0 },
};

/* What stands behind the last slash: batches/123, projects/P/locations/L/batchPredictionJobs/123. */
static struct str last_part(struct str name)
{
	size_t n = name.n;

	while (n && name.p[n - 1] != '/')
		n--;
	return str_sub(name, n, name.n);
}

static bool at(const struct dialect *d, const char *operation)
{
	return str_eq(str_of(d->call->operation), str_of(operation));
}

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;
	int err = gemini_head(d, side, head);

	if (side != SIDE_REQUEST)
		return err;
	/* /download/v1beta/files/NAME:download */
	if (str_ends(head->path, STR(":download"))) {
		struct str name = path_after(head->path, "/files/");

		str_copy(call->batch_output, sizeof(call->batch_output), STR("files/"));
		url_decode(str_sub(name, 0, name.n - 9), call->batch_output + 6, sizeof(call->batch_output) - 6);
	}
	if (!call->batch_id[0])
		url_decode(path_after(head->path, "/batchPredictionJobs/"), call->batch_id, sizeof(call->batch_id));
	return err;
}

/* As a number, or "300s"; fractions do not matter. */
static uint64_t seconds(const struct item *item, unsigned int pick)
{
	struct str text = item_text(item, pick);
	size_t n = 0;
	uint64_t whole;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return str_u64(str_sub(text, 0, n), &whole) && whole < UINT32_MAX ? whole : 0;
}

static int request_item(struct dialect *d, struct item *item)
{
	batch_requests(d, item);
	if (item_has(item, BATCH_FILE))
		STR_COPY(d->call->batch_file, item_text(item, BATCH_FILE));
	if (item_has(item, LASTS))
		d->own[LASTED] = seconds(item, LASTS);
	d->own[FILMS] = item_number(item, SAMPLES);
	if (!item_has(item, PICK_MODEL) || (!at(d, "create_cache") && !at(d, "batch")))
		return 0;
	gemini_resource(d->call, item_text(item, PICK_MODEL));
	item_drop(item, PICK_MODEL);
	return 0;
}

static void batch(struct dialect *d, struct item *item)
{
	struct call *call = d->call;

	if (item_has(item, BATCH_ID))
		STR_COPY(call->batch_id, last_part(item_text(item, BATCH_ID)));
	if (item_has(item, BATCH_OUTPUT))
		STR_COPY(call->batch_output, item_text(item, BATCH_OUTPUT));
	if (item_has(item, STATE))
		STR_COPY(call->batch_status, item_text(item, STATE));
	d->own[TOLD] = item_number(item, BATCH_REQUESTS);
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* How long a cached prompt is kept, where the answer says so itself. */
static uint64_t kept(const struct item *item)
{
	struct str made = item_text(item, MADE_AT), gone = item_text(item, GONE_AT);
	int64_t from, to;

	if (clock_parse(made.p, made.n, &from) || clock_parse(gone.p, gone.n, &to) || to < from)
		return 0;
	return (uint64_t)(to - from) / NSEC_PER_SEC;
}

/* Kept until it expires, which is the most that it can cost: deleting it earlier ends it. */
static void cache(struct dialect *d)
{
	uint64_t lasts = d->own[KEPT] ? d->own[KEPT] : d->own[LASTED];

	dialect_unit(d, "cache_token_hour", times(times(d->own[CACHED], lasts), 1000) / HOUR);
	/* cloud.google.com/vertex-ai/generative-ai/docs/context-cache: making one costs what any input does */
	if (d->own[CACHED] && !strcmp(d->call->provider, "gcp.vertex_ai"))
		dialect_count(d, PICK_INPUT, d->own[CACHED]);
}

/* Eight seconds where the request does not say. */
static void film(struct dialect *d)
{
	uint64_t lasts = d->own[LASTED] ? d->own[LASTED] : 8;

	dialect_unit(d, "second", times(times(lasts, d->own[FILMS] ? d->own[FILMS] : 1), 1000));
}

/* Of one result of many in a body, whose tokens add up. */
static void result_modality(struct item *item)
{
	unsigned int of = item->each == EACH_RESULT_CACHED ? 2 : item->each - EACH_RESULT_INPUT;
	enum pick pick = gemini_modality(item, RESULT_MODALITY, of);

	if (pick && item_has_number(item, RESULT_TOKENS))
		item_put(item, pick, (struct value){ .kind = VALUE_NUMBER,
			 .number = dialect_sum(item_number(item, pick), item_number(item, RESULT_TOKENS)) });
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_REQUEST)
		return request_item(d, item);
	if (item->each) {
		result_modality(item);
		return 0;
	}
	if (at(d, "batch"))
		batch(d, item);
	if (item_has(item, BATCH_RESULTS)) {
		d->own[HAD_RESULTS] = 1;
		batch_add(d, item);
	}
	if (at(d, "files") && item_has(item, BATCH_FILE))
		STR_COPY(d->call->batch_file, item_text(item, BATCH_FILE));
	if (item_has(item, CACHE_TOKENS)) {
		d->own[CACHED] = item_number(item, CACHE_TOKENS);
		d->own[KEPT] = kept(item);
	}
	d->own[FILMED] |= item_has(item, BATCH_ID);
	/* models/gemini-2.5-flash, publishers/google/models/gemini-2.5-flash */
	if (str_find(item_text(item, PICK_MODEL), STR("models/")) >= 0) {
		STR_COPY(d->call->model, last_part(item_text(item, PICK_MODEL)));
		item_drop(item, PICK_MODEL);
	}
	return 0;
}

static int end(struct dialect *d, enum ending ending)
{
	struct call *call = d->call;

	(void)ending;
	/* the end of a request may be seen late: what both sides say is put together here */
	if (at(d, "create_cache") && !(call->flags & CALL_FREE))
		cache(d);
	if (at(d, "generate_video") && d->own[FILMED] && !(call->flags & CALL_FREE))
		film(d);
	if (d->own[TOLD])
		call->batch_requests = d->own[TOLD];
	if (d->own[HAD_RESULTS])
		batch_results(d);
	else if (at(d, "files"))
		call->batch_output[0] = 0;
	/* an upload is of a batch only if its lines are requests */
	if (at(d, "files") && !call->batch_requests)
		batch_none(d);
	return 0;
}

const struct provider dialect_gemini_batch = {
	.name = "gemini",
	.routes = routes,
	.wants = { request, response },
	.convention = REASONING_APART,
	.head = head,
	.item = item,
	.end = end,
};
