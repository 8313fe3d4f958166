/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a live run, shared by observe.c (its order, its loop),
 * observe_health.c (what it shows of itself) and observe_probes.c (what it
 * reads), and by nobody else.
 */
#ifndef AITAP_RUN_OBSERVE_INSIDE_H
#define AITAP_RUN_OBSERVE_INSIDE_H

#include "out/http.h"
#include "run/child.h"
#include "run/observe.h"
#include "run/outlets.h"
#include "run/setup.h"
#include "run/totals.h"
#include "tap/tap.h"
#include "tap/targets.h"
#include "who/host.h"

struct observation {
	const struct options *options;
	struct setup *setup;		/* in force */
	struct setup *retiring;		/* until nobody uses it any more */
	uint64_t stamp;			/* of the files that setup was loaded from */
	bool reload_ok;
	struct outlets outlets;
	struct tap *tap;
	struct targets *targets;	/* NULL: capture is off */
	struct host *host;
	struct who *who;
	struct workers *workers;
	struct metrics *metrics;
	struct http *http;
	struct totals totals;
	struct child child;
	int signals;
	uint64_t turned_ns;
	bool stop;
	char unsupported[512];		/* why nothing can be observed; "" */
};

/* Each gives an exit code and has said what went wrong. */
int observe_open_http(struct observation *);
int observe_open_tap(struct observation *);
int observe_set_scope(struct observation *);	/* what the options say is to be read */

void observe_tell_teams(void *observation);	/* to the metrics, under their mutex */
/* Probes as the configuration in force wants them; the kill switch takes every one away. Negative errno. */
int observe_set_capture(struct observation *);

#endif
