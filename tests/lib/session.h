/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session over a socket as a reader is told of it: messages of both sides in
 * the order in which they passed, one a line, `> ` the client's and `< ` the
 * server's; the nth passes at n * 100 ns. What came of it is one text a call,
 * as tests/lib/dialogue.h writes it, behind the operation and the times:
 *
 *	realtime 100-300-400-900 gpt-realtime> resp_1 input=1 output=2
 *
 * that is begin, first byte, first token (0: none) and end; flags follow.
 */
#ifndef AITAP_TESTS_SESSION_H
#define AITAP_TESTS_SESSION_H

#include "tests/lib/dialogue.h"

struct session_row {
	const char *name, *host, *path;
	const char *messages;
	const char *expect;
	int status;		/* 0: 101; -1: the answer to the upgrade was lost */
	enum ending ending;
	bool binary;		/* what the server sends */
};


static void session_emit(void *ctx, const struct call *call)
{
	struct buf *to = ctx;

	if (to->n)
		buf_char(to, '\n');
	buf_printf(to, "%s", call->operation);
	if (call->flags & CALL_TURN)
		buf_printf(to, " %llu-%llu-%llu-%llu", (unsigned long long)call->begin_ns, (unsigned long long)call->first_byte_ns,
			   (unsigned long long)call->first_token_ns, (unsigned long long)call->end_ns);
	buf_char(to, ' ');
	dialogue_write(to, call);
	if (call->flags & CALL_ABORTED)
		buf_puts(to, " aborted");
	if (call->flags & CALL_FREE)
		buf_puts(to, " free");
	if (call->content_bytes[SIDE_REQUEST] || call->content_bytes[SIDE_RESPONSE])
		buf_printf(to, " text=%llu/%llu", (unsigned long long)call->content_bytes[SIDE_REQUEST],
			   (unsigned long long)call->content_bytes[SIDE_RESPONSE]);
}

/* A line that ends with ~ is a message whose end never comes. */
static void session_message(struct reader *reader, const struct session_row *row, struct str line, uint64_t ns, size_t step)
{
	struct piece piece = { .kind = ITEM_MESSAGE, .boot_ns = ns, .name = { "", 0 }, .last = true };

	piece.side = line.p[0] == '>' ? SIDE_REQUEST : SIDE_RESPONSE;
	piece.binary = piece.side == SIDE_RESPONSE && row->binary;
	if (str_ends(line, STR("~"))) {
		piece.last = false;
		line.n--;
	}
	dialogue_item(reader, piece, str_sub(line, 2, line.n), step);
}

static void session_run(const struct session_row *row, size_t step, struct buf *to)
{
	static struct wants wants;
	struct reader *reader = mem_new(reader_size());
	struct call *call = mem_new(sizeof(*call));
	struct header upgrade = { STR("Upgrade"), STR("websocket") };
	struct str path = str_of(row->path), query = { "", 0 }, rest = str_of(row->messages), line;
	ptrdiff_t mark = str_chr(path, '?');
	struct head head = { .side = SIDE_REQUEST, .port = 443, .method = STR("GET"), .host = str_of(row->host), .headers = &upgrade,
			     .n_headers = 1 };
	uint64_t ns = 0;

	head.path = mark < 0 ? path : str_sub(path, 0, (size_t)mark);
	head.query = mark < 0 ? query : str_sub(path, (size_t)mark + 1, path.n);
	reader_begin(reader, &wants, call, session_emit, to);
	if (reader_head(reader, &head) > INTEREST_NONE) {
		head.side = SIDE_RESPONSE;
		head.status = row->status ? row->status : 101;
		if (row->status >= 0)
			reader_head(reader, &head);
		while (rest.n && str_split(&rest, '\n', &line))
			session_message(reader, row, line, ns += 100, step);
		reader_end(reader, row->ending);
	}
	mem_free(call);
	mem_free(reader);
}

static void session_check(const struct session_row *row)
{
	static const size_t steps[] = { 0, 1, 2, 3, 17 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct buf text = BUF(65536);

		session_run(row, steps[i], &text);
		if (strcmp(buf_cstr(&text), row->expect) != 0)
			fail_msg("%s, step %zu:\n  got      %s\n  expected %s", row->name, steps[i], buf_cstr(&text), row->expect);
		buf_done(&text);
	}
}

#endif
