/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the events of one ring fit to be kept: text goes, numbers, keys, model
 * names, ids and wanted values stay, credentials become their fingerprint. A
 * scrubbed trace gives the same records as what it was made of.
 *
 * One per ring; the trace thread only. The writer is the caller's.
 */
#ifndef AITAP_PIPELINE_SCRUB_H
#define AITAP_PIPELINE_SCRUB_H

#include "feed/trace.h"
#include "noun/wants.h"

struct scrub;

int scrub_new(struct trace_writer *, unsigned int ring, const struct wants *, struct scrub **ret);
int scrub_event(struct scrub *, const struct event_header *, size_t size);	/* first failure of the writer */
int scrub_drain(struct scrub *);
struct scrub *scrub_free(struct scrub *);

#endif
