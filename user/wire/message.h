/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an HTTP/1 message's head (RFC 9112 sections 2 to 5), taken apart
 * in place: everything in a struct head points into the text. What later rules
 * need of its fields is gathered in struct framing. The parts that HTTP/2 has
 * too serve both.
 */
#ifndef AITAP_WIRE_MESSAGE_H
#define AITAP_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"
#include "noun/head.h"

enum looks { LOOKS_OTHER, LOOKS_SHORT, LOOKS_REQUEST, LOOKS_RESPONSE, LOOKS_HTTP2 };

/*
 * What do these bytes begin? SHORT: too few to tell. strict: only one of the
 * usual methods is taken for a request, as is wise where a body may stand.
 */
enum looks message_looks(const uint8_t *p, size_t n, bool strict);

/* Length of the head that p begins with, its empty line included; 0: it goes on. from: bytes looked at before. */
size_t message_head_length(const uint8_t *p, size_t n, size_t from);

/* Is this text, up to the first line's end or n, a start line? False only where it cannot be one any more. */
bool message_start_line(const uint8_t *p, size_t n, enum side);

struct framing {
	bool chunked;			/* and it is the last transfer coding */
	bool transfer_coded;
	bool has_length;
	bool contradiction;		/* lengths that differ, or are none (RFC 9112 section 6.3, item 5) */
	uint64_t length;
	struct str codings[LIMIT_ENCODINGS + 1];	/* content codings, then transfer codings but chunked; one too many tells */
	size_t n_codings;
	struct str content_type;
	struct str upgrade;
};

void message_authority(struct str, struct str *ret_host, uint16_t *ret_port);	/* the port stays as it is where none is said */
void message_path(struct str target, struct head *ret);				/* up to the question mark, and behind it */
void message_field(const struct header *, struct head *, struct framing *);	/* what the field says of the framing, and of the host */

/* Fields that go on in the next line (obs-fold, RFC 9112 section 5.2) are made one line each. */
void message_unfold(char *text, size_t n);

/*
 * text: a whole head; 1: it is to be unfolded first. headers: room for LIMIT_HEADERS; fields beyond
 * are left out, and *ret_cut says so. -EBADMSG: this is not HTTP/1.
 */
int message_parse(struct str text, enum side side, struct header *headers, struct head *ret, struct framing *ret_framing,
		  bool *ret_cut);

#endif
