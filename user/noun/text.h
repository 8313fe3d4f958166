/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was counted of texts while they passed: enough to say how many tokens
 * they take, and nothing of what they say.
 */
#ifndef AITAP_NOUN_TEXT_H
#define AITAP_NOUN_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum text_class {
	TEXT_PROMPT,		/* messages, instructions, input: with their JSON */
	TEXT_RESENT,		/* sealed thoughts of earlier answers, sent back */
	TEXT_TOOLS,		/* what tools are offered, what shape the answer must have: with its JSON */
	TEXT_ANSWER,
	TEXT_REASONING,		/* thoughts that are shown */
	TEXT_ARGUMENTS,		/* of tools called */
	TEXT_SEALED,		/* thoughts that are not: signatures, encrypted contents */
	TEXT_TURNS,		/* messages of the prompt: counted, not looked into; so are the following */
	TEXT_OFFERS,		/* tools offered */
	TEXT_SCHEMAS,		/* of those, tools of the client: the others run at the provider */
	TEXT_IMAGES,		/* pictures and other attachments */
	TEXT_REMOTE,		/* what the provider reads by itself: files, caches, earlier answers */
	TEXT_FETCHED,		/* what tools of the provider brought into the prompt, as far as the answer tells */
	TEXT_CALLS,		/* tools called */
	TEXT_CLASSES,
};

static inline bool text_of_answer(enum text_class class)
{
	return (class >= TEXT_ANSWER && class <= TEXT_SEALED) || class >= TEXT_FETCHED;
}

/* What is counted of a text, as it stands in JSON. */
enum text_count {
	TEXT_WORDS,		/* runs of ASCII letters */
	TEXT_LETTERS,
	TEXT_CAMELS,		/* capitals behind a letter */
	TEXT_DIGITS,
	TEXT_NUMBERS,		/* runs of digits */
	TEXT_MARKS,		/* other visible ASCII */
	TEXT_MARK_RUNS,
	TEXT_SPACES,
	TEXT_BREAKS,		/* line ends and other controls, \n and the like */
	TEXT_ESCAPES,		/* \u */
	TEXT_LEADS_2,		/* characters of two bytes: Latin, Greek, Cyrillic, Hebrew, Arabic */
	TEXT_LEADS_3,		/* of three or four: the others */
	TEXT_BRACES,		/* objects begun */
	TEXT_COUNTS,
};

struct text {
	uint64_t bytes;
	uint64_t counted;	/* of bytes: of a long text a part is looked at */
	uint64_t opaque;	/* of counted: base64 and the like; not in the counts */
	uint32_t pieces;	/* how many texts there were */
	uint32_t count[TEXT_COUNTS];
};

#endif
