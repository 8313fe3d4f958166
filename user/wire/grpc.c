/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of gRPC (grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html,
 * "Length-Prefixed-Message"), of gRPC-Web, and of the streams of Connect
 * (connectrpc.com/docs/protocol, "Enveloped-Message"): a byte of flags, four of
 * length, the message. A message that is compressed on its own says no more than
 * that; gzip and zlib tell themselves apart by their first bytes, anything else
 * is a message that is not read.
 */
#include <errno.h>

#include "wire/body.h"
#include "wire/inflater.h"

#define PREFIX 5
#define COMPRESSED 0x01
#define CONNECT_END 0x02	/* what follows is JSON, in place of trailers */
#define WEB_TRAILERS 0x80	/* fields as text */
#define ANY_ZLIB (15 + 32)	/* zlib.h on inflateInit2(): gzip or zlib, as the first bytes say */

struct grpc {
	struct filter filter;
	struct inflater *state;		/* of a message that is compressed */
	uint32_t left;			/* of the message in hand */
	uint8_t n_prefix;
	uint8_t prefix[PREFIX];
	bool text;			/* messages are JSON */
	bool begun;			/* a piece of the message was told */
	bool skip;			/* the rest of the message */
	bool inflated;			/* to its end */
};

_Static_assert(sizeof(struct grpc) <= CUTTER_SIZE, "a cutter has its room in a body");

void grpc_text(struct filter *filter)
{
	((struct grpc *)filter)->text = true;
}

static int tell(struct grpc *f, const uint8_t *p, size_t n, bool last)
{
	struct piece piece = { .kind = ITEM_MESSAGE, .first = !f->begun, .last = last, .binary = !f->text,
			       .text = { (const char *)p, n } };

	if (!n && !last)
		return 0;
	f->begun = true;
	return filter_tell(&f->filter, &piece);
}

/* What cannot be read costs the message, not those behind it. */
static int unread(struct grpc *f)
{
	f->skip = true;
	filter_undecoded(&f->filter);
	return 0;
}

static int inflate_some(struct grpc *f, const uint8_t *p, size_t n)
{
	uint8_t *room = filter_room(&f->filter);
	z_stream *z = &f->state->z;
	int err, told;

	z->next_in = (uint8_t *)p;
	z->avail_in = (unsigned int)n;
	do {
		z->next_out = room;
		z->avail_out = FILTER_ROOM;
		err = inflate(z, Z_SYNC_FLUSH);
		told = filter_grows(&f->filter, FILTER_ROOM - z->avail_out);
		if (!told)
			told = tell(f, room, FILTER_ROOM - z->avail_out, false);
		if (told < 0)
			return told;
		if (err != Z_OK && err != Z_STREAM_END && err != Z_BUF_ERROR)
			return err == Z_MEM_ERROR ? -ENOMEM : unread(f);
	} while (err == Z_OK && (z->avail_in || !z->avail_out));
	f->inflated |= err == Z_STREAM_END;
	return 0;
}

static int begin(struct grpc *f)
{
	f->left = (uint32_t)f->prefix[1] << 24 | (uint32_t)f->prefix[2] << 16 | (uint32_t)f->prefix[3] << 8 | f->prefix[4];
	f->begun = f->inflated = false;
	f->skip = f->prefix[0] & (CONNECT_END | WEB_TRAILERS);
	if (f->prefix[0] & ~(COMPRESSED | CONNECT_END | WEB_TRAILERS))
		return -EBADMSG;	/* that is no message */
	if (f->skip || !(f->prefix[0] & COMPRESSED) || !f->left)
		return 0;
	return inflater_take(filter_wire(&f->filter), ANY_ZLIB, &f->state);
}

static int end_message(struct grpc *f)
{
	if (f->state && !f->inflated && !f->skip)
		unread(f);
	f->n_prefix = 0;
	f->state = inflater_put(filter_wire(&f->filter), f->state);
	return f->skip ? 0 : tell(f, NULL, 0, true);
}

static int grpc_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct grpc *f = (struct grpc *)filter;
	const uint8_t *end = p + n;
	int err = 0;

	while (p < end && err >= 0) {
		size_t some = (size_t)(end - p);

		if (f->n_prefix < PREFIX) {
			f->prefix[f->n_prefix++] = *p++;
			if (f->n_prefix < PREFIX)
				continue;
			err = begin(f);
			if (err >= 0 && !f->left)
				err = end_message(f);
			continue;
		}
		if (some > f->left)
			some = f->left;
		if (!f->skip)
			err = f->state ? inflate_some(f, p, some) : tell(f, p, some, false);
		f->left -= (uint32_t)some;
		p += some;
		if (!f->left && err >= 0)
			err = end_message(f);
	}
	return err < 0 ? err : (int)n;
}

static int grpc_end(struct filter *filter)
{
	return ((struct grpc *)filter)->n_prefix ? -EBADMSG : 0;
}

static void grpc_done(struct filter *filter)
{
	struct grpc *f = (struct grpc *)filter;

	f->state = inflater_put(filter_wire(filter), f->state);
}

const struct filter_ops filter_grpc = {
	.name = "grpc", .size = sizeof(struct grpc), .write = grpc_write, .end = grpc_end, .done = grpc_done,
};
