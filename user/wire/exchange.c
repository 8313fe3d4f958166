/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/exchange_inside.h"

int exchange_new(struct wire *wire, struct exchange **ret)
{
	struct exchange *exchange = wire->spare_exchanges;

	if (exchange) {
		wire->spare_exchanges = exchange->spare;
		memset(exchange, 0, sizeof(*exchange) + wire->user_size);
	} else {
		exchange = mem_new(sizeof(*exchange) + wire->user_size);
		if (!exchange)
			return -ENOMEM;
	}
	exchange->wire = wire;
	list_init(&exchange->list);
	*ret = exchange;
	return 0;
}

void exchange_drop(struct exchange *exchange)
{
	exchange->spare = exchange->wire->spare_exchanges;
	exchange->wire->spare_exchanges = exchange;
}

void exchange_end(struct exchange *exchange, enum ending ending)
{
	struct wire *wire = exchange->wire;

	list_remove(&exchange->list);
	wire->ops->end(wire->ctx, exchange, ending);
	exchange_drop(exchange);
}

void exchange_drop_spares(struct wire *wire)
{
	while (wire->spare_exchanges) {
		struct exchange *exchange = wire->spare_exchanges;

		wire->spare_exchanges = exchange->spare;
		mem_free(exchange);
	}
}

struct exchange *exchange_first_waiting(struct list *exchanges)
{
	LIST_EACH(node, exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		if (!exchange->response_done)
			return exchange;
	}
	return NULL;
}

/* ---- bodies */

void exchange_undecoded(struct wire *wire, struct exchange *exchange)
{
	wire->counts.undecodable++;
	if (exchange)
		exchange->facts.undecoded = true;
}

struct body *exchange_body(struct exchange *exchange, enum side side, const struct framing *framing)
{
	struct body *body;
	int err;

	if (!exchange || !exchange->wanted)
		return NULL;
	err = body_new(exchange->wire, exchange, side, framing->codings, framing->n_codings, framing->content_type, &body);
	if (err == 1)
		exchange_undecoded(exchange->wire, exchange);
	if (err < 0) {
		exchange->facts.truncated = true;
		exchange->wire->counts.no_memory++;
	}
	return err ? NULL : body;
}

static void body_failed(struct exchange *exchange, enum side side, int err, size_t n)
{
	if (err == -EBADMSG)
		exchange_undecoded(exchange->wire, exchange);
	if (err == -ENOMEM) {	/* over the budget: as good as a hole */
		exchange->facts.missing_bytes += n;
		exchange->response_hit |= side == SIDE_RESPONSE;
		exchange->wire->counts.no_memory++;
	}
}

void exchange_bytes(struct exchange *exchange, enum side side, struct body *body, const uint8_t *p, size_t n, uint64_t boot_ns)
{
	struct exchange_facts *facts = &exchange->facts;
	bool request = side == SIDE_REQUEST;
	int err;

	*(request ? &facts->sent_ns : &facts->end_ns) = boot_ns;
	if (!body) {
		*(request ? &facts->request_bytes : &facts->response_bytes) += n;
		return;
	}
	err = body_write(body, p, n, boot_ns);
	if (err)
		body_failed(exchange, side, err, n);
}

enum ending exchange_ending(const struct exchange *exchange)
{
	if (exchange->response_hit || (exchange->facts.missing_bytes && !exchange->response_done))
		return ENDING_HOLE;
	return exchange->response_done ? ENDING_COMPLETE : ENDING_ABORTED;
}

/* ---- */

void *exchange_user(struct exchange *exchange)
{
	return exchange->user;
}

const struct exchange_facts *exchange_facts(const struct exchange *exchange)
{
	return &exchange->facts;
}
