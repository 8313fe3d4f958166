/* SPDX-License-Identifier: Apache-2.0 */
/* The framings in which recorded cases are played (see play.h), and how their bytes fall into calls of the application. */
#ifndef AITAP_TESTS_PLAY_FRAMING_H
#define AITAP_TESTS_PLAY_FRAMING_H

#include "tests/lib/case.h"
#include "tests/lib/image.h"
#include "tests/lib/play_coding.h"

enum framing {
	FRAMING_WHOLE, FRAMING_BYTES, FRAMING_CHUNKS, FRAMING_CHUNKS_BR, FRAMING_CHUNKS_ZSTD,
	FRAMING_H2_WHOLE, FRAMING_H2_BYTES, FRAMING_H2_CHUNKS, FRAMING_H2_CHUNKS_BR, FRAMING_H2_CHUNKS_ZSTD,
	FRAMINGS,
};

enum cut { CUT_WHOLE, CUT_BYTES, CUT_RANDOM };

struct framing_about {
	const char *name;
	enum cut cut;
	const char *coding;	/* over the answer's body; NULL: none */
	bool http2;
	unsigned int most;	/* exchanges of one connection */
	unsigned int abreast;	/* connections at one time */
};

static const struct framing_about framings[FRAMINGS] = {
	[FRAMING_WHOLE] = { "whole", CUT_WHOLE, NULL, false, 4, 1 },
	[FRAMING_BYTES] = { "bytes", CUT_BYTES, NULL, false, 1, 1 },
	[FRAMING_CHUNKS] = { "chunks, gzip", CUT_RANDOM, "gzip", false, 3, 6 },
	[FRAMING_CHUNKS_BR] = { "chunks, br", CUT_RANDOM, "br", false, 3, 6 },
	[FRAMING_CHUNKS_ZSTD] = { "chunks, zstd", CUT_RANDOM, "zstd", false, 3, 6 },
	[FRAMING_H2_WHOLE] = { "h2, whole", CUT_WHOLE, NULL, true, 16, 1 },
	[FRAMING_H2_BYTES] = { "h2, bytes", CUT_BYTES, NULL, true, 16, 1 },
	[FRAMING_H2_CHUNKS] = { "h2, chunks, gzip", CUT_RANDOM, "gzip", true, 16, 3 },
	[FRAMING_H2_CHUNKS_BR] = { "h2, chunks, br", CUT_RANDOM, "br", true, 16, 3 },
	[FRAMING_H2_CHUNKS_ZSTD] = { "h2, chunks, zstd", CUT_RANDOM, "zstd", true, 16, 3 },
};

static inline size_t random_piece(enum framing framing, uint64_t *random)
{
	uint64_t r = random_next(random);

	switch (framings[framing].cut) {
	case CUT_WHOLE:
		return EVENT_CHUNK_MAX;
	case CUT_BYTES:
		return 1;
	default:
		return 1 + (r >> 8) % (r & 1 ? 40 : r & 2 ? 1500 : EVENT_CHUNK_MAX);
	}
}

/* One in n. */
static inline bool random_once(uint64_t *random, unsigned int n)
{
	return random_next(random) % n == 0;
}

static inline void play_bytes(struct line *line, enum event_dir dir, enum framing framing, uint64_t *random, struct str bytes)
{
	for (size_t at = 0, n; at < bytes.n; at += n) {
		n = random_piece(framing, random);
		if (n > bytes.n - at)
			n = bytes.n - at;
		line_piece(line, dir, bytes.p + at, n);
	}
}

/* ---- header fields as they were recorded */

/* part: 0 the name, 1 the value. */
static inline struct str play_header(struct json_object *headers, size_t i, int part)
{
	return str_of(json_object_get_string(json_object_array_get_idx(json_object_array_get_idx(headers, i), (size_t)part)));
}

/* What the framing itself says is left out, for it is made anew; so is a type that the recorder blackened. */
static inline bool play_header_skipped(struct json_object *headers, size_t i)
{
	static const char *const own[] = { "host", "content-length", "transfer-encoding", "content-encoding", "connection", "trailer",
					   "upgrade", "keep-alive" };
	struct str name = play_header(headers, i, 0);

	for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++)
		if (str_ieq(name, str_of(own[j])))
			return true;
	return !name.n || name.p[0] == ':' ||
	       (str_ieq(name, STR("content-type")) && str_eq(play_header(headers, i, 1), STR("**REDACTED**")));
}

/* Without its port; no name at all where it is an address. */
static inline struct str play_server_name(const struct corpus_case *c)
{
	struct str host = case_text(c->recorded, "host");
	ptrdiff_t colon = str_chr(host, ':');

	if (colon >= 0)
		host.n = (size_t)colon;
	return host.n && host.p[host.n - 1] >= '0' && host.p[host.n - 1] <= '9' ? STR("") : host;
}

#endif
