/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cutter of a body whose media type is not there, or says too little, or is
 * sometimes wrong: event streams are sent as JSON, errors as event streams,
 * files of JSON lines as octets. Its first bytes tell; then this filter turns
 * into the one that they ask for.
 */
#include <errno.h>
#include <string.h>

#include "wire/body.h"

#define WORD_MAX EVENTSTREAM_PRELUDE	/* the longest that has to be seen to decide */

struct sniff {
	struct filter filter;
	enum sniff_default otherwise;
	uint8_t n;
	uint8_t first[WORD_MAX];	/* behind white space */
};

_Static_assert(sizeof(struct sniff) <= CUTTER_SIZE, "a cutter has its room in a body");

void sniff_default(struct filter *filter, enum sniff_default otherwise)
{
	((struct sniff *)filter)->otherwise = otherwise;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const struct filter_ops *by_type(const struct sniff *f)
{
	return f->otherwise == SNIFF_EVENTS ? &filter_events : &filter_document;
}

#define GRPC_SEEN 6		/* flags, length, the first field's tag */
#define GRPC_LARGEST 16		/* MiB: four are the default of what is taken */

/* A message of gRPC whose media type was lost with a header table: not compressed, and protobuf by its first tag. */
static bool grpc_begins(const uint8_t *p)
{
	uint32_t length = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
	unsigned int wire_type = p[5] & 7u;

	return !p[0] && length > 1 && length <= MIB(GRPC_LARGEST) && p[5] >> 3 && wire_type <= 5 && wire_type != 3 && wire_type != 4;
}

/* Fields of an event stream, and its comments. NULL: more bytes must tell. */
static const struct filter_ops *decide(const struct sniff *f)
{
	static const struct str words[] = { STR(":"), STR("data:"), STR("event:"), STR("id:"), STR("retry:") };

	if (!f->first[0] && f->n == GRPC_SEEN && f->otherwise == SNIFF_DOCUMENT && grpc_begins(f->first))
		return &filter_grpc;
	if (f->first[0] <= 1)	/* the length of a message, in network order */
		return f->n < EVENTSTREAM_PRELUDE ? NULL : eventstream_begins(f->first) ? &filter_eventstream : by_type(f);
	if (f->first[0] == '{' && f->otherwise == SNIFF_LINES && f->n < 2)
		return NULL;
	if (f->first[0] == '{' && f->otherwise == SNIFF_LINES)
		return f->first[1] == '"' ? &filter_lines : &filter_document;
	if (f->first[0] == '{' || f->first[0] == '[')
		return &filter_document;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = words[i].n < f->n ? words[i].n : f->n;

		if (!memcmp(f->first, words[i].p, n))
			return n == words[i].n ? &filter_events : NULL;
	}
	return by_type(f);
}

static void turn_into(struct filter *filter, const struct filter_ops *ops)
{
	struct filter base = *filter;

	memset(filter, 0, ops->size);
	base.ops = ops;
	*filter = base;
}

/* What came in the first bytes goes on in one piece with the rest of its write, where it came in one. */
static int sniff_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct sniff *f = (struct sniff *)filter, seen;
	const struct filter_ops *ops = NULL;
	const uint8_t *end = p + n, *from;
	int err = 0;

	while (!f->n && p < end && is_space(*p))
		p++;
	from = p;
	seen = *f;
	while (p < end && !ops) {
		f->first[f->n++] = *p++;
		ops = decide(f);
	}
	if (!ops)
		return (int)n;
	turn_into(filter, ops);
	if (seen.n)
		err = ops->write(filter, seen.first, seen.n);
	if (err >= 0)
		err = ops->write(filter, from, (size_t)(end - from));
	return err < 0 ? err : (int)n;
}

static int sniff_end(struct filter *filter)
{
	struct sniff seen = *(struct sniff *)filter;
	const struct filter_ops *ops = by_type(&seen);
	int err = 0;

	turn_into(filter, ops);
	if (seen.n)
		err = ops->write(filter, seen.first, seen.n);
	return err < 0 ? err : ops->end(filter);
}

static int sniff_hole(struct filter *filter)
{
	if (by_type((struct sniff *)filter) == &filter_document)
		return -ENODATA;
	turn_into(filter, &filter_events);
	return filter_events.hole(filter);
}

const struct filter_ops filter_sniff = {
	.name = "sniff", .size = sizeof(struct sniff), .write = sniff_write, .end = sniff_end, .hole = sniff_hole,
};
