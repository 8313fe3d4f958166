/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who made a call, as far as the platform tells: filled by the sources of who/,
 * field by field; "" is unknown. Strings are NUL-terminated.
 */
#ifndef AITAP_NOUN_ORIGIN_H
#define AITAP_NOUN_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/task.h"
#include "noun/wants.h"

#define ORIGIN_LABELS 64

/* One label of a container, pod or namespace, or one attribute of OTEL_RESOURCE_ATTRIBUTES. */
struct origin_label {
	char scope;		/* 'c' container, 'p' pod, 'n' namespace, 'o' otel resource */
	char key[96];
	char value[128];
};

struct origin {
	struct task task;
	uint32_t uid;
	bool known_uid;
	bool incomplete;	/* a source did not answer in time: origin-incomplete */
	char user[64];		/* name of uid */
	char comm[16];
	char exe[256];
	uint64_t cgroup_id;
	uint8_t hierarchy;	/* enum event_hierarchy of cgroup_id */
	char cgroup[512];	/* path below the hierarchy's root */
	char unit[128];		/* systemd unit: etl.service */
	char container[72];
	char container_name[128];
	char image[256];
	char pod[128];
	char namespace[128];
	char workload[160];	/* Deployment/ranker */
	uint32_t n_labels;
	struct origin_label labels[ORIGIN_LABELS];
	uint32_t n_values;
	struct wanted_value values[WANTED_VALUES];	/* of the environment */
};

#endif
