/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the text out of one item of a body, byte by byte as it streams, at
 * equal length: what is no JSON becomes x; of JSON the structure, keys, numbers
 * and literals stay, and of its strings those that a record is made of
 * (ai/keep.h). A string in which a person is named becomes its fingerprint.
 */
#ifndef AITAP_PIPELINE_REDACT_H
#define AITAP_PIPELINE_REDACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "noun/head.h"
#include "noun/wants.h"

#define REDACT_DEPTH 24		/* levels whose path is known; below them no string is kept */
#define REDACT_PATH 512
#define REDACT_PERSON 256

struct redact {
	const struct wants *wants;
	enum side side;
	uint8_t state;
	uint8_t rule;			/* enum keep, of the string under way */
	bool plain;			/* no JSON: everything goes */
	bool begun;
	bool key;			/* the string under way is a key */
	bool key_next;
	bool lost;			/* the path is longer than there is room for */
	uint8_t digits;			/* of a \u */
	uint8_t n_tail;			/* bytes of a character that stand in for the rest of one */
	char tail[3];
	char hex[4];
	uint8_t literal;		/* how much of a literal has passed */
	const char *literal_is;
	uint32_t skipped;		/* levels below REDACT_DEPTH */
	uint8_t depth;
	struct {
		uint16_t n_path;
		bool array;
	} level[REDACT_DEPTH];
	uint16_t n_path;
	char path[REDACT_PATH];
	uint16_t n_person;
	char person[REDACT_PERSON];
};

/* name: of a form field; file: it carries one. */
void redact_begin(struct redact *, const struct wants *, const struct piece *first);
int redact_write(struct redact *, struct str text, struct buf *to);
int redact_end(struct redact *, struct buf *to);

#endif
