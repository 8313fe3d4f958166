/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probes told of a process: crosses from the hot to the cold half as
 * it happens, so that a process which is gone when its record is made still
 * has a name and an environment.
 */
#ifndef AITAP_NOUN_TRAIT_H
#define AITAP_NOUN_TRAIT_H

#include <stdint.h>

#include "base/task.h"
#include "noun/wants.h"

enum trait_kind {
	TRAIT_SEEN = 1,		/* a first connection: look at /proc now, while it lives */
	TRAIT_ENVIRON,		/* values of the wanted names */
	TRAIT_EXEC,
	TRAIT_EXIT,
	TRAIT_EXE,		/* the program's file, as the kernel saw it */
};

struct trait {
	uint8_t kind;		/* enum trait_kind */
	uint8_t hierarchy;	/* enum event_hierarchy */
	uint8_t n_values;
	uint8_t cut;		/* TRAIT_ENVIRON: the environment was longer than what was read */
	uint32_t uid;
	struct task task;
	uint64_t cgroup_id;
	uint64_t boot_ns;
	char comm[16];
	struct wanted_value values[WANTED_VALUES];
	char exe[256];		/* TRAIT_EXE */
	char otel[1024];	/* OTEL_RESOURCE_ATTRIBUTES as it stands, where it is wanted */
};

#endif
