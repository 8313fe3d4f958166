/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "run/command.h"
#include "run/observe_inside.h"
#include "run/tree.h"
#include "who/cgroup.h"

#define WORKERS_DEFAULT 4

static unsigned int n_workers(const struct options *options)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (options->workers)
		return options->workers;
	return cpus < 1 ? 1 : cpus > WORKERS_DEFAULT ? WORKERS_DEFAULT : (unsigned int)cpus;
}

static bool scoped_by_process(const struct options *options)
{
	return options->command || options->n_pids;
}

int observe_open_tap(struct observation *run)
{
	const struct options *options = run->options;
	_cleanup_(buf_done) struct buf reason = BUF(KIB(4));
	struct tap_config config = {
		.rings = n_workers(options), .ring_bytes = options->ring_bytes, .only_followed = scoped_by_process(options),
		.default_scope = options->n_cgroups ? EVENT_SCOPE_DENY : EVENT_SCOPE_ALLOW,
	};
	int hierarchy = cgroup_hierarchy(), err;

	config.hierarchy = hierarchy < 0 ? EVENT_CGROUP_V2 : (enum event_hierarchy)hierarchy;
	err = tap_open(&config, &reason, &run->tap);
	if (err == 0)
		return EXIT_DONE;
	STR_COPY(run->unsupported, reason.n ? buf_view(&reason) : str_of(strerror(-err)));
	return command_fail(EXIT_CANNOT, options->name, "%s", run->unsupported);
}

static int follow(void *ctx, pid_t pid)
{
	return tap_follow(ctx, pid);
}

/* Processes and what they start, cgroups and what lies below. */
int observe_set_scope(struct observation *run)
{
	const struct options *options = run->options;
	int err;

	for (size_t i = 0; i < options->n_pids; i++) {
		err = tree_walk(options->pids[i], follow, run->tap);
		if (err < 0)
			return command_fail(err == -ESRCH ? EXIT_USAGE : EXIT_CANNOT, options->name, "--pid %d: %s", options->pids[i],
					    strerror(-err));
	}
	for (size_t i = 0; i < options->n_cgroups; i++) {
		struct source *source = tap_source(run->tap, 0);
		uint64_t id;

		err = cgroup_id_of(options->cgroups[i], &id);
		if (err < 0)
			return command_fail(EXIT_USAGE, options->name, "--cgroup '%s': %s; give a path as in /proc/PID/cgroup",
					    options->cgroups[i], strerror(-err));
		err = source->ops->scope(source, id, EVENT_SCOPE_ALLOW);
		if (err < 0)
			return command_fail(EXIT_CANNOT, options->name, "--cgroup '%s': %s", options->cgroups[i], strerror(-err));
	}
	return EXIT_DONE;
}

static void on_target(void *ctx, const struct target_state *state)
{
	struct observation *run = ctx;
	const struct target *target = state->target;
	struct {
		struct event_target event;
		char text[TARGET_PATH_MAX + 256];
	} told = { .event = { .header = { .type = EVENT_TARGET, .abi = EVENT_ABI, .boot_ns = clock_boot_ns() },
			      .device = target->device, .inode = target->inode, .library = target->library,
			      .state = (event_u8)state->state } };
	int n = snprintf(told.text, sizeof(told.text), "%s", target->name);

	told.event.path_len = (event_u16)n;
	n += snprintf(told.text + n, sizeof(told.text) - (size_t)n, "%.200s", state->reason);
	told.event.reason_len = (event_u16)(n - told.event.path_len);
	told.event.header.size = (event_u32)(sizeof(told.event) + (size_t)n);
	workers_target(run->workers, &told.event);
	if (state->state == EVENT_TARGET_FAILED)
		log_warn(state->error, "%s: not probed: %s", target->name, state->reason);
	else
		log_debug("%s %s: %s %s", target->version, target->name, state->state == EVENT_TARGET_ARMED ? "armed" : "not armed",
			  state->reason);
}

int observe_set_capture(struct observation *run)
{
	struct targets_config config = { .ops = &targets_tap_ops, .ops_ctx = run->tap, .changed = on_target, .changed_ctx = run };
	int err;

	if (!run->setup->config->capture) {
		run->targets = targets_free(run->targets);
		return 0;
	}
	if (run->targets)
		return 0;
	err = targets_new(&config, &run->targets);
	if (err < 0)
		return err;
	err = targets_start(run->targets);
	if (err < 0)
		log_warn(err, "no news of mappings to be had; looking at /proc every second instead");
	return 0;
}
