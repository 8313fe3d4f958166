/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go. A sink must not keep the record; it translates, it does not compute. */
#ifndef AITAP_OUT_SINK_H
#define AITAP_OUT_SINK_H

#include "noun/record.h"

struct sink;

struct sink_config {
	const char *kind;	/* jsonl, ledger, ... */
	const char *path;	/* "-": standard output */
	int patience_ms;	/* how long a reader that takes nothing is waited for; 0: for ever */
};

struct sink_ops {
	const char *name;
	int (*open)(const struct sink_config *, struct sink **ret);
	int (*put)(struct sink *, const struct record *);
	int (*flush)(struct sink *);		/* what was put is safe when this returned 0 */
	struct sink *(*close)(struct sink *);	/* returns NULL */
};

/* Every implementation begins with this. */
struct sink {
	const struct sink_ops *ops;
};

#endif
