/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialogue with a provider as a reader is told of it, without any wire: two
 * heads, and bodies cut into items and pieces. What came of it is written as
 * one short text a call, so that a test is a table of bodies and texts:
 *
 *	claude-3>claude-3-5 msg_1 input=10 cache_read=2 output=5 web_search=1
 *
 * Models asked for and answered, the answer's id, what each model used (| before
 * further ones, with their names), units in thousandths only where they are not
 * whole. Only what is known is there.
 */
#ifndef AITAP_TESTS_DIALOGUE_H
#define AITAP_TESTS_DIALOGUE_H

#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ai/reader.h"
#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/unit.h"

#define DIALOGUE_CALLS 4

struct dialogue {
	const char *name;
	const char *host;		/* NULL: api.example.com, which is nobody's */
	const char *path;		/* with its query */
	const char *asked;		/* the request's body; NULL: GET */
	const char *form;		/* the request's body as a form: NAME=VALUE, one a line; @NAME=TEXT a file, | ends its lines */
	int status;			/* 0: 200 */
	const char *headers;		/* of the response, name: value, one a line */
	enum item_kind kind;
	const char *came;		/* the response's body; events as they are on the wire, without CR; frames: see dialogue_frame() */
	const char *expect;		/* one line a call; "" where none may come; "-" for a call without usage */
};

struct dialogue_told {
	size_t n;
	struct call calls[DIALOGUE_CALLS];
};

static void dialogue_emit(void *ctx, const struct call *call)
{
	struct dialogue_told *told = ctx;

	assert_true(told->n < DIALOGUE_CALLS);
	told->calls[told->n++] = *call;
}

/* piece.last: the item ends with this text, as it would not where the connection broke off. */
static void dialogue_item(struct reader *reader, struct piece piece, struct str text, size_t step)
{
	bool ends = piece.last;

	size_t at = 0;

	do {
		size_t n = step && step < text.n - at ? step : text.n - at;
		/* apart, so that a read beyond the piece is seen */
		char *own = mem_dup(text.p + at, n ? n : 1);

		piece.first = at == 0;
		piece.last = ends && at + n == text.n;
		piece.text = (struct str){ own, n };
		reader_piece(reader, &piece);
		mem_free(own);
		at += n;
	} while (at < text.n);
}

/* One event: its lines up to the empty one. */
static struct str dialogue_event(struct reader *reader, struct piece piece, struct str rest, size_t step)
{
	ptrdiff_t end = str_find(rest, STR("\n\n"));
	struct str event = end < 0 ? rest : str_sub(rest, 0, (size_t)end), line, data = { "", 0 };

	piece.name = STR("");
	while (event.n && str_split(&event, '\n', &line)) {
		if (str_starts(line, STR("event: ")))
			piece.name = str_sub(line, 7, line.n);
		if (str_starts(line, STR("data: ")))
			data = str_sub(line, 6, line.n);
	}
	dialogue_item(reader, piece, data, step);
	return end < 0 ? (struct str){ "", 0 } : str_sub(rest, (size_t)end + 2, rest.n);
}

/* A line: its type, behind ! that of an exception, then its payload; behind = that is what it wraps in base64. */
static void dialogue_frame(struct reader *reader, struct piece piece, struct str line, size_t step)
{
	struct str type, wrapped = { NULL, 0 };
	char base64[4096];

	str_split(&line, ' ', &type);
	piece.exception = str_starts(type, STR("!"));
	piece.name = str_sub(type, piece.exception, type.n);
	if (str_starts(line, STR("="))) {
		base64_encode_raw(base64, line.n - 1, (const uint8_t *)line.p + 1);
		wrapped.n = (size_t)asprintf((char **)&wrapped.p, "{\"bytes\":\"%.*s\",\"p\":\"abcdef\"}",
					     (int)BASE64_ENCODE_RAW_LENGTH(line.n - 1), base64);
		line = wrapped;
	}
	dialogue_item(reader, piece, line, step);
	free((char *)wrapped.p);
}

static void dialogue_body(struct reader *reader, enum side side, enum item_kind kind, const char *text, size_t step,
			  bool whole)
{
	struct piece piece = { .side = side, .kind = kind, .boot_ns = 100, .name = { "", 0 },
			       .last = whole || kind != ITEM_DOCUMENT };
	struct str rest = str_of(text), line;

	if (kind == ITEM_DOCUMENT && rest.n)
		dialogue_item(reader, piece, rest, step);
	while (kind == ITEM_EVENT && rest.n) {
		rest = dialogue_event(reader, piece, rest, step);
		piece.boot_ns++;
	}
	while (kind == ITEM_FRAME && rest.n && str_split(&rest, '\n', &line)) {
		dialogue_frame(reader, piece, line, step);
		piece.boot_ns++;
	}
	while (kind == ITEM_LINE && rest.n && str_split(&rest, '\n', &line))
		if (line.n)
			dialogue_item(reader, piece, line, step);
}

static void dialogue_form(struct reader *reader, const char *text, size_t step)
{
	struct str rest = str_of(text), line;

	while (rest.n && str_split(&rest, '\n', &line)) {
		struct piece piece = { .side = SIDE_REQUEST, .kind = ITEM_FIELD, .boot_ns = 100, .last = true };
		ptrdiff_t equals = str_chr(line, '=');
		struct str value = str_sub(line, (size_t)equals + 1, line.n);
		char *own = mem_strndup(value.p, value.n);

		piece.file = line.p[0] == '@';
		piece.name = str_sub(line, piece.file, (size_t)equals - piece.file);
		for (size_t i = 0; piece.file && i < value.n; i++)
			own[i] = own[i] == '|' ? '\n' : own[i];
		dialogue_item(reader, piece, (struct str){ own, value.n }, step);
		mem_free(own);
	}
}

static size_t dialogue_headers(const char *text, struct header *headers, size_t room)
{
	struct str rest = str_of(text), line;
	size_t n = 0;

	while (rest.n && n < room && str_split(&rest, '\n', &line)) {
		ptrdiff_t colon = str_chr(line, ':');
		headers[n].name = str_sub(line, 0, (size_t)colon);
		headers[n++].value = str_trim(str_sub(line, (size_t)colon + 1, line.n));
	}
	return n;
}

/* step: bytes a piece; 0: an item is one piece. The last call stays in ret_told after the ending. */
static void dialogue_play(const struct dialogue *dialogue, size_t step, enum ending ending, struct dialogue_told *ret_told)
{
	static struct wants wants;
	struct reader *reader = mem_new(reader_size());
	struct call *call = mem_new(sizeof(*call));
	struct header headers[2][16];
	struct str path = str_of(dialogue->path), query = { "", 0 };
	ptrdiff_t mark = str_chr(path, '?');
	struct head head = { .side = SIDE_REQUEST, .boot_ns = 1, .scheme = STR("https"), .port = 443,
			     .method = str_of(dialogue->asked || dialogue->form ? "POST" : "GET"), .headers = headers[0],
			     .host = str_of(dialogue->host ? dialogue->host : "api.example.com") };

	if (mark >= 0) {
		query = str_sub(path, (size_t)mark + 1, path.n);
		path = str_sub(path, 0, (size_t)mark);
	}
	head.path = path;
	head.query = query;
	memset(ret_told, 0, sizeof(*ret_told));
	reader_begin(reader, &wants, call, dialogue_emit, ret_told);
	if (reader_head(reader, &head) > INTEREST_NONE) {
		if (dialogue->form)
			dialogue_form(reader, dialogue->form, step);
		else
			dialogue_body(reader, SIDE_REQUEST, ITEM_DOCUMENT, dialogue->asked, step, true);
		head.side = SIDE_RESPONSE;
		head.status = dialogue->status ? dialogue->status : 200;
		head.headers = headers[1];
		head.n_headers = dialogue_headers(dialogue->headers, headers[1], 16);
		reader_head(reader, &head);
		dialogue_body(reader, SIDE_RESPONSE, dialogue->kind, dialogue->came, step, ending == ENDING_COMPLETE);
		reader_end(reader, ending);
	}
	mem_free(call);
	mem_free(reader);
}

/* ---- what came of it, as text */

static const char *const dialogue_counts[COUNT_MAX] = {
	"input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output",
	"audio_cache_read", "image_input", "image_output", "image_cache_read",
};

static void dialogue_write_usage(struct buf *to, const struct call *call, unsigned int i)
{
	if (i)
		buf_printf(to, " | %s", call->usages[i].model);
	for (int count = 0; count < COUNT_MAX; count++)
		if (usage_knows(&call->usages[i], (enum count)count))
			buf_printf(to, " %s=%llu", dialogue_counts[count],
				   (unsigned long long)call->usages[i].count[count]);
}

static void dialogue_write(struct buf *to, const struct call *call)
{
	buf_printf(to, "%s>%s %s", call->model_requested, call->model, *call->response_id ? call->response_id : "-");
	for (unsigned int i = 0; i < call->n_usages; i++)
		dialogue_write_usage(to, call, i);
	for (unsigned int i = 0; i < call->n_units; i++) {
		unsigned long long milli = call->units[i].milli;
		buf_printf(to, " %s=%llu", call->units[i].name, milli / 1000);
		if (milli % 1000)
			buf_printf(to, ".%03llu", milli % 1000);
	}
	if (*call->error_type || call->flags & CALL_ERROR)
		buf_printf(to, " error=%s", call->error_type);
	/* usage is told where there are tokens, and only there */
	assert_int_equal(call->usage_source, call->n_usages ? USAGE_REPORTED : USAGE_NONE);
}

static inline void dialogue_expect(const struct dialogue *dialogue, size_t step)
{
	struct dialogue_told *told = mem_new(sizeof(*told));
	struct buf text = BUF(4096);

	dialogue_play(dialogue, step, ENDING_COMPLETE, told);
	for (size_t i = 0; i < told->n; i++) {
		if (i)
			buf_char(&text, '\n');
		dialogue_write(&text, &told->calls[i]);
	}
	if (strcmp(buf_cstr(&text), dialogue->expect) != 0)
		fail_msg("%s, step %zu:\n  got      %s\n  expected %s", dialogue->name, step, buf_cstr(&text),
			 dialogue->expect);
	buf_done(&text);
	mem_free(told);
}

/* A document that broke off anywhere: what is known all the same is what the whole says. */
static inline void dialogue_cut(const struct dialogue *dialogue)
{
	struct dialogue_told *told = mem_new(2 * sizeof(*told));
	const struct usage *whole = told[0].calls[0].usages, *cut = told[1].calls[0].usages;
	struct dialogue broken = *dialogue;

	dialogue_play(dialogue, 0, ENDING_COMPLETE, &told[0]);
	for (size_t n = strlen(dialogue->came); told[0].n && n-- > 1;) {
		broken.came = mem_strndup(dialogue->came, n);
		dialogue_play(&broken, 0, ENDING_ABORTED, &told[1]);
		for (int count = 0; told[1].n && told[1].calls[0].n_usages && count < COUNT_MAX; count++)
			if (usage_knows(cut, (enum count)count) && cut->count[count] != whole->count[count])
				fail_msg("%s, cut at %zu: %s=%llu", dialogue->name, n, dialogue_counts[count],
					 (unsigned long long)cut->count[count]);
		mem_free((char *)broken.came);
	}
	mem_free(told);
}

/* Whole, byte by byte, in pieces of a few lengths, and broken off. */
static inline void dialogue_check(const struct dialogue *dialogue)
{
	static const size_t steps[] = { 0, 1, 2, 3, 5, 17, 64 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		dialogue_expect(dialogue, steps[i]);
	/* an array is a stream, whose parts count from its start */
	if (dialogue->kind == ITEM_DOCUMENT && dialogue->came[0] != '[')
		dialogue_cut(dialogue);
}

#endif
