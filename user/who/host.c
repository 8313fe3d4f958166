/* SPDX-License-Identifier: Apache-2.0 */
#include "who/host.h"

#include <errno.h>

#include "who/cgroup.h"
#include "who/environ.h"
#include "who/procfs.h"
#include "who/users.h"

struct host {
	struct cgroup_source *cgroup;
	struct environ_source *environ;
	struct users_source *users;
};

int host_new(struct host **ret)
{
	struct host *host = mem_new(sizeof(*host));
	int r = host ? cgroup_new(&host->cgroup) : -ENOMEM;

	if (r == 0)
		r = environ_new(&host->environ);
	if (r == 0)
		r = users_new(&host->users);
	if (r < 0)
		host_free(host);
	else
		*ret = host;
	return r;
}

struct host *host_free(struct host *host)
{
	if (!host)
		return NULL;
	cgroup_free(host->cgroup);
	environ_free(host->environ);
	users_free(host->users);
	return mem_free(host);
}

size_t host_sources(struct host *host, struct who_source ret[static WHO_SOURCES])
{
	ret[0] = (struct who_source){ &procfs_ops, host };
	ret[1] = (struct who_source){ &cgroup_ops, host->cgroup };
	ret[2] = (struct who_source){ &environ_ops, host->environ };
	ret[3] = (struct who_source){ &users_ops, host->users };
	return 4;
}
