/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body passes through a chain of filters: its content codings undone, last
 * first, then a filter that cuts it into items. A filter never owns its input,
 * and the size of its output never becomes memory: it hands on what it has and
 * goes on. Transfer codings are the framing's work (wire/chunked.h).
 *
 * Bodies come from a pool in struct wire and belong to the message they are of.
 */
#ifndef AITAP_WIRE_BODY_H
#define AITAP_WIRE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"
#include "noun/head.h"

struct body;
struct exchange;
struct wire;

/* Every implementation begins with this; ops->size bytes, zeroed. */
struct filter {
	const struct filter_ops *ops;
	struct body *body;
	unsigned int level;		/* its place in the chain */
};

struct filter_ops {
	const char *name;
	size_t size;							/* of the implementing struct */
	int (*write)(struct filter *, const uint8_t *, size_t);	/* bytes consumed, or negative errno: failed for good */
	int (*end)(struct filter *);					/* no more input: flush what an end makes complete; may be NULL */
	void (*done)(struct filter *);					/* frees; may be NULL */
	int (*hole)(struct filter *);					/* bytes are missing here; NULL: fatal, as is a negative errno */
};

/*
 * Content codings, from RFC 9110 section 8.4.1, RFC 7932 and RFC 8878 (window as
 * RFC 9659 bounds it). How much is told of a body before the byte that makes it
 * corrupt, depends on how it was split.
 */
extern const struct filter_ops filter_gzip, filter_deflate, filter_brotli, filter_zstd;
/* What cuts into items. */
extern const struct filter_ops filter_document, filter_events, filter_lines, filter_form, filter_sniff, filter_eventstream,
	filter_grpc;

#define FILTER_SIZE 192		/* of a coding's struct */
#define CUTTER_SIZE 1024	/* of a cutter's */
#define FILTER_ROOM KIB(32)	/* of output that a coding hands on at a time */

int form_boundary(struct filter *, struct str content_type);		/* from its parameter; -EBADMSG: there is none (RFC 2046 section 5.1.1) */
enum sniff_default { SNIFF_DOCUMENT, SNIFF_EVENTS, SNIFF_LINES };	/* where the first bytes do not say otherwise */
void sniff_default(struct filter *, enum sniff_default);
#define EVENTSTREAM_PRELUDE 12
bool eventstream_begins(const uint8_t p[EVENTSTREAM_PRELUDE]);		/* Is this the prelude of a message, CRC and all? */
void grpc_text(struct filter *);					/* its messages are not binary */
uint8_t *filter_room(struct filter *);					/* FILTER_ROOM bytes of its own, valid until it returns */
int filter_pass(struct filter *, const uint8_t *, size_t);		/* output: on to the next; 0 or negative errno */
int filter_grows(struct filter *, size_t n);				/* a coding has put out n bytes; -EBADMSG: more than a body may become */
int filter_tell(struct filter *, struct piece *);			/* of a cutter; side and time are filled in */
void filter_undecoded(struct filter *);					/* of a cutter: an item was dropped; the body goes on */
struct mem_budget *filter_budget(struct filter *);
struct wire *filter_wire(struct filter *);
void inflate_drop_spares(struct wire *);
void igzip_drop_spares(struct wire *);

/*
 * codings: the codings from Content-Encoding and Transfer-Encoding in the order
 * in which they were applied. 1: nothing of it can be read, and *ret is NULL;
 * -ENOMEM.
 */
int body_new(struct wire *, struct exchange *, enum side, const struct str *codings, size_t n_codings,
	     struct str content_type, struct body **ret);
/* 0 or negative errno. Failure is told once and is for good: the body may be written on, which does nothing. */
int body_write(struct body *, const uint8_t *, size_t, uint64_t boot_ns);
int body_hole(struct body *);
int body_end(struct body *);		/* the framing says that this was all */
struct body *body_free(struct body *);
void body_drop_spares(struct wire *);	/* what bodies left to be used again, decoders included */

#endif
