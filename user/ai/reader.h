/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader follows one exchange: it chooses the provider by the request's head,
 * skims both bodies for what its dialect wants, and fills the call. It holds no
 * text of prompts or answers beyond what is picked. Its memory is the caller's:
 * reader_size() bytes, aligned to 16; nothing to free.
 */
#ifndef AITAP_AI_READER_H
#define AITAP_AI_READER_H

#include <stddef.h>

#include "ai/provider.h"
#include "ai/room.h"

struct reader;

enum interest {
	INTEREST_NONE,		/* not AI */
	INTEREST_MAYBE,		/* an unknown host: path and shape say so, the body decides */
	INTEREST_AI,
};

size_t reader_size(void);
/* The call must be zeroed, and live as long as the reader; emit is called with it, 0 to n times. */
void reader_begin(struct reader *, const struct wants *, struct call *, usage_fn emit, void *ctx);
/* After reader_begin(): rooms and moulds of its worker. reader_size_shared() bytes are enough for it then. */
void reader_share(struct reader *, struct readers *);
size_t reader_size_shared(void);
/* The request's head, then the response's. Returns enum interest. */
int reader_head(struct reader *, const struct head *);
/* Negative: nothing more of this side is wanted. */
int reader_piece(struct reader *, const struct piece *);
void reader_end(struct reader *, enum ending);

#endif
