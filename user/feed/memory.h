/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source over events in memory: for tests, fuzzers and benchmarks. The events
 * stand one behind another, each at a multiple of 8 bytes; the caller owns them
 * and keeps them as long as the source lives. What does not hold together is
 * counted as malformed, and ends the source where the next event cannot be found.
 */
#ifndef AITAP_FEED_MEMORY_H
#define AITAP_FEED_MEMORY_H

#include "feed/source.h"

int memory_open(const void *events, size_t size, struct source **ret);
/* The last verdict given on a connection: what a kernel array would hold. */
enum event_verdict memory_verdict(const struct source *, uint64_t conn_id);

#endif
