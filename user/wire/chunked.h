/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunked transfer coding (RFC 9112 section 7.1), extensions and trailers
 * included. It finds the payload in what it is given and copies nothing.
 */
#ifndef AITAP_WIRE_CHUNKED_H
#define AITAP_WIRE_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunked {
	uint64_t left;		/* of the chunk */
	uint32_t n_line;	/* of a size line or a trailer line */
	uint32_t n_trailers;	/* bytes of all of them */
	uint8_t place;
	bool digit;		/* the size line has one */
};

/*
 * Consumes from p up to the end of a run of payload, which is left in *ret_data
 * (n 0: framing only). *ret_end: that was the body's last byte. Gives the bytes
 * consumed, or -EBADMSG: this is not chunked.
 */
ptrdiff_t chunked_next(struct chunked *, const uint8_t *p, size_t n, const uint8_t **ret_data, size_t *ret_n, bool *ret_end);
/* n bytes are missing here: true where they were payload of this chunk and the framing goes on. */
bool chunked_hole(struct chunked *, uint64_t n);

#endif
