/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/body.h"
#include "wire/exchange_inside.h"

struct body {
	struct wire *wire;
	struct exchange *exchange;
	struct body *spare;
	enum side side;
	bool failed;
	uint64_t boot_ns;
	unsigned int n_filters;			/* the cutter is the last */
	_Alignas(16) uint8_t codings[LIMIT_ENCODINGS][FILTER_SIZE];
	_Alignas(16) uint8_t cutter[CUTTER_SIZE];
};

static struct filter *filter_at(struct body *body, unsigned int level)
{
	return (struct filter *)(level + 1 < body->n_filters ? body->codings[level] : body->cutter);
}

uint8_t *filter_room(struct filter *filter)
{
	return filter->body->wire->room + filter->level * FILTER_ROOM;
}

struct mem_budget *filter_budget(struct filter *filter)
{
	return &filter->body->wire->budget;
}

static int write_to(struct body *body, unsigned int level, const uint8_t *p, size_t n)
{
	struct filter *filter = filter_at(body, level);
	struct exchange_facts *facts = &body->exchange->facts;
	int err;

	if (level + 1 == body->n_filters)
		*(body->side == SIDE_REQUEST ? &facts->request_bytes : &facts->response_bytes) += n;
	err = filter->ops->write(filter, p, n);
	return err < 0 ? err : 0;
}

int filter_pass(struct filter *filter, const uint8_t *p, size_t n)
{
	return n ? write_to(filter->body, filter->level + 1, p, n) : 0;
}

int filter_tell(struct filter *filter, struct piece *piece)
{
	struct body *body = filter->body;
	int err;

	piece->side = body->side;
	piece->boot_ns = body->boot_ns;
	err = body->wire->ops->piece(body->wire->ctx, body->exchange, piece);
	return err < 0 ? -ECANCELED : 0;
}

static const struct filter_ops *coding_of(struct str name)
{
	static const struct { struct str name; const struct filter_ops *ops; } known[] = {
		{ STR("gzip"), &filter_gzip }, { STR("x-gzip"), &filter_gzip }, { STR("deflate"), &filter_deflate },
		{ STR("br"), &filter_brotli }, { STR("zstd"), &filter_zstd },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_ieq(known[i].name, name))
			return known[i].ops;
	return NULL;
}

/* The media type alone says how a body falls into items; NULL: a framing that is not read. */
static const struct filter_ops *cutter_of(struct str content_type)
{
	struct str rest = content_type, type;

	if (!str_split(&rest, ';', &type))
		return &filter_document;
	type = str_trim(type);
	if (str_ieq(type, STR("text/event-stream")))
		return &filter_events;
	if (str_ieq(type, STR("multipart/form-data")))
		return &filter_form;
	if (str_ieq(type, STR("application/x-ndjson")) || str_ieq(type, STR("application/ndjson")) ||
	    str_ieq(type, STR("application/jsonl")) || str_ieq(type, STR("application/x-jsonlines")) ||
	    str_ieq(type, STR("application/jsonlines")) || str_ieq(type, STR("application/stream+json")))
		return &filter_lines;
	if (str_ieq(type, STR("application/vnd.amazon.eventstream")))
		return NULL;
	return &filter_document;
}

static void add_filter(struct body *body, unsigned int level, const struct filter_ops *ops)
{
	struct filter *filter = filter_at(body, level);

	memset(filter, 0, ops->size);
	filter->ops = ops;
	filter->body = body;
	filter->level = level;
}

static struct body *take_spare(struct wire *wire)
{
	struct body *body = wire->spare_bodies;

	if (body)
		wire->spare_bodies = body->spare;
	else
		body = mem_new(sizeof(*body));
	return body;
}

int body_new(struct wire *wire, struct exchange *exchange, enum side side, const struct str *codings, size_t n_codings,
	     struct str content_type, struct body **ret)
{
	const struct filter_ops *cutter = cutter_of(content_type), *ops[LIMIT_ENCODINGS];
	struct body *body;

	*ret = NULL;
	if (!cutter || n_codings > LIMIT_ENCODINGS)
		return 1;
	for (size_t i = 0; i < n_codings; i++)
		if (!(ops[i] = coding_of(codings[n_codings - 1 - i])))
			return 1;
	body = take_spare(wire);
	if (!body)
		return -ENOMEM;
	body->wire = wire;
	body->exchange = exchange;
	body->side = side;
	body->failed = false;
	body->n_filters = (unsigned int)n_codings + 1;
	for (unsigned int i = 0; i < n_codings; i++)
		add_filter(body, i, ops[i]);
	add_filter(body, body->n_filters - 1, cutter);
	if (cutter == &filter_form && form_boundary(filter_at(body, body->n_filters - 1), content_type) < 0) {
		body_free(body);
		return 1;
	}
	*ret = body;
	return 0;
}

/* A failure, told once. */
static int failed(struct body *body, int err)
{
	body->failed = err < 0;
	return err < 0 ? err : 0;
}

int body_write(struct body *body, const uint8_t *p, size_t n, uint64_t boot_ns)
{
	if (body->failed || !n)
		return 0;
	body->boot_ns = boot_ns;
	return failed(body, write_to(body, 0, p, n));
}

int body_hole(struct body *body)
{
	struct filter *cutter = filter_at(body, body->n_filters - 1);

	if (body->failed)
		return 0;
	if (body->n_filters > 1 || !cutter->ops->hole)
		return failed(body, -ENODATA);
	cutter->ops->hole(cutter);
	return 0;
}

int body_end(struct body *body)
{
	int err = 0;

	for (unsigned int i = 0; i < body->n_filters && !body->failed; i++) {
		struct filter *filter = filter_at(body, i);

		err = filter->ops->end ? failed(body, filter->ops->end(filter)) : 0;
	}
	return err;
}

struct body *body_free(struct body *body)
{
	if (!body)
		return NULL;
	for (unsigned int i = 0; i < body->n_filters; i++) {
		struct filter *filter = filter_at(body, i);

		if (filter->ops->done)
			filter->ops->done(filter);
	}
	body->spare = body->wire->spare_bodies;
	body->wire->spare_bodies = body;
	return NULL;
}

void body_drop_spares(struct wire *wire)
{
	while (wire->spare_bodies) {
		struct body *body = wire->spare_bodies;

		wire->spare_bodies = body->spare;
		mem_free(body);
	}
}
