/* SPDX-License-Identifier: Apache-2.0 */
/* One body, written in pieces of any size, and the items told of it as text: `e:delta{...}d{...}`, then `!` where it failed. */
#ifndef AITAP_TESTS_WIRE_BODY_H
#define AITAP_TESTS_WIRE_BODY_H

#include "tests/lib/wire_told.h"
#include "wire/body.h"
#include "wire/exchange_inside.h"

#define NO_HOLE SIZE_MAX

struct body_row {
	const char *name;
	const char *type;
	const char *told;
	struct str bytes;
};

struct body_run {
	struct told told;
	struct exchange *exchange;
	struct body *body;
	struct buf text;
	int error;		/* the first */
	int result;		/* of body_new() */
};

static bool body_without_igzip;	/* as if a worker had all of its fast inflaters at work */

static void body_begin(struct body_run *run, const char *type, const char *codings)
{
	struct str name, rest = str_of(codings), names[LIMIT_ENCODINGS + 1];
	struct told_exchange *user;
	size_t n = 0;

	*run = (struct body_run){ .text = BUF(MIB(64)) };
	assert_int_equal(told_init(&run->told), 0);
	run->told.begun++;
	run->told.wire.n_igzips = body_without_igzip ? LIMIT_IGZIPS : 0;
	assert_int_equal(exchange_new(&run->told.wire, &run->exchange), 0);
	user = exchange_user(run->exchange);
	user->side[0] = user->side[1] = BUF(MIB(64));
	while (rest.n && n <= LIMIT_ENCODINGS && str_split(&rest, ',', &name))
		names[n++] = str_trim(name);
	run->result = body_new(&run->told.wire, run->exchange, SIDE_RESPONSE, names, n, str_of(type), &run->body);
}

static void body_part(struct body_run *run, const void *p, size_t n)
{
	int err = body_write(run->body, page_guarded(p, n), n, 1);

	run->error = run->error ? run->error : err;
}

/* Ends it where it is still whole, and leaves the text. */
static const char *body_finish(struct body_run *run)
{
	struct told_exchange *user = exchange_user(run->exchange);
	int err = body_end(run->body);

	run->error = run->error ? run->error : err;
	buf_str(&run->text, str_trim(buf_view(&user->side[1])));
	if (run->error)
		buf_char(&run->text, '!');
	return buf_cstr(&run->text);
}

static void body_done(struct body_run *run)
{
	body_free(run->body);
	exchange_end(run->exchange, ENDING_COMPLETE);
	told_done(&run->told);
	buf_done(&run->text);
}

/* Pieces of at most `most` bytes, one more ending at `split`; a hole of `n_hole` bytes from `hole` on. */
static void body_run_pieces(struct body_run *run, const char *type, const char *codings, struct str bytes, size_t most,
			    size_t split, size_t hole, size_t n_hole)
{
	body_begin(run, type, codings);
	assert_int_equal(run->result, 0);
	for (size_t at = 0; at < bytes.n; ) {
		size_t n = bytes.n - at < most ? bytes.n - at : most;

		if (at == hole) {
			int err = body_hole(run->body);

			run->told.wire.counts.holes++;
			run->error = run->error ? run->error : err;
			at += n_hole;
			continue;
		}
		if (split > at && split < at + n)
			n = split - at;
		if (hole > at && hole < at + n)
			n = hole - at;
		body_part(run, bytes.p + at, n);
		at += n;
	}
}

static void body_check(const char *name, const char *type, const char *codings, struct str bytes, size_t most, size_t split,
		       const char *told)
{
	struct body_run run;
	const char *text;

	body_run_pieces(&run, type, codings, bytes, most, split, NO_HOLE, 0);
	text = body_finish(&run);
	if (strcmp(text, told))
		print_error("%s: pieces of %zu, split at %zu\n", name, most, split);
	assert_string_equal(text, told);
	body_done(&run);
}

/* Whole, byte by byte, in small pieces, and split at every place. */
static void body_check_every_way(const char *name, const char *type, const char *codings, struct str bytes, const char *told)
{
	body_check(name, type, codings, bytes, SIZE_MAX, 0, told);
	for (size_t most = 1; most < 6; most++)
		body_check(name, type, codings, bytes, most, 0, told);
	for (size_t split = 1; split < bytes.n && split < 3000; split++)
		body_check(name, type, codings, bytes, SIZE_MAX, split, told);
}

#endif
