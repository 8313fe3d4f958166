/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that never are AI: those that programs talk to most, so that the probes
 * can forget their connections for good. A name is here only if nothing below
 * it answers for a model; when in doubt it is not.
 */
#include "ai/provider.h"

static const char *const never[] = {
	/* code */
	"github.com", "codeload.github.com", "objects.githubusercontent.com", "raw.githubusercontent.com",
	/* the platform's own */
	"kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "sts.amazonaws.com", "sts.*.amazonaws.com",
	"ec2.*.amazonaws.com", "logs.*.amazonaws.com", "monitoring.*.amazonaws.com", "sqs.*.amazonaws.com",
	"dynamodb.*.amazonaws.com", "secretsmanager.*.amazonaws.com", "oauth2.googleapis.com", "storage.googleapis.com",
	"logging.googleapis.com", "monitoring.googleapis.com", "pubsub.googleapis.com", "login.microsoftonline.com",
};

bool provider_never(struct str host, const struct wants *wants)
{
	for (uint32_t i = 0; i < wants->n_hosts; i++)
		if (str_glob(str_of(wants->hosts[i].host), host))
			return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (str_glob(str_of(never[i]), host))
			return true;
	return false;
}
