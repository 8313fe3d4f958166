/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hosts that are known to be providers'. */
#ifndef AITAP_AI_PROVIDER_HOSTS_H
#define AITAP_AI_PROVIDER_HOSTS_H

#include <stdint.h>

struct provider_host {
	const char *host;	/* glob, lower case; NULL ends the table */
	const char *path;	/* glob: where a host serves other things as well; NULL: any */
	const char *provider;	/* OpenTelemetry's value where it has one */
	const char *dialect;	/* where the path says no other */
	uint16_t port;		/* 0: any */
	uint8_t billing;	/* enum billing */
};

extern const struct provider_host provider_hosts[];	/* the first that fits */

#endif
