/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wanted names of an environment, and nothing else of it: values become
 * rows of the origin, OTEL_RESOURCE_ATTRIBUTES becomes labels of scope 'o'.
 */
#ifndef AITAP_WHO_ENVIRON_H
#define AITAP_WHO_ENVIRON_H

#include "base/str.h"
#include "noun/origin.h"
#include "noun/wants.h"
#include "who/origin.h"

void environ_fill(struct str block, const struct wants *, struct origin *);	/* NAME=value, NUL-separated */
/* key=value,key=value, percent-encoded, as the OpenTelemetry resource SDK specifies it */
void environ_otel(struct str attributes, struct origin *);

/* The source: reads /proc/PID/environ, for a process that was there before us or whose environment was lost. */
struct environ_source;
extern const struct origin_source environ_ops;
int environ_new(struct environ_source **ret);
struct environ_source *environ_free(struct environ_source *);

#endif
