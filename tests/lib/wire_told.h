/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wire tells, as text: a line an exchange, written when it ends, so that
 * two runs tell the same where their texts are equal. Pieces of one item are
 * joined; where one piece ends and the next begins is not part of the text.
 *
 *	client POST api.test /v1/x d{request} 200 e:delta{data}e{cut by a hole complete
 *
 * An item is a letter of its kind (a capital of a file, an exception or what is
 * not text), its name, and its text in braces; the closing
 * brace stands for the last piece. Trailers are t{name=value}. Unread facts come as +undecoded, +missing.
 */
#ifndef AITAP_TESTS_WIRE_TOLD_H
#define AITAP_TESTS_WIRE_TOLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/wire_page.h"
#include "wire/conn.h"

struct told {
	struct wire wire;
	struct buf text;
	unsigned int begun, ended;
	struct str not_wanted;		/* a path that is of no interest */
	bool heads_lost;		/* may be: +mid tells where something came before what was seen */
	bool stop_pieces;		/* no more of any body, please */
	size_t largest_piece;
};

struct told_exchange {
	bool open[2];
	struct buf side[2];
};

static int told_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	struct told_exchange *user = exchange_user(exchange);
	struct told *told = ctx;

	if (head->trailer) {
		for (size_t i = 0; i < head->n_headers; i++)
			buf_printf(&user->side[head->side], " t{%.*s=%.*s}", (int)head->headers[i].name.n, head->headers[i].name.p,
				   (int)head->headers[i].value.n, head->headers[i].value.p);
		return 1;
	}
	if (head->side == SIDE_RESPONSE) {
		buf_printf(&user->side[1], " %d", head->status);
		assert_true(head->method.n > 0 || told->heads_lost);
		return 1;
	}
	told->begun++;
	user->side[0] = BUF(MIB(64));
	user->side[1] = BUF(MIB(64));
	buf_printf(&user->side[0], "%.*s %.*s %.*s", (int)head->method.n, head->method.p, (int)head->host.n,
		   head->host.n ? head->host.p : "", (int)head->path.n, head->path.p);
	if (head->query.n)
		buf_printf(&user->side[0], "?%.*s", (int)head->query.n, head->query.p);
	return !told->not_wanted.p || !str_eq(head->path, told->not_wanted);
}

static int told_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	struct told_exchange *user = exchange_user(exchange);
	struct buf *to = &user->side[piece->side];
	struct told *told = ctx;

	if (piece->text.n > told->largest_piece)
		told->largest_piece = piece->text.n;
	assert_true(!piece->first || !user->open[piece->side] || told->wire.counts.holes || told->wire.counts.undecodable);
	if (piece->first) {
		buf_printf(to, " %c", (piece->file || piece->exception || piece->binary ? "DELFRM" : "delfrm")[piece->kind]);
		if (piece->name.n)
			buf_printf(to, ":%.*s", (int)piece->name.n, piece->name.p);
		buf_char(to, '{');
	}
	user->open[piece->side] = !piece->last;
	buf_str(to, piece->text);
	if (piece->last)
		buf_char(to, '}');
	return told->stop_pieces ? -1 : 0;
}

static void told_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	static const char *const endings[] = { "complete", "aborted", "hole" };
	const struct exchange_facts *facts = exchange_facts(exchange);
	struct told_exchange *user = exchange_user(exchange);
	struct told *told = ctx;

	told->ended++;
	buf_puts(&told->text, facts->role == ROLE_CLIENT ? "client " : "server ");
	buf_str(&told->text, buf_view(&user->side[0]));
	buf_str(&told->text, buf_view(&user->side[1]));
	buf_printf(&told->text, " %s", endings[ending]);
	if (facts->undecoded)
		buf_puts(&told->text, " +undecoded");
	if (facts->truncated)
		buf_puts(&told->text, " +truncated");
	if (facts->missing_bytes)
		buf_puts(&told->text, " +missing");
	if (facts->mid_connection && told->heads_lost)
		buf_puts(&told->text, " +mid");
	buf_char(&told->text, '\n');
	buf_done(&user->side[0]);
	buf_done(&user->side[1]);
}

static const struct wire_ops told_ops = { .head = told_head, .piece = told_piece, .end = told_end };

static inline int told_init(struct told *told)
{
	*told = (struct told){ .text = BUF(MIB(64)) };
	return wire_init(&told->wire, &told_ops, told, sizeof(struct told_exchange));
}

static inline void told_done(struct told *told)
{
	assert_int_equal(told->begun, told->ended);
	assert_int_equal(told->wire.reorder_bytes, 0);
	wire_done(&told->wire);
	assert_int_equal(told->wire.budget.used, 0);
	assert_int_equal(told->wire.tables.used + told->wire.heads.used, 0);
	buf_done(&told->text);
}

#endif
