/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialogue made of any bytes: the first says which endpoint, how bodies fall
 * into items and how items are cut; lines of what follows are headers up to an
 * empty one, then come the request's body, a NUL, and the response's.
 */
#include <stdlib.h>
#include <string.h>

#include "ai/reader.h"
#include "base/mem.h"

static const struct {
	const char *host, *method, *path;
} places[] = {
	{ "api.openai.com", "POST", "/v1/chat/completions" }, { "api.openai.com", "POST", "/v1/responses" },
	{ "api.openai.com", "GET", "/v1/files/f/content" }, { "api.openai.com", "POST", "/v1/images/generations" },
	{ "api.anthropic.com", "POST", "/v1/messages" }, { "api.anthropic.com", "GET", "/v1/messages/batches/b/results" },
	{ "generativelanguage.googleapis.com", "POST", "/v1beta/models/g:streamGenerateContent" },
	{ "aiplatform.googleapis.com", "POST", "/v1/publishers/google/models/e:predict" },
	{ "bedrock-runtime.us-east-1.amazonaws.com", "POST", "/model/m/invoke" },
	{ "bedrock-runtime.us-east-1.amazonaws.com", "POST", "/model/arn%3Aaws%3Abedrock/converse" },
	{ "api.cohere.com", "POST", "/v2/chat" }, { "localhost", "POST", "/api/chat" },
	{ "api.replicate.com", "GET", "/v1/predictions/p" }, { "us-south.ml.cloud.ibm.com", "POST", "/ml/v1/text/generation" },
	{ "api.example.com", "POST", "/v1/chat/completions" }, { "api.x.ai", "GET", "/v1/batches/b/results" },
	/* where the bit of 64 is set */
	{ "api.openai.com", "", "" }, { "", "", "" }, { "api.deepseek.com", "POST", "" }, { "aiplatform.googleapis.com", "", "" },
	{ "api.openai.com", "POST", "/v1/files" }, { "api.openai.com", "POST", "/v1/videos" },
	{ "api.openai.com", "POST", "/v1/audio/speech" }, { "api.mistral.ai", "POST", "/v1/batch/jobs" },
	{ "generativelanguage.googleapis.com", "GET", "/v1beta/batches/b" },
	{ "generativelanguage.googleapis.com", "POST", "/v1beta/models/g:batchGenerateContent" },
	{ "generativelanguage.googleapis.com", "POST", "/v1beta/cachedContents" },
	{ "generativelanguage.googleapis.com", "POST", "/v1beta/models/veo:predictLongRunning" },
	{ "api.anthropic.com", "POST", "/v1/messages/batches" }, { "api.openai.com", "GET", "/v1/batches/b" },
	{ "x.openai.azure.com", "POST", "/openai/deployments/d/images/edits" }, { "api.cohere.com", "POST", "/v2/rerank" },
	/* where the bit of 32 is set */
	{ "api.aleph-alpha.com", "POST", "/complete" }, { "api.aleph-alpha.com", "POST", "/batch_semantic_embed" },
	{ "api.deepgram.com", "POST", "/v1/listen" }, { "api.stability.ai", "POST", "/v1/generation/g/text-to-image" },
	{ "localhost", "POST", "/generate_stream" }, { "runtime.sagemaker.us-east-1.amazonaws.com", "POST", "/endpoints/e/invocations" },
	{ "bedrock-runtime.us-east-1.amazonaws.com", "POST", "/model/anthropic.claude/invoke-with-response-stream" },
	{ "bedrock-runtime.us-east-1.amazonaws.com", "POST", "/model/amazon.nova/converse-stream" },
	{ "bedrock-agent-runtime.us-east-1.amazonaws.com", "POST", "/agents/A/agentAliases/B/sessions/s/text" },
	{ "api.openai.com", "GET", "/v1/realtime" },
	{ "generativelanguage.googleapis.com", "GET", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent" },
	{ "generativelanguage.googleapis.com", "POST", "/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent" },
	{ "aiplatform.googleapis.com", "POST", "/google.cloud.aiplatform.v1.PredictionService/StreamGenerateContent" },
	{ "api.cohere.com", "POST", "/v1/chat" }, { "openrouter.ai", "POST", "/api/v1/chat/completions" },
	{ "api.perplexity.ai", "POST", "/chat/completions" },
};

static void on_call(void *ctx, const struct call *call)
{
	/* what leaves is bounded and terminated */
	if (call->n_usages > CALL_USAGES || call->n_units > CALL_UNITS || call->n_values > WANTED_VALUES ||
	    !memchr(call->usage_raw, 0, sizeof(call->usage_raw)) || !memchr(call->model, 0, sizeof(call->model)) ||
	    !memchr(call->tools_called, 0, sizeof(call->tools_called)) || !memchr(call->user, 0, sizeof(call->user)))
		abort();
	++*(unsigned int *)ctx;
}

static void tell(struct reader *reader, enum side side, enum item_kind kind, struct str item, size_t step)
{
	size_t at = 0;

	do {
		size_t n = item.n - at < step ? item.n - at : step;
		char *own = n ? mem_dup(item.p + at, n) : NULL;
		const struct piece piece = { .side = side, .kind = kind, .first = at == 0, .last = at + n == item.n && step % 3,
					     .binary = step % 2, .exception = item.n % 32 == 31,
					     .name = str_sub(item, 0, 9), .text = { own, n } };

		reader_piece(reader, &piece);
		mem_free(own);
		at += n;
	} while (at < item.n);
}

static void body(struct reader *reader, enum side side, unsigned int choice, struct str text)
{
	enum item_kind kind = (enum item_kind)(choice % (ITEM_MESSAGE + 1));
	struct str line;

	if (kind == ITEM_DOCUMENT)
		tell(reader, side, kind, text, 1 + choice / 6);
	else
		while (text.n && str_split(&text, '\n', &line))
			tell(reader, side, kind, line, 1 + choice / 6);
}

static size_t take_headers(struct str *text, struct header *headers, size_t room)
{
	struct str line;
	size_t n = 0;

	while (text->n && str_split(text, '\n', &line) && line.n) {
		ptrdiff_t colon = str_chr(line, ':');
		if (n < room && colon > 0)
			headers[n++] = (struct header){ str_sub(line, 0, (size_t)colon), str_trim(str_sub(line, (size_t)colon + 1, line.n)) };
	}
	if (!text->p)
		*text = (struct str){ "", 0 };
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wants wants = { .n_wanted = 3, .wanted = { { WANTED_HEADER, "x-team" }, { WANTED_BODY, "metadata.team" },
								 { WANTED_BODY, "a[].b" } } };
	static struct reader *reader;
	static struct call call;
	struct header headers[16];
	struct str text = { (const char *)data + 3, size - 3 }, asked = { "", 0 };
	struct head head = { .port = 443, .headers = headers };
	unsigned int calls = 0, place;

	if (size < 3)
		return 0;
	if (!reader)
		reader = mem_new(reader_size());
	place = data[0] % 16 + (data[0] & 32 ? 32 : data[0] & 64 ? 16 : 0);
	head.host = str_of(places[place].host);
	head.method = str_of(places[place].method);
	head.path = str_of(places[place].path);
	head.mid_connection = !head.path.n;
	head.n_headers = take_headers(&text, headers, 16);
	if (text.n)
		str_split(&text, 0, &asked);
	memset(&call, 0, sizeof(call));
	reader_begin(reader, &wants, &call, on_call, &calls);
	if (reader_head(reader, &head) == INTEREST_NONE)
		return 0;
	body(reader, SIDE_REQUEST, data[1], asked);
	head.side = SIDE_RESPONSE;
	head.status = data[0] & 128 ? 400 : 200;
	reader_head(reader, &head);
	body(reader, SIDE_RESPONSE, data[2], text.p ? text : (struct str){ "", 0 });
	reader_end(reader, (enum ending)(data[0] / 16 % 3));
	return 0;
}
