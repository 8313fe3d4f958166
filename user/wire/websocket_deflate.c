/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permessage-deflate (RFC 7692): a message is a raw deflate stream without the
 * empty block at its end, 00 00 ff ff, which is put back. Where a side takes its
 * context over, its messages are one stream: a state is kept as long as the
 * socket, and a message that is lost takes the rest with it. Where it does not,
 * the state goes back between messages.
 */
#include <errno.h>

#include "wire/websocket_inside.h"

/* ---- what was agreed */

/* A window may be smaller than it has to be, never larger; zlib makes nothing of 8. */
static int8_t window_bits(struct str value)
{
	uint64_t bits;

	if (value.n >= 2 && value.p[0] == '"')
		value = str_sub(value, 1, value.n - 2);
	if (!str_u64(value, &bits) || bits < 8 || bits > 15)
		return 15;
	return (int8_t)(bits < 9 ? 9 : bits);
}

static void parameter(struct str text, struct ws_deflate ret[2])
{
	struct str name, value = text;

	if (!str_split(&value, '=', &name))
		return;
	name = str_trim(name);
	value = str_trim(value);
	if (str_ieq(name, STR("server_no_context_takeover")))
		ret[SIDE_RESPONSE].takeover = false;
	else if (str_ieq(name, STR("client_no_context_takeover")))
		ret[SIDE_REQUEST].takeover = false;
	else if (str_ieq(name, STR("server_max_window_bits")))
		ret[SIDE_RESPONSE].window_bits = window_bits(value);
	else if (str_ieq(name, STR("client_max_window_bits")))
		ret[SIDE_REQUEST].window_bits = window_bits(value);
}

static void extension(struct str text, struct ws_deflate ret[2])
{
	struct str one;

	if (!str_split(&text, ';', &one) || !str_ieq(str_trim(one), STR("permessage-deflate")))
		return;
	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++)
		ret[side] = (struct ws_deflate){ .agreed = true, .takeover = true, .window_bits = 15 };
	while (text.n && str_split(&text, ';', &one))
		parameter(one, ret);
}

void ws_deflate_agreed(const struct head *answer, struct ws_deflate ret[2])
{
	for (size_t i = 0; i < answer->n_headers; i++) {
		struct str one, rest = answer->headers[i].value;

		if (!str_ieq(answer->headers[i].name, STR("sec-websocket-extensions")))
			continue;
		while (rest.n && str_split(&rest, ',', &one))
			extension(one, ret);
	}
}

/* ---- inflating */

static int inflate_some(struct wire *wire, z_stream *z, const uint8_t *p, size_t n, ws_out_fn fn, void *ctx)
{
	uint8_t *room = wire->room + FILTER_ROOM;	/* the first is for what was masked */
	int err, told;

	z->next_in = (uint8_t *)p;
	z->avail_in = (unsigned int)n;
	do {
		z->next_out = room;
		z->avail_out = FILTER_ROOM;
		err = inflate(z, Z_SYNC_FLUSH);
		told = FILTER_ROOM - z->avail_out ? fn(ctx, room, FILTER_ROOM - z->avail_out) : 0;
		if (told < 0)
			return told;
		if (err == Z_STREAM_END) {	/* RFC 7692 section 7.2.3.4: a block may say that it is the last */
			inflateResetKeep(z);
			continue;
		}
		if (err == Z_MEM_ERROR)
			return -ENOMEM;
		if (err != Z_OK && err != Z_BUF_ERROR)
			return -EBADMSG;
	} while (err != Z_BUF_ERROR && (z->avail_in || !z->avail_out));
	return 0;
}

int ws_inflate(struct wire *wire, struct ws_deflate *deflate, const uint8_t *p, size_t n, bool last, ws_out_fn fn, void *ctx)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	int err = deflate->state ? 0 : inflater_take(wire, -deflate->window_bits, &deflate->state);

	if (!err && n)
		err = inflate_some(wire, &deflate->state->z, p, n, fn, ctx);
	if (!err && last)
		err = inflate_some(wire, &deflate->state->z, tail, sizeof(tail), fn, ctx);
	if (err || (last && !deflate->takeover))
		deflate->state = inflater_put(wire, deflate->state);
	return err;
}

void ws_deflate_lost(struct wire *wire, struct ws_deflate *deflate)
{
	deflate->dead |= deflate->takeover;
	deflate->state = inflater_put(wire, deflate->state);
}

void ws_deflate_done(struct wire *wire, struct ws_deflate *deflate)
{
	deflate->state = inflater_put(wire, deflate->state);
}
