/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dialects pick out of bodies and heads. The collector (ai/dialect) knows
 * what each means and where it goes; the last that is not null wins, field by
 * field, over all items of a side. Only PICK_OWN_* are a dialect's own.
 */
#ifndef AITAP_AI_PICK_H
#define AITAP_AI_PICK_H

enum pick {
	PICK_NONE,

	/* texts; an empty one is as if absent */
	PICK_MODEL,		/* request: model_requested; response: model */
	PICK_ID,		/* response_id */
	PICK_REQUEST_ID,
	PICK_FINISH,		/* finish_reason */
	PICK_ERROR,		/* error_type; any makes the call an error, even inside a 200 */
	PICK_ERROR_CODE,	/* error_type where there is no PICK_ERROR: a number or text */
	PICK_TIER,		/* service_tier; the answer's beats the request's */
	PICK_USER,		/* a person; hashed by the collector */
	PICK_SESSION,
	PICK_ACCOUNT,		/* an agent's account; hashed likewise */
	PICK_PREVIOUS,		/* previous_id */
	PICK_ORG,
	PICK_PROJECT,
	PICK_REGION,
	PICK_TOOLS,		/* WANT_NAMES; request: tools_offered, response: tools_called */
	PICK_TYPE,		/* not collected: the item's own type, for the dialect */
	PICK_STATUS,		/* not collected: how far a job is */
	PICK_EFFORT,		/* request: how much thought is wanted */

	/* truths */
	PICK_STREAM,
	PICK_USAGE_ASKED,
	PICK_BACKGROUND,

	PICK_LIMIT,		/* request: output tokens at most; a count of nothing */

	/* tokens, as the provider counts them; enum convention says what contains what */
	PICK_INPUT,
	PICK_OUTPUT,
	PICK_TOTAL,
	PICK_CACHE_READ,
	PICK_CACHE_WRITE,
	PICK_CACHE_WRITE_5M,
	PICK_CACHE_WRITE_1H,
	PICK_REASONING,
	PICK_INPUT_MORE,	/* to be added to input in any convention (Gemini's tool use) */
	PICK_AUDIO_INPUT,
	PICK_AUDIO_OUTPUT,
	PICK_AUDIO_CACHE_READ,
	PICK_IMAGE_INPUT,
	PICK_IMAGE_OUTPUT,
	PICK_IMAGE_CACHE_READ,

	/* what is billed otherwise; scale 3 */
	PICK_WEB_SEARCHES,	/* unit web_search */
	PICK_X_SEARCHES,	/* x_search */
	PICK_FILE_SEARCHES,	/* file_search */
	PICK_CODE_RUNS,		/* code_interpreter */
	PICK_SOURCES,		/* source */
	PICK_SEARCH_UNITS,	/* search_unit */
	PICK_IMAGES,		/* image */
	PICK_PAGES,		/* page */
	PICK_SECONDS,		/* second */
	PICK_CHARACTERS,	/* character */

	PICK_COST,		/* the provider's own, USD, scale 12 */
	PICK_RAW,		/* WANT_NUMBERS: usage_raw; says that usage was reported */
	PICK_CONTENT,		/* WANT_BYTES: text of the prompt or answer; the answer's first is the first token */

	PICK_OWN_1,		/* a dialect's own, not collected */
	PICK_OWN_2,
	PICK_OWN_3,
	PICK_OWN_4,
	PICK_OWN_5,
	PICK_OWN_6,
	PICK_OWN_7,
	PICK_OWN_8,
	PICK_OWN_9,
	PICK_OWN_10,
	PICK_OWN_11,
	PICK_OWN_12,
	PICK_OWN_13,
	PICK_MAX,
};

#endif
