/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of Google's and its server, in gRPC over HTTP/2 on a line: header
 * blocks by libnghttp2's deflater, messages as in tests/lib/proto_text.h.
 */
#ifndef AITAP_TESTS_GRPC_TALK_H
#define AITAP_TESTS_GRPC_TALK_H

#include <nghttp2/nghttp2.h>

#include "tests/lib/unit.h"

#include "tests/lib/image.h"
#include "tests/lib/proto_text.h"

enum { GRPC_DATA, GRPC_HEADERS, GRPC_SETTINGS = 4 };
enum { GRPC_END_STREAM = 1, GRPC_END_HEADERS = 4 };

#define GRPC_HOST "us-central1-aiplatform.googleapis.com"
#define GRPC_PATH "/google.cloud.aiplatform.v1.PredictionService/StreamGenerateContent"
#define GRPC_REQUEST "5:\"projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-pro\" 2{1:\"user\" 2{1:\"hi\"}}"

struct grpc_talk {
	struct line *line;
	nghttp2_hd_deflater *deflater[2];	/* by enum event_dir */
	uint32_t next;
};

static inline void grpc_frame(struct grpc_talk *talk, enum event_dir dir, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	uint8_t bytes[2048] = { 0, (uint8_t)(payload.n >> 8), (uint8_t)payload.n, (uint8_t)type, (uint8_t)flags, 0, 0, 0, (uint8_t)stream };

	assert_true(payload.n < sizeof(bytes) - 9);
	memcpy(bytes + 9, payload.p, payload.n);
	line_data(talk->line, dir, bytes, payload.n + 9);
}

static inline void grpc_fields(struct grpc_talk *talk, enum event_dir dir, uint32_t stream, unsigned int flags, const char *const list[][2])
{
	nghttp2_nv nv[16];
	uint8_t block[1024];
	size_t n = 0;
	ssize_t length;

	for (; list[n][0]; n++)
		nv[n] = (nghttp2_nv){ (uint8_t *)list[n][0], (uint8_t *)list[n][1], strlen(list[n][0]), strlen(list[n][1]), 0 };
	length = nghttp2_hd_deflate_hd(talk->deflater[dir], block, sizeof(block), nv, n);
	assert_true(length > 0);
	grpc_frame(talk, dir, GRPC_HEADERS, GRPC_END_HEADERS | flags, stream, (struct str){ (char *)block, (size_t)length });
}

/* A message behind its five bytes, cut into frames of so many. */
static inline void grpc_message(struct grpc_talk *talk, enum event_dir dir, uint32_t stream, const char *text, size_t step, bool last)
{
	struct buf body = BUF(4096), bytes = BUF(4096);

	proto_fields(&body, text);
	buf_add(&bytes, (const char[]){ 0, 0, 0, (char)(body.n >> 8), (char)body.n }, 5);
	buf_add(&bytes, body.p, body.n);
	for (size_t at = 0; at < bytes.n; at += step) {
		size_t n = step < bytes.n - at ? step : bytes.n - at;

		grpc_frame(talk, dir, GRPC_DATA, last && at + n == bytes.n ? GRPC_END_STREAM : 0, stream, (struct str){ bytes.p + at, n });
	}
	buf_done(&bytes);
	buf_done(&body);
}

static inline struct grpc_talk grpc_begin(struct line *line, bool born, const char *name)
{
	struct grpc_talk talk = { .line = line, .next = 1 };

	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[0], 4096), 0);
	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[1], 4096), 0);
	line_open(line, born, str_of(name));
	line_text(line, EVENT_SENT, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	grpc_frame(&talk, EVENT_SENT, GRPC_SETTINGS, 0, 0, STR(""));
	grpc_frame(&talk, EVENT_RECEIVED, GRPC_SETTINGS, 0, 0, STR(""));
	return talk;
}

static inline void grpc_end(struct grpc_talk *talk)
{
	nghttp2_hd_deflate_del(talk->deflater[0]);
	nghttp2_hd_deflate_del(talk->deflater[1]);
}

static inline void grpc_call(struct grpc_talk *talk, const char *const came[], const char *status, size_t step)
{
	static const char *const asked[][2] = {
		{ ":method", "POST" }, { ":scheme", "https" }, { ":path", GRPC_PATH }, { ":authority", GRPC_HOST }, { "te", "trailers" },
		{ "content-type", "application/grpc" }, { "authorization", "Bearer ya29.test" }, { NULL, NULL },
	};
	static const char *const answered[][2] = { { ":status", "200" }, { "content-type", "application/grpc" }, { NULL, NULL } };
	const char *const trailers[][2] = { { "grpc-status", status }, { "grpc-message", "" }, { NULL, NULL } };
	uint32_t stream = talk->next;

	talk->next += 2;
	grpc_fields(talk, EVENT_SENT, stream, 0, asked);
	grpc_message(talk, EVENT_SENT, stream, GRPC_REQUEST, step, true);
	grpc_fields(talk, EVENT_RECEIVED, stream, 0, answered);
	for (size_t i = 0; came[i]; i++)
		grpc_message(talk, EVENT_RECEIVED, stream, came[i], step, false);
	grpc_fields(talk, EVENT_RECEIVED, stream, GRPC_END_STREAM, trailers);
}

static const char *const grpc_answers[] = {
	"2{2{2{1:\"hel\"}}} 4{8:1} 11:\"gemini-2.5-pro\" 13:\"r1\"",
	"2{2{2{1:\"lo\"}} 3:1} 4{1:100 2:20 3:125 8:1 14:5} 11:\"gemini-2.5-pro\" 13:\"r1\"", NULL,
};

#endif
