/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation to be played to a connection: calls, each with what it sent or
 * received, in the order in which they ended. It can be played whole, in pieces
 * of any size, with events lost, and with events that pass each other.
 */
#ifndef AITAP_TESTS_WIRE_SCRIPT_H
#define AITAP_TESTS_WIRE_SCRIPT_H

#include "tests/lib/wire_told.h"

struct call_of {
	enum dir dir;
	struct str bytes;
};

#define SENT(text) { DIR_SENT, STR(text) }
#define GOT(text) { DIR_RECEIVED, STR(text) }
#define CALLS_MAX 12

/* One event. */
struct part {
	enum dir dir;
	uint64_t offset, peer_offset, boot_ns;
	const char *p;
	size_t n;
	bool lost;
};

struct parts {
	struct part *part;
	size_t n;
	uint64_t length[2];
};

static void parts_done(struct parts *parts)
{
	parts->part = mem_free(parts->part);
}

/* Events of at most `most` bytes; where `split` (in bytes of the whole script) falls inside a call, one more ends there. */
static void parts_of(const struct call_of *calls, size_t n_calls, size_t most, size_t split, struct parts *ret)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n_calls; i++)
		total += calls[i].bytes.n;
	*ret = (struct parts){ .part = mem_array(total + 1, sizeof(struct part)) };
	assert_non_null(ret->part);
	for (size_t i = 0; i < n_calls; i++) {
		enum dir dir = calls[i].dir;
		const char *p = calls[i].bytes.p;

		for (size_t left = calls[i].bytes.n; left; ) {
			size_t n = left < most ? left : most;

			if (split > at && split < at + n)
				n = split - at;
			ret->part[ret->n] = (struct part){ dir, ret->length[dir], ret->length[!dir], 1000 + 1000 * ret->n, p, n, false };
			ret->n++;
			ret->length[dir] += n;
			p += n;
			at += n;
			left -= n;
		}
	}
}

static void feed_part(struct conn *conn, const struct part *part)
{
	if (!part->lost)
		conn_feed(conn, part->dir, part->offset, part->peer_offset, part->boot_ns, page_guarded(part->p, part->n), part->n);
}

/* Plays the events in the order of `order` (NULL: as they are), closes the connection, and leaves what was told. */
static void play(struct told *told, const struct parts *parts, const size_t *order, bool born)
{
	struct conn *conn;

	if (conn_new(&told->wire, 1, born, &conn) < 0)
		return;
	for (size_t i = 0; i < parts->n; i++)
		feed_part(conn, &parts->part[order ? order[i] : i]);
	conn_end(conn, parts->length);
	conn_free(conn);
}

#endif
