/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures, sound, films and pages in OpenAI's dialect. Newer models count
 * tokens in the usage object; the older ones are billed by what was made or
 * heard, which is then counted here: a picture by size and quality, a film by
 * the second and size, speech by the character, a recording by the second.
 *
 * Requests come as JSON or as a form, with the same names. What the request
 * leaves out is the provider's default (platform.openai.com/docs/api-reference,
 * images/create and videos/create); what the answer says stands before it.
 */
#include <stdio.h>

#include "ai/openai.h"

enum {
	OWN_SIZE = PICK_OWN_1,		/* 1024x1792 */
	OWN_QUALITY,
	OWN_SECONDS,			/* of a film, asked for or made */
	OWN_LETTERS,			/* of a text to be spoken */
	OWN_DATA,			/* how many pictures */
	OWN_DURATION,			/* seconds of a recording */
	OWN_ERROR,
	OWN_VIDEO,			/* object: video */
};

/* dialect->own: facts of either side, which are put together at the end, for the end of a request may be seen late */
enum { FILM_MILLI, LETTERS, HD, WIDE, HIGH, FACTS, PICTURES = 2 * FACTS, HEARD, FILM };

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "user", PICK_USER },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "input", PICK_CONTENT, WANT_BYTES },
	{ "input", OWN_LETTERS, WANT_LETTERS },
	{ "text", PICK_CONTENT, WANT_BYTES },
	{ "text", OWN_LETTERS, WANT_LETTERS },
	{ "size", OWN_SIZE, .room = 24 },
	{ "quality", OWN_QUALITY, .room = 16 },
	{ "seconds", OWN_SECONDS, .scale = 3 },
	{ NULL },
};

static const struct want response[] = {
	USAGE(""),
	{ "usage.prompt_audio_seconds", PICK_SECONDS, .scale = 3 },
	{ "usage_info.pages_processed", PICK_PAGES, .scale = 3 },
	{ "model", PICK_MODEL },
	{ "id", PICK_ID },
	{ "type", PICK_TYPE },
	{ "object", OWN_VIDEO },
	{ "error", OWN_ERROR, WANT_SEEN },
	{ "error.type", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
	{ "data[]", OWN_DATA, WANT_COUNT, .scale = 3 },
	{ "size", OWN_SIZE, .room = 24 },
	{ "quality", OWN_QUALITY, .room = 16 },
	{ "seconds", OWN_SECONDS, .scale = 3 },
	{ "duration", OWN_DURATION, .scale = 3 },
	{ "text", PICK_CONTENT, WANT_BYTES },
	{ "delta", PICK_CONTENT, WANT_BYTES },
	{ NULL },
};

static const struct want no_headers[] = { { NULL } };

static const struct route routes[] = {
	{ "*/images/generations", "image_generation" },
	{ "*/images/edits", "image_generation" },
	{ "*/images/variations", "image_generation" },
	{ "*/images", "image_generation", ROUTE_WEAK },
	{ "*/audio/transcriptions", "transcription" },
	{ "*/audio/translations", "transcription" },
	{ "*/audio/speech", "speech" },
	{ "*/v1/stt", "transcription", ROUTE_WEAK },
	{ "*/v1/tts", "speech", ROUTE_WEAK },
	{ "*/videos", "video_generation", ROUTE_WEAK },
	{ "*/videos/*", "videos", ROUTE_FREE | ROUTE_WEAK | ROUTE_NO_ANSWER },
	{ "*/videos/*/remix", "video_generation", ROUTE_WEAK },
	{ "*/v1/ocr", "ocr", ROUTE_WEAK },
	{ NULL },
};

static int head(struct dialect *d, enum side side, const struct head *head)
{
	if (side == SIDE_REQUEST)
		openai_deployment(d, head);
	return 0;
}

/* 1024x1792 */
static void size_of(struct str text, uint64_t *ret_wide, uint64_t *ret_high)
{
	ptrdiff_t x = str_chr(text, 'x');
	uint64_t wide, high;

	if (x < 0 || !str_u64(str_sub(text, 0, (size_t)x), &wide) || !str_u64(str_sub(text, (size_t)x + 1, text.n), &high))
		return;
	if (wide > 9999 || high > 9999)
		return;
	*ret_wide = wide;
	*ret_high = high;
}

/* Seconds of a film, as a number or as a text of digits. */
static uint64_t film_milli(const struct item *item)
{
	uint64_t whole;

	if (item->values[OWN_SECONDS].kind != VALUE_TEXT)
		return item_number(item, OWN_SECONDS);
	return str_u64(item_text(item, OWN_SECONDS), &whole) && whole < 1000000 ? whole * 1000 : 0;
}

static void facts(uint64_t *own, const struct item *item)
{
	size_of(item_text(item, OWN_SIZE), &own[WIDE], &own[HIGH]);
	if (item_has(item, OWN_QUALITY))
		own[HD] = item_is(item, OWN_QUALITY, "hd");
	if (item_has(item, OWN_SECONDS))
		own[FILM_MILLI] = film_milli(item);
	if (item_has(item, OWN_LETTERS))
		own[LETTERS] = item_number(item, OWN_LETTERS);
}

/* What the answer says, else what was asked for. */
static uint64_t fact(const struct dialect *d, int which)
{
	return d->own[FACTS + which] ? d->own[FACTS + which] : d->own[which];
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	/* a usage that says no more than a cost leaves the counting to us */
	bool counted = item_has(item, PICK_INPUT) || item_has(item, PICK_OUTPUT) || item_has(item, PICK_SECONDS);

	facts(side == SIDE_REQUEST ? d->own : d->own + FACTS, item);
	if (side == SIDE_REQUEST)
		return 0;
	if (item_has(item, OWN_ERROR))
		dialect_error(d, (struct str){ "", 0 });
	if (item_text(item, PICK_TYPE).n && item_has(item, PICK_ID) && openai_at(d, "transcription"))
		item_drop(item, PICK_ID);	/* of a segment */
	if (!counted && item_has(item, OWN_DATA))
		d->own[PICTURES] = item_number(item, OWN_DATA);
	if (!counted && item_has(item, OWN_DURATION))
		d->own[HEARD] = item_number(item, OWN_DURATION);
	d->own[FILM] |= item_is(item, OWN_VIDEO, "video");
	return 0;
}

/* DALL-E is billed by size and quality; what is 1024 square and standard where nothing else was asked for. */
static void pictures(struct dialect *d)
{
	struct str model = str_of(d->call->model[0] ? d->call->model : d->call->model_requested);
	unsigned int wide = fact(d, WIDE) % 10000, high = fact(d, HIGH) % 10000;
	char name[24] = "image";

	if (!model.n || str_starts(model, STR("dall-e")))
		snprintf(name, sizeof(name), "image%s_%ux%u", fact(d, HD) ? "_hd" : "", wide ? wide : 1024, high ? high : 1024);
	dialect_unit(d, name, d->own[PICTURES]);
}

/* Sora's price is that of its smaller size, unless a larger one was asked for. */
static void film(struct dialect *d)
{
	unsigned int wide = fact(d, WIDE) % 10000, high = fact(d, HIGH) % 10000;
	char name[24] = "second";

	if (wide > 1280 || high > 1280)
		snprintf(name, sizeof(name), "second_%ux%u", wide > high ? wide : high, wide > high ? high : wide);
	dialect_unit(d, name, fact(d, FILM_MILLI) ? fact(d, FILM_MILLI) : 4000);
}

static int end(struct dialect *d, enum ending ending)
{
	bool spoke = d->call->status == 200 && !d->reported && !(d->call->flags & CALL_ERROR);

	(void)ending;
	if (openai_at(d, "image_generation") && d->own[PICTURES])
		pictures(d);
	if (openai_at(d, "transcription") && d->own[HEARD])
		dialect_unit(d, "second", d->own[HEARD]);
	/* billed when it is made; whoever looks at it later does not make it again */
	if (openai_at(d, "video_generation") && d->own[FILM])
		film(d);
	/* speech comes as sound alone: what was to be spoken is all that tells how much it was */
	if (openai_at(d, "speech") && spoke)
		dialect_unit(d, "character", fact(d, LETTERS) * 1000);
	openai_conventions(d);
	return 0;
}

const struct provider dialect_openai_media = {
	.name = "openai",
	.routes = routes,
	.wants = { request, response },
	.headers = { no_headers, openai_headers },
	.sibling = &dialect_openai_batch,
	.head = head,
	.item = item,
	.end = end,
};
