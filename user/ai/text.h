/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what makes tokens in a text that streams by. A scan takes one text of a
 * class at a time; how its bytes fall into pieces changes nothing. Of what goes
 * beyond TEXT_WHOLE bytes of a class every fourth stretch is looked at.
 */
#ifndef AITAP_AI_TEXT_H
#define AITAP_AI_TEXT_H

#include <stddef.h>

#include "noun/text.h"

#define TEXT_BLOCK 64
#define TEXT_WHOLE 16384

struct text_scan {
	struct text *to;	/* NULL: no text is under way */
	uint8_t before;		/* the byte before the next; 0 at the begin */
	uint8_t n;		/* of rest */
	uint8_t rest[TEXT_BLOCK];
};

static inline void text_begin(struct text_scan *scan, struct text *to)
{
	scan->to = to;
	scan->before = 0;
	scan->n = 0;
	to->pieces++;
}

void text_add(struct text_scan *, const char *p, size_t n);
void text_end(struct text_scan *);

#endif
