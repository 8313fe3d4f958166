/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side alone: arms what carries TLS, writes every event into a file
 * as it came (each padded to 8 bytes), and says at the end what was counted.
 *
 *	capture FILE [--mode perf|multi|session] [--rings N] [--ring-bytes N] [--verdict ai|quiet|never|serving]
 *		[--follow PID]... [--deny] [--arm PATH]... [--slow-us N]
 *
 * "ready MODE" on standard output when everything is armed; SIGTERM ends it,
 * SIGUSR1 disarms the --arm files. --verdict is given to each connection at its first event.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "tap/tap.h"
#include "tap/targets.h"

#define ARMS 8

static atomic_bool stop, disarm;

struct capture {
	struct tap_config config;
	const char *arm[ARMS];
	struct target target[ARMS];
	size_t n_arm;
	int verdict;	/* -1: none */
	int slow_us;
	pid_t follow[ARMS];
	size_t n_follow;
	FILE *out;
	struct tap *tap;
	struct source *source;
};

static void on_signal(int number)
{
	if (number == SIGUSR1)
		disarm = true;
	else
		stop = true;
}

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	static const char pad[8];
	struct capture *c = ctx;

	if (event->type == EVENT_OPEN && c->verdict >= 0)
		c->source->ops->judge(c->source, event->conn_id, (enum event_verdict)c->verdict);
	fwrite(event, 1, size, c->out);
	fwrite(pad, 1, -size & 7, c->out);
	if (c->slow_us)
		usleep((useconds_t)c->slow_us);
}

static int verdict_of(const char *name)
{
	static const struct { const char *name; int verdict; } all[] = {
		{ "ai", EVENT_VERDICT_AI }, { "quiet", EVENT_VERDICT_QUIET }, { "never", EVENT_VERDICT_NEVER },
		{ "serving", EVENT_VERDICT_SERVING },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(name, all[i].name))
			return all[i].verdict;
	return -1;
}

static int options(struct capture *c, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(name, "--deny")) {
			c->config.default_scope = EVENT_SCOPE_DENY;
			continue;
		}
		i++;
		if (!strcmp(name, "--mode"))
			c->config.mode = !strcmp(value, "perf") ? TAP_MODE_PERF : !strcmp(value, "multi") ?
					 TAP_MODE_MULTI : TAP_MODE_SESSION;
		else if (!strcmp(name, "--rings"))
			c->config.rings = (unsigned int)atoi(value);
		else if (!strcmp(name, "--ring-bytes"))
			c->config.ring_bytes = strtoul(value, NULL, 0);
		else if (!strcmp(name, "--verdict"))
			c->verdict = verdict_of(value);
		else if (!strcmp(name, "--follow") && c->n_follow < ARMS)
			c->follow[c->n_follow++] = atoi(value);
		else if (!strcmp(name, "--slow-us"))
			c->slow_us = atoi(value);
		else if (!strcmp(name, "--arm") && c->n_arm < ARMS)
			c->arm[c->n_arm++] = value;
		else
			return -EINVAL;
	}
	c->config.only_followed = c->n_follow;
	return argc < 2 ? -EINVAL : 0;
}

static int arm_path(struct capture *c, const char *path, struct target *target)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = target_inspect(fd, target);
	snprintf(target->path, sizeof(target->path), "/proc/self/fd/%d", fd);
	if (!err)
		err = tap_arm(c->tap, target, 0);
	close(fd);
	return err ? log_error(err, "%s: cannot arm", path) : 0;
}

static int take_all(struct capture *c, int timeout_ms)
{
	int n = 0;

	for (unsigned int i = 0; i < tap_rings(c->tap); i++) {
		c->source = tap_source(c->tap, i);
		n += c->source->ops->poll(c->source, on_event, c, i ? 0 : timeout_ms);
	}
	return n;
}

static void tell_counts(struct capture *c)
{
	struct source_counts all = { 0 };

	for (unsigned int i = 0; i < tap_rings(c->tap); i++) {
		struct source *source = tap_source(c->tap, i);
		struct source_counts one;

		if (source->ops->count(source, &one))
			continue;
		all.events += one.events;
		all.bytes += one.bytes;
		all.malformed += one.malformed;
		for (int k = 0; k < EVENT_LOSS_MAX; k++)
			all.loss[k] += one.loss[k];
		for (int k = 0; k < EVENT_SKIP_MAX; k++)
			all.skip[k] += one.skip[k];
	}
	printf("{\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"malformed\":%" PRIu64, all.events, all.bytes,
	       all.malformed);
	for (int k = 0; k < EVENT_LOSS_MAX; k++)
		printf("%s%" PRIu64, k ? "," : ",\"loss\":[", all.loss[k]);
	for (int k = 0; k < EVENT_SKIP_MAX; k++)
		printf("%s%" PRIu64, k ? "," : "],\"skip\":[", all.skip[k]);
	printf("]}\n");
}

static int run(struct capture *c)
{
	struct targets_config config = { .ops = &targets_tap_ops, .ops_ctx = c->tap };
	struct targets *targets = NULL;
	int err = 0;

	for (size_t i = 0; !err && i < c->n_arm; i++)
		err = arm_path(c, c->arm[i], &c->target[i]);
	if (!err && !c->n_arm)
		err = targets_new(&config, &targets);
	if (!err && targets)
		targets_start(targets);
	for (size_t i = 0; !err && i < c->n_follow; i++)
		err = tap_follow(c->tap, c->follow[i]);
	if (err)
		return err;
	printf("ready %s\n", tap_mode_name(tap_mode(c->tap)));
	fflush(stdout);
	while (!stop) {
		take_all(c, 20);
		if (targets)
			targets_run(targets);
		if (disarm)
			for (size_t i = 0; i < c->n_arm; i++)
				tap_disarm(c->tap, &c->target[i], 0);
		tap_tend(c->tap);
	}
	while (take_all(c, 0) > 0)
		;
	tell_counts(c);
	targets_free(targets);
	return 0;
}

int main(int argc, char **argv)
{
	struct capture c = { .verdict = -1 };
	struct buf reason = BUF(1024);
	int err = options(&c, argc, argv);

	if (err) {
		fprintf(stderr, "usage: capture FILE [--mode ...] ...\n");
		return 2;
	}
	log_level_set(getenv("CAPTURE_DEBUG") ? LOG_DEBUG : LOG_INFO);
	c.out = fopen(argv[1], "w");
	if (!c.out)
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGUSR1, on_signal);
	err = tap_open(&c.config, &reason, &c.tap);
	if (err)
		log_error(err, "%s", buf_cstr(&reason));
	else
		err = run(&c);
	buf_done(&reason);
	tap_close(c.tap);
	fclose(c.out);
	return err ? 1 : 0;
}
