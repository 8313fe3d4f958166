/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays recorded cases over a connection: makes HTTP/1.1, HTTP/2 or a WebSocket
 * of them again, in one of many framings, and puts that into a line as the
 * probes would see it. What is written here shares nothing with what reads it.
 *
 *	whole	each message is one call of the application; bodies as they were
 *		recorded, chunked where the recording says so
 *	bytes	every byte an event of its own, heads and bodies; a tenth of the
 *		answers last until the connection closes
 *	chunks	chunks of random length (some with extensions and trailers) in calls
 *		of random length, and a coding over whatever the body was coded in
 *	h2	see play_http2.h, for each of these
 *
 * A WebSocket (play_websocket.h) has framings of its own under the names of those
 * of HTTP/1.1, with which it begins.
 */
#ifndef AITAP_TESTS_PLAY_H
#define AITAP_TESTS_PLAY_H

#include "tests/lib/play_http1.h"
#include "tests/lib/play_http2.h"
#include "tests/lib/play_websocket.h"

static inline bool play_fits(const struct corpus_case *c, enum framing framing)
{
	return !case_is_socket(c) || !framings[framing].http2;
}

/*
 * How many of the cases share a connection: of the same host, one behind another
 * or, over HTTP/2, beside one another. A socket has a connection of its own.
 */
static inline size_t play_together(struct corpus_case *const *cases, size_t n, enum framing framing)
{
	struct str host = case_text(cases[0]->recorded, "host");
	size_t i = 1;

	while (i < n && i < framings[framing].most && !case_is_socket(cases[0]) && !case_is_socket(cases[i]) &&
	       str_eq(host, case_text(cases[i]->recorded, "host")))
		i++;
	return i;
}

/* Exchange i of the line is cases[i]. Gives how many were played: an answer may last until the line closes. */
static inline size_t play_cases(struct line *line, struct corpus_case *const *cases, size_t n, enum framing framing,
				uint64_t *random)
{
	size_t i = 0;

	if (case_is_socket(cases[0])) {
		play_socket(line, cases[0], framing, random);
		return 1;
	}
	if (framings[framing].http2) {
		play_http2(line, cases, n, framing, random);
		return n;
	}
	while (i < n)
		if (play_http1(line, cases[i++], framing, random))
			break;
	return i;
}

/* One case on a line of its own. */
static inline void play_case(struct line *line, struct corpus_case *c, enum framing framing, uint64_t *random)
{
	play_cases(line, &c, 1, framing, random);
}

#endif
