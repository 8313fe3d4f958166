/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is behind a process: a bounded cache of origins by task (tgid and start
 * time), oldest dropped first. It is fed with traits as the probes tell them,
 * so that a process which is gone when its record is made still has a name,
 * and completed by the sources (/proc, cgroup file system, user database, ...).
 *
 * A source may hang: a disk, an NSS module, a container runtime. So it has two
 * sides, joined by two bounded one-way queues without locks:
 *
 *	cold thread	who_trait() asks about a new process at once;
 *			who_origin() hands out what is known, waiting for the
 *			answers at most deadline_ms, and not at all while the
 *			helper is overdue. What is missing then is marked
 *			origin.incomplete; a later call gets the rest.
 *	helper thread	who_work() runs the sources, again and again, for as
 *			long as the caller wants.
 *
 * Nothing here makes a thread. Where nobody runs who_work(), give no sources
 * (a replay: its processes never lived here), or set alone (one thread does
 * both, deadlines are the sources' own).
 *
 * who_free() while who_work() is inside a source that hangs is not allowed: a
 * helper that cannot be joined keeps the struct who until the program ends.
 */
#ifndef AITAP_WHO_WHO_H
#define AITAP_WHO_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noun/call.h"
#include "noun/origin.h"
#include "noun/trait.h"
#include "noun/wants.h"
#include "who/origin.h"

struct who;

/* One row of the table of sources, asked in this order; see who/host.h for the host's own. */
struct who_source {
	const struct origin_source *ops;
	void *self;	/* not owned; used by the helper thread only */
};

struct who_config {
	const struct who_source *sources;	/* copied */
	size_t n_sources;			/* at most WHO_SOURCES; 0: traits only */
	bool alone;				/* who_origin() runs the sources itself */
};
#define WHO_SOURCES 8

struct who_counts {
	uint64_t tasks;		/* remembered now */
	uint64_t bytes;		/* that they take */
	uint64_t dropped;	/* forgotten for a newer one */
	uint64_t asked;
	uint64_t answered;
	uint64_t late;		/* origins handed out before all answers had come */
	uint64_t refused;	/* questions that found the queue full; asked again later */
};

int who_new(const struct who_config *, struct who **ret);
struct who *who_free(struct who *);

/* cold thread */
int who_wants(struct who *, const struct wants *);	/* at the start and at each reload; copied */
int who_trait(struct who *, const struct trait *);
int who_origin(struct who *, const struct call *, int deadline_ms, struct origin *ret);
struct who_counts who_counts(const struct who *);

/* helper thread: answers what is asked until timeout_ms passed without a question; answers given, or negative errno */
int who_work(struct who *, int timeout_ms);

#endif
