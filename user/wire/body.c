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
	uint64_t came, grown;			/* bytes of the body, and what its codings made of them */
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

struct wire *filter_wire(struct filter *filter)
{
	return filter->body->wire;
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

int filter_grows(struct filter *filter, size_t n)
{
	struct body *body = filter->body;

	body->grown += n;
	return body->grown > LIMIT_GROWN + LIMIT_GROWTH * body->came ? -EBADMSG : 0;
}

int filter_pass(struct filter *filter, const uint8_t *p, size_t n)
{
	int err = filter_grows(filter, n);

	return err || !n ? err : write_to(filter->body, filter->level + 1, p, n);
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

void filter_undecoded(struct filter *filter)
{
	filter->body->wire->counts.undecodable++;
	filter->body->exchange->facts.undecoded = true;
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

/* How a body falls into items, as its media type says. */
static const struct filter_ops *cutter_of(struct str type, enum sniff_default *ret_otherwise)
{
	static const struct { struct str type; const struct filter_ops *ops; enum sniff_default otherwise; } known[] = {
		{ STR(""), &filter_sniff, SNIFF_DOCUMENT },
		{ STR("application/json"), &filter_sniff, SNIFF_DOCUMENT },
		{ STR("text/plain"), &filter_sniff, SNIFF_DOCUMENT },
		{ STR("text/event-stream"), &filter_sniff, SNIFF_EVENTS },
		{ STR("application/octet-stream"), &filter_sniff, SNIFF_LINES },
		{ STR("multipart/form-data"), &filter_form, 0 },
		{ STR("application/x-ndjson"), &filter_lines, 0 },
		{ STR("application/ndjson"), &filter_lines, 0 },
		{ STR("application/jsonl"), &filter_lines, 0 },
		{ STR("application/x-jsonl"), &filter_lines, 0 },
		{ STR("application/jsonlines"), &filter_lines, 0 },
		{ STR("application/x-jsonlines"), &filter_lines, 0 },
		{ STR("application/stream+json"), &filter_lines, 0 },
		{ STR("application/vnd.amazon.eventstream"), &filter_eventstream, 0 },
		{ STR("application/grpc"), &filter_grpc, 0 },
		{ STR("application/grpc+proto"), &filter_grpc, 0 },
		{ STR("application/grpc+json"), &filter_grpc, 0 },
		{ STR("application/grpc-web"), &filter_grpc, 0 },
		{ STR("application/grpc-web+proto"), &filter_grpc, 0 },
		{ STR("application/grpc-web+json"), &filter_grpc, 0 },
		{ STR("application/connect+proto"), &filter_grpc, 0 },
		{ STR("application/connect+json"), &filter_grpc, 0 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_ieq(known[i].type, type)) {
			*ret_otherwise = known[i].otherwise;
			return known[i].ops;
		}
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
	struct str type, rest = content_type;
	const struct filter_ops *cutter, *ops[LIMIT_ENCODINGS];
	enum sniff_default otherwise = SNIFF_DOCUMENT;
	struct filter *last;
	struct body *body;

	*ret = NULL;
	if (!str_split(&rest, ';', &type))
		type = STR("");
	type = str_trim(type);
	cutter = cutter_of(type, &otherwise);
	if (n_codings > LIMIT_ENCODINGS)
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
	body->came = body->grown = 0;
	body->n_filters = (unsigned int)n_codings + 1;
	for (unsigned int i = 0; i < n_codings; i++)
		add_filter(body, i, ops[i]);
	add_filter(body, body->n_filters - 1, cutter);
	last = filter_at(body, body->n_filters - 1);
	if (cutter == &filter_sniff)
		sniff_default(last, otherwise);
	if (cutter == &filter_grpc && str_iends(type, STR("+json")))
		grpc_text(last);
	if (cutter == &filter_form && form_boundary(last, content_type) < 0) {
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
	body->came += n;
	return failed(body, write_to(body, 0, p, n));
}

int body_hole(struct body *body)
{
	struct filter *cutter = filter_at(body, body->n_filters - 1);

	if (body->failed)
		return 0;
	return failed(body, body->n_filters == 1 && cutter->ops->hole ? cutter->ops->hole(cutter) : -ENODATA);
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
	inflate_drop_spares(wire);
	igzip_drop_spares(wire);
}
