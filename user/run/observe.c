/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters. Outlets first: a second observer ends before it has
 * touched the kernel. Then probes are loaded, workers wait at their rings, and
 * only then is anything armed: no event finds nobody listening. The end takes
 * the same way back: disarm, drain, commit.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/command.h"
#include "run/gauges.h"
#include "run/notify.h"
#include "run/observe_inside.h"

#define TURN_MS 1000

/* ---- pieces of the start */

/* A UUID in text; zeros where the kernel tells none. */
static void boot_id(uint8_t ret[16])
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64];
	unsigned int n = 0;
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));

	memset(ret, 0, 16);
	for (ssize_t i = 0; i < size && n < 32; i++) {
		char c = text[i] | 32;
		bool digit = c >= '0' && c <= '9';

		if (!digit && (c < 'a' || c > 'f'))
			continue;
		ret[n / 2] = (uint8_t)(ret[n / 2] << 4 | (digit ? c - '0' : c - 'a' + 10));
		n++;
	}
}

static void on_committed(void *ctx, const struct record *record)
{
	struct observation *run = ctx;

	totals_add(&run->totals, record);
}

static int start_workers(struct observation *run)
{
	struct source *sources[WORKERS_MAX];
	struct who_source hosts[WHO_SOURCES];
	struct who_config who = { .sources = hosts };
	struct workers_config config = {
		.sources = sources, .n_sources = tap_rings(run->tap), .helper = true, .metrics = run->metrics,
		.committed = on_committed, .ctx = run, .settings = &run->setup->settings,
		.trace_path = run->options->trace, .scrub = !run->options->raw,
	};
	int err = host_new(&run->host);

	if (err == 0) {
		who.n_sources = host_sources(run->host, hosts);
		err = who_new(&who, &run->who);
	}
	if (err == 0)
		err = who_wants(run->who, run->setup->settings.wants);
	if (err < 0)
		return err;
	config.who = run->who;
	for (unsigned int i = 0; i < config.n_sources; i++)
		sources[i] = tap_source(run->tap, i);
	boot_id(config.boot_id);
	outlets_config(&run->outlets, &config);
	return workers_start(&config, &run->workers);
}

static void say_ready(const struct observation *run)
{
	struct targets_counts counts = { 0 };
	char served[96] = "";

	if (run->targets)
		counts = targets_counts(run->targets);
	if (run->http)
		snprintf(served, sizeof(served), "; metrics on port %d", http_port(run->http));
	fprintf(stderr, "aitap: ready: %ju files armed, %ju not readable%s; mode %s, %u rings; ledger %s%s\n", (uintmax_t)counts.armed,
		(uintmax_t)(counts.blind + counts.failed), run->targets ? "" : " (capture.enabled is false)",
		tap_mode_name(tap_mode(run->tap)), tap_rings(run->tap), run->outlets.ledger ? run->outlets.ledger_path : "none", served);
	notify("READY=1");
}

/* ---- reload */

static void retire(struct observation *run)
{
	if (run->retiring && (!run->workers || workers_settled(run->workers)))
		run->retiring = setup_free(run->retiring);
}

static bool needs_restart(const struct config *old, const struct config *new)
{
	bool differs = strcmp(old->ledger, new->ledger) || old->keep_days != new->keep_days || old->ledger_bytes != new->ledger_bytes ||
		       strcmp(old->metrics, new->metrics) || old->max_series != new->max_series || old->n_sinks != new->n_sinks;

	for (uint32_t i = 0; !differs && i < new->n_sinks; i++)
		differs = strcmp(old->sinks[i].path, new->sinks[i].path) != 0;
	return differs;
}

/* The new configuration comes into force as a whole, or the old one stays and the log says why. */
static void reload(struct observation *run, bool asked)
{
	uint64_t stamp = setup_stamp(run->setup, run->options->config);
	struct setup *next;

	/* idle: nothing is in force that could be replaced */
	if (!run->workers || (!asked && stamp == run->stamp))
		return;
	if (run->retiring) {
		run->stamp = ~stamp;	/* looked at again in a second */
		return;
	}
	run->stamp = stamp;
	run->reload_ok = setup_load(run->options->config, run->setup, &next) == EXIT_DONE;
	if (!run->reload_ok) {
		log_line(LOG_ERROR, 0, "the new configuration is refused; the one from before stays in force");
		return;
	}
	if (needs_restart(run->setup->config, next->config))
		log_line(LOG_WARN, 0, "ledger, metrics and sinks come into force with a restart only");
	run->retiring = run->setup;
	run->setup = next;
	run->stamp = setup_stamp(next, run->options->config);
	if (who_wants(run->who, next->settings.wants) < 0)
		log_line(LOG_WARN, 0, "new names of the environment are not looked for");
	workers_settings(run->workers, &next->settings);
	workers_with(run->workers, observe_tell_teams, run);
	if (observe_set_capture(run) < 0)
		log_line(LOG_ERROR, 0, "probes cannot be attached again");
	log_info("configuration %.19s... is in force", next->config->hash);
}

/* ---- the loop */

static void on_signal(struct observation *run, int sig)
{
	switch (sig) {
	case SIGHUP:
		reload(run, true);
		break;
	case SIGCHLD:
		if (child_reap(&run->child))
			run->stop = true;
		break;
	case SIGINT:
		/* a terminal sends it to the command as well, and the command decides */
		if (run->child.pid && !run->child.ended)
			break;
		/* fallthrough */
	default:
		/* what the command does at its end is part of the run, and its code is ours */
		if (run->child.pid && !run->child.ended)
			child_signal(&run->child, SIGTERM);
		else
			run->stop = true;
	}
}

static void take_signals(struct observation *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info))
		on_signal(run, (int)info.ssi_signo);
}

static void every_second(struct observation *run)
{
	uint64_t now = clock_boot_ns();
	struct workers_sum sum;

	if (now - run->turned_ns < TURN_MS * NSEC_PER_MSEC)
		return;
	run->turned_ns = now;
	retire(run);
	if (!run->workers)
		return;
	reload(run, false);
	sum = workers_sum(run->workers);
	outlets_watch(&run->outlets, &sum);
	tap_tend(run->tap);
	if (run->targets && targets_fd(run->targets) < 0)
		targets_scan(run->targets);
	else if (run->targets)
		targets_run(run->targets);
	if (!workers_running(run->workers)) {
		log_line(LOG_ERROR, 0, "every ring has failed; ending");
		run->stop = true;
	}
}

static void loop(struct observation *run)
{
	while (!run->stop) {
		struct pollfd fds[] = {
			{ .fd = run->signals, .events = POLLIN },
			{ .fd = run->targets ? targets_fd(run->targets) : -1, .events = POLLIN },
			{ .fd = run->http ? http_fd(run->http) : -1, .events = POLLIN },
		};
		int timeout = run->http ? http_timeout_ms(run->http) : -1;

		poll(fds, 3, timeout < 0 || timeout > TURN_MS ? TURN_MS : timeout);
		/* first: a library just mapped is about to be used */
		if (fds[1].revents && run->targets)
			targets_run(run->targets);
		if (fds[0].revents)
			take_signals(run);
		if (run->http)
			http_run(run->http);
		every_second(run);
	}
}

/* ---- beginning and end */

static int catch_signals(struct observation *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return run->signals < 0 ? -errno : 0;
}

static int begin_child(struct observation *run)
{
	int err;

	if (!run->options->command)
		return EXIT_DONE;
	err = child_prepare(run->options->command, &run->child);
	if (err == 0)
		err = tap_follow(run->tap, run->child.pid);
	return err < 0 ? command_fail(EXIT_CANNOT, run->options->name, "cannot start the command: %s", strerror(-err)) : EXIT_DONE;
}

static int begin(struct observation *run)
{
	const struct options *options = run->options;
	bool beside = options->command != NULL;	/* a command's run keeps out of the host's own ledger and of its output */
	int code = setup_load(options->config, NULL, &run->setup), err;

	if (code != EXIT_DONE)
		return code;
	run->stamp = setup_stamp(run->setup, options->config);
	err = metrics_new(run->setup->config->max_series, &run->metrics);
	if (err == 0)
		err = catch_signals(run);
	if (err < 0)
		return command_fail(EXIT_CANNOT, options->name, "%s", strerror(-err));
	observe_tell_teams(run);
	code = outlets_open(options->name, !options->records && beside ? "none" : options->records,
			    !options->ledger && beside ? "none" : options->ledger, run->setup->config, &run->outlets);
	if (code == EXIT_DONE)
		code = observe_open_http(run);
	return code;
}

static int begin_probes(struct observation *run)
{
	int code = observe_open_tap(run), err;

	if (code == EXIT_DONE)
		code = observe_set_scope(run);
	if (code == EXIT_DONE)
		code = begin_child(run);
	if (code != EXIT_DONE)
		return code;
	err = start_workers(run);
	if (err < 0)
		return command_fail(EXIT_CANNOT, run->options->name, "%s%s%s", run->options->trace ? run->options->trace : "cannot start",
				    ": ", strerror(-err));
	err = observe_set_capture(run);
	if (err < 0)
		return command_fail(EXIT_CANNOT, run->options->name, "cannot look for TLS libraries: %s", strerror(-err));
	say_ready(run);
	if (run->child.pid)
		child_release(&run->child);
	return EXIT_DONE;
}

static void say_end(struct observation *run, const struct workers_sum *sum)
{
	struct gauges gauges = { .sum = sum, .targets = run->targets };
	_cleanup_(buf_done) struct buf text = BUF(KIB(64));

	if (run->child.pid)
		totals_text(&run->totals, &text);
	buf_printf(&text, "aitap: %ju records, %ju of them incomplete; ", (uintmax_t)sum->cold.records, (uintmax_t)sum->cold.incomplete);
	gauges_honest(&gauges, &text);
	if (run->options->trace)
		buf_printf(&text, "; trace %s%s", run->options->trace, sum->trace_lost || sum->trace_error ? " (partial)" : "");
	fprintf(stderr, "%s\n", buf_cstr(&text));
}

static int end(struct observation *run)
{
	struct workers_sum sum;
	int code = EXIT_DONE;

	notify("STOPPING=1");
	if (!run->workers)
		return EXIT_DONE;
	workers_stop(run->workers);
	sum = workers_sum(run->workers);
	say_end(run, &sum);
	if (outlets_failed(&sum))
		code = command_fail(EXIT_UNFINISHED, run->options->name, "partial: records could not be written: %s", outlets_reason(&sum));
	else if (run->options->trace && (sum.trace_lost || sum.trace_error))
		code = command_fail(EXIT_UNFINISHED, run->options->name, "partial: %ju events are not in the trace", (uintmax_t)sum.trace_lost);
	return code;
}

static void release(struct observation *run)
{
	child_forget(&run->child);
	targets_free(run->targets);
	/* a source of who/ that hangs keeps its thread, and what that looks at, until the program ends */
	if (!run->workers || workers_helper_ended(run->workers)) {
		workers_free(run->workers);
		who_free(run->who);
		host_free(run->host);
	}
	http_close(run->http);
	outlets_close(&run->outlets);
	tap_close(run->tap);
	metrics_free(run->metrics);
	setup_free(run->retiring);
	setup_free(run->setup);
	if (run->signals >= 0)
		close(run->signals);
}

int observe(const struct options *options)
{
	_cleanup_free_ struct observation *run = mem_new(sizeof(*run));
	int code;

	if (!run)
		return command_fail(EXIT_CANNOT, options->name, "%s", strerror(ENOMEM));
	*run = (struct observation){ .options = options, .signals = -1, .reload_ok = true };
	code = begin(run);
	if (code == EXIT_DONE)
		code = begin_probes(run);
	if (code == EXIT_CANNOT && run->unsupported[0] && options->idle) {
		notify("READY=1\nSTATUS=idle: this kernel or these privileges do not allow it");
		code = EXIT_DONE;
	}
	if (code == EXIT_DONE) {
		loop(run);
		code = end(run);
		if (run->child.ended && run->child.code)
			code = run->child.code;
	}
	release(run);
	return code;
}
