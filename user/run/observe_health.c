/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "run/command.h"
#include "run/gauges.h"
#include "run/observe_inside.h"

struct filling {
	struct metrics *metrics;
	struct gauges gauges;
};

static void fill_gauges(void *ctx)
{
	struct filling *filling = ctx;

	gauges_set(filling->metrics, &filling->gauges);
}

static int on_metrics(void *ctx, struct buf *to)
{
	struct observation *run = ctx;
	struct workers_sum sum;
	struct filling filling = { run->metrics, { .targets = run->targets, .supported = !run->unsupported[0],
						   .reload_ok = run->reload_ok } };

	if (!run->workers) {
		fill_gauges(&filling);
		return metrics_text(run->metrics, to);
	}
	sum = workers_sum(run->workers);
	filling.gauges.sum = &sum;
	workers_with(run->workers, fill_gauges, &filling);
	return workers_metrics(run->workers, to);
}

static int on_ready(void *ctx, struct buf *why)
{
	const struct observation *run = ctx;

	if (run->unsupported[0])
		buf_puts(why, run->unsupported);
	else if (!run->workers || !workers_running(run->workers))
		buf_puts(why, "not reading events");
	else
		return 0;
	return -EAGAIN;
}

static const struct http_ops http_ops = { .metrics = on_metrics, .ready = on_ready };

void observe_tell_teams(void *ctx)
{
	struct observation *run = ctx;
	const struct attribution *attribution = run->setup->settings.attribution;
	const struct team *team;

	for (size_t i = 0; (team = attribution_team(attribution, i)); i++)
		metrics_teams(run->metrics, (const char *const[]){ team->id }, 1);
}

int observe_open_http(struct observation *run)
{
	const char *listen = run->options->metrics ? run->options->metrics : run->options->command ? "none" : run->setup->config->metrics;
	int err;

	if (!listen[0] || !strcmp(listen, "none"))
		return EXIT_DONE;
	err = http_open(listen, &http_ops, run, &run->http);
	if (err == 0)
		return EXIT_DONE;
	if (err == -EINVAL)
		return command_fail(EXIT_USAGE, run->options->name, "--metrics '%s': an address and a port, as in 127.0.0.1:9914", listen);
	if (run->options->metrics)
		return command_fail(EXIT_CANNOT, run->options->name, "metrics on %s: %s", listen, strerror(-err));
	log_warn(err, "metrics on %s: not served; --metrics ADDR:PORT picks another place", listen);
	return EXIT_DONE;
}
