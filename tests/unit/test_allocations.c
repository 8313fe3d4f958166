/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot half in its steady state asks for no memory: a connection of every
 * kind is used until all that is kept for reuse is there, and from then on each
 * allocation of this program is counted, the libraries' as well. Under a
 * sanitizer, which has an allocator of its own, only our own are.
 */
#include <malloc.h>

#include "tests/lib/hot_bench.h"
#include "tests/lib/play_coding.h"
#include "tests/lib/unit.h"

static uint64_t allocations;

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size)
{
	allocations++;
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	allocations++;
	*ret = __libc_memalign(alignment, size);
	return *ret ? 0 : ENOMEM;
}
#endif

static uint64_t counted(void)
{
	return allocations + mem_count();
}

/* ---- what passes */

static void event(struct buf *to, int i)
{
	buf_printf(to, "data: {\"id\":\"chatcmpl-%d\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,"
		   "\"delta\":{\"content\":\" word\\n%d\"},\"finish_reason\":null}]%s}\n\n", i / 100, i * 7919,
		   i % 50 == 49 ? ",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12}" : "");
}

static void events(struct buf *to)
{
	for (int i = 0; i < 100; i++)
		event(to, i);
	buf_puts(to, "data: [DONE]\n\n");
}

static void document(struct buf *to)
{
	buf_puts(to, "{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[");
	for (int i = 0; i < 200; i++)
		buf_printf(to, "%s{\"index\":%d,\"message\":{\"role\":\"assistant\",\"content\":\"text \\u00e9 %d\"}}", i ? "," : "", i, i);
	buf_puts(to, "],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}");
}

static void head(struct buf *to, const char *type, const char *fields)
{
	buf_printf(to, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s", type, fields);
}

static void framed(struct buf *to, const struct buf *body, bool chunked)
{
	if (!chunked) {
		buf_printf(to, "Content-Length: %zu\r\n\r\n", body->n);
		buf_str(to, buf_view(body));
		return;
	}
	buf_puts(to, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0, n; at < body->n; at += n) {
		n = body->n - at < 700 ? body->n - at : 700;
		buf_printf(to, "%zx\r\n", n);
		buf_add(to, body->p + at, n);
		buf_puts(to, "\r\n");
	}
	buf_puts(to, "0\r\n\r\n");
}

enum { EVENTS = 1, CHUNKED = 2, GZIP = 4 };

static void answer(struct buf *to, unsigned int how)
{
	struct buf plain = BUF(MIB(4)), squeezed = BUF(MIB(4));

	if (how & EVENTS)
		events(&plain);
	else
		document(&plain);
	if (how & GZIP)
		play_gzip(buf_view(&plain), &squeezed);
	head(to, how & EVENTS ? "text/event-stream" : "application/json", how & GZIP ? "Content-Encoding: gzip\r\n" : "");
	framed(to, how & GZIP ? &squeezed : &plain, how & CHUNKED);
	buf_done(&plain);
	buf_done(&squeezed);
}

/* In calls of a size that cuts heads, events and chunks anywhere. */
static void put(struct bench *bench, enum event_dir dir, const struct buf *bytes, size_t most)
{
	for (size_t at = 0; at < bytes->n; at += most)
		line_data(&bench->line, dir, bytes->p + at, bytes->n - at < most ? bytes->n - at : most);
}

static void exchange(struct bench *bench, unsigned int how, size_t most)
{
	struct buf bytes = BUF(MIB(4));

	buf_puts(&bytes, ASK);
	put(bench, EVENT_SENT, &bytes, most);
	buf_reset(&bytes);
	answer(&bytes, how);
	put(bench, EVENT_RECEIVED, &bytes, most);
	buf_done(&bytes);
}

static uint64_t play_counted(struct bench *bench)
{
	uint64_t before;

	malloc_trim(0);
	before = counted();
	play(bench);
	return counted() - before;
}

static void test_http1(void **state)
{
	struct bench *bench = *state;
	static const size_t sizes[] = { 100000, 1000, 37 };
	uint64_t n = 0;

	line_open(&bench->line, true, STR("api.openai.com"));
	for (unsigned int how = 0; how < 8; how++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			exchange(bench, how, sizes[i]);
			play(bench);
			for (int again = 0; again < 5; again++)
				exchange(bench, how, sizes[i]);
			n = play_counted(bench);
			if (n)
				fail_msg("%s, %s, %s in pieces of %zu: %ju allocations", how & EVENTS ? "events" : "document",
					 how & CHUNKED ? "chunked" : "by length", how & GZIP ? "gzip" : "plain", sizes[i], (uintmax_t)n);
		}
	assert_int_equal(stat(bench, STAT_CALLS), 8 * 3 * 6);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
}

/* ---- HTTP/2: a stream under way; what a head costs is the header inflater's own */

static void frame(struct buf *to, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	const uint8_t first[9] = { (uint8_t)(payload.n >> 16), (uint8_t)(payload.n >> 8), (uint8_t)payload.n, (uint8_t)type,
				   (uint8_t)flags, 0, 0, (uint8_t)(stream >> 8), (uint8_t)stream };

	buf_add(to, first, sizeof(first));
	buf_str(to, payload);
}

/* Never indexed literals (RFC 7541 section 6.2.3) with names of their own. */
static void field(struct buf *to, const char *name, const char *value)
{
	buf_char(to, 0x10);
	buf_char(to, (char)strlen(name));
	buf_puts(to, name);
	buf_char(to, (char)strlen(value));
	buf_puts(to, value);
}

static void h2_begin(struct bench *bench)
{
	struct buf bytes = BUF(MIB(1));

	buf_puts(&bytes, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(&bytes, 4, 0, 0, STR(""));
	put(bench, EVENT_SENT, &bytes, bytes.n);
	buf_reset(&bytes);
	frame(&bytes, 4, 0, 0, STR(""));
	put(bench, EVENT_RECEIVED, &bytes, bytes.n);
	buf_done(&bytes);
}

static void h2_ask(struct bench *bench, uint32_t stream)
{
	struct buf bytes = BUF(MIB(1)), fields = BUF(MIB(1));

	field(&fields, ":method", "POST");
	field(&fields, ":scheme", "https");
	field(&fields, ":authority", "api.openai.com");
	field(&fields, ":path", "/v1/chat/completions");
	frame(&bytes, 1, 4, stream, buf_view(&fields));
	frame(&bytes, 0, 1, stream, STR("{\"model\":\"gpt-4o\",\"stream\":true}"));
	put(bench, EVENT_SENT, &bytes, bytes.n);
	buf_reset(&bytes);
	buf_reset(&fields);
	field(&fields, ":status", "200");
	field(&fields, "content-type", "text/event-stream");
	frame(&bytes, 1, 4, stream, buf_view(&fields));
	put(bench, EVENT_RECEIVED, &bytes, bytes.n);
	buf_done(&bytes);
	buf_done(&fields);
}

#define STREAMS 16

static void h2_events(struct bench *bench, int i)
{
	struct buf bytes = BUF(MIB(1)), one = BUF(MIB(1));

	event(&one, i);
	frame(&bytes, 0, 0, 1 + 2 * ((uint32_t)i % STREAMS), buf_view(&one));
	put(bench, EVENT_RECEIVED, &bytes, i % 3 ? bytes.n : 13);
	buf_done(&bytes);
	buf_done(&one);
}

static void test_http2(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR("api.openai.com"));
	h2_begin(bench);
	for (uint32_t i = 0; i < STREAMS; i++)
		h2_ask(bench, 1 + 2 * i);
	for (int i = 0; i < 100; i++)
		h2_events(bench, i);
	play(bench);
	for (int i = 0; i < 2000; i++)
		h2_events(bench, i);
	assert_int_equal(play_counted(bench), 0);
	assert_int_equal(stat(bench, STAT_HTTP2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_http1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_http2, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
