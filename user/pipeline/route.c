/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/route.h"

#include "base/str.h"

static bool is_gateway(const struct wants *wants, const struct call *call)
{
	for (size_t i = 0; i < wants->n_hosts; i++) {
		const struct wanted_host *host = &wants->hosts[i];

		if (host->gateway && (!host->port || host->port == call->port) && str_glob(str_of(host->host), str_of(call->host)))
			return true;
	}
	return false;
}

static bool serves(const struct route_gateway *gateway, struct str provider)
{
	for (size_t i = 0; i < gateway->n_for; i++)
		if (str_eq(str_of(gateway->for_provider[i]), provider))
			return true;
	return gateway->n_for == 0;
}

const char *route_of(const struct wants *wants, const struct route_gateway *gateways, size_t n, const struct call *call)
{
	if (is_gateway(wants, call))
		return "gateway";
	for (size_t i = 0; i < n; i++)
		if (serves(&gateways[i], str_of(call->provider)))
			return "bypass";
	return "direct";
}
