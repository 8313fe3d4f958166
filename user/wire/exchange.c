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

void exchange_end(struct exchange *exchange, enum ending ending)
{
	struct wire *wire = exchange->wire;

	list_remove(&exchange->list);
	wire->ops->end(wire->ctx, exchange, ending);
	exchange->spare = wire->spare_exchanges;
	wire->spare_exchanges = exchange;
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

void *exchange_user(struct exchange *exchange)
{
	return exchange->user;
}

const struct exchange_facts *exchange_facts(const struct exchange *exchange)
{
	return &exchange->facts;
}
