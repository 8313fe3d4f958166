/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialect: how one family of providers says what a call used. It sees heads
 * and items, never bytes, chunks, frames or compression; its state is a fixed
 * block inside the reader. Most of a dialect is data: its routes say which
 * requests are its own, its wants what is picked and what that means. Its
 * functions, all optional, say what cannot be said so.
 *
 * A provider is a line in the table of provider_hosts.c: its hosts, its name, the
 * dialect that it speaks where the path says nothing else.
 */
#ifndef AITAP_AI_PROVIDER_H
#define AITAP_AI_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/pick.h"
#include "ai/skim.h"
#include "noun/call.h"
#include "noun/head.h"
#include "noun/wants.h"

typedef void (*usage_fn)(void *ctx, const struct call *);

struct dialect;		/* state: see ai/dialect.h */

enum route_flag {
	ROUTE_WEAK = 1 << 0,		/* common elsewhere: no sign of AI on an unknown host (/models, /files) */
	ROUTE_FREE = 1 << 1,		/* nothing is billed: CALL_FREE */
	ROUTE_RETRIEVAL = 1 << 2,	/* a GET may bring the usage of an earlier call; any other GET is free */
	ROUTE_BATCH = 1 << 3,		/* billing is batch */
	ROUTE_STREAM = 1 << 4,		/* the answer is streamed though the body does not ask for it */
	ROUTE_NO_ANSWER = 1 << 5,	/* what comes back is no model's answer: its id is no response_id */
	ROUTE_WRAPPED = 1 << 6,		/* frames named chunk hold JSON in base64: see ai/wrapped.h */
	ROUTE_FILES = 1 << 7,		/* a file in a form is read as lines of JSON */
};

/* The longest pattern that fits the path decides. */
struct route {
	const char *path;		/* glob over the whole path; NULL ends a table */
	const char *operation;		/* OpenTelemetry's where it has one */
	unsigned int flags;		/* enum route_flag */
};

/* What contains what in the counts that are reported. Default: all "of which" counts are inside. */
enum convention {
	CACHE_APART = 1 << 0,		/* input leaves out what was read from and written to the cache */
	REASONING_APART = 1 << 1,	/* output leaves out reasoning */
	AUDIO_APART = 1 << 2,		/* input leaves out audio input */
	OUTPUT_FROM_TOTAL = 1 << 3,	/* output is total less input: the provider hides reasoning */
};

struct provider {
	const char *name;			/* of the dialect, as in a configuration: openai, anthropic */
	const struct route *routes;
	const struct want *wants[2];		/* JSON bodies and form fields, by enum side */
	const struct want *headers[2];		/* by enum side; the path is the header's name, lower case */
	const struct want *messages[2];		/* protobuf messages, by enum side; a path is field numbers: "3.10" */
	const struct provider *sibling;		/* a further one of the same hosts: its routes are as the dialect's own */
	unsigned int convention;		/* enum convention; dialect->convention begins with it */
	/* More than the routes say: 0 is not mine, 1 mine if the host says so, 2 mine anywhere. NULL: 2 where a strong route fits. */
	int (*match)(const struct head *);
	/* After the reader took from the head what is common, and the wanted headers. Negative: not AI after all. */
	int (*head)(struct dialect *, enum side, const struct head *);
	/* Before the item is collected, so that it can drop picks; and at each WANT_EACH. Positive: do not collect. */
	int (*item)(struct dialect *, enum side, struct item *);
	/* Before the call is emitted; what it emits itself with dialect_emit() is not emitted again. */
	int (*end)(struct dialect *, enum ending);
};

/* Who answers at a host. */
struct choice {
	char name[32];			/* OpenTelemetry's value, or the configured name */
	const struct provider *dialect;
	const struct route *route;	/* NULL: none fits */
	uint8_t billing;		/* enum billing */
	bool known;			/* the host is a provider's, or configured; else the path alone speaks for it */
	bool built_in;			/* it is a provider's, whatever is configured */
	bool gateway;			/* a configured gateway */
};

/* Does a server of this name never answer for a model? What the configuration names always may. */
bool provider_never(struct str server_name, const struct wants *);
/* Does a host of this name, whatever else it serves, answer for a model at some path? */
bool provider_at_times(struct str host, const struct wants *);
/* False: nobody that is known. */
bool provider_choose(const struct head *, const struct wants *, struct choice *ret);
/*
 * The same, remembering choices by host, port and path: most requests are like one before. Only those that
 * nothing else decides, neither the configuration nor a header, are remembered. Begins as zeros.
 */
#define CHOSEN_MAX 32
struct choices {
	struct chosen {
		uint16_t port, n_host, n_path;	/* n_path 0: none */
		char text[160];			/* the host, the path */
		struct choice choice;
	} chosen[CHOSEN_MAX];
};
bool provider_choose_again(struct choices *, const struct head *, const struct wants *, struct choice *ret);
const struct provider *provider_dialect(struct str name);	/* NULL: none of that name */
/* Who speaks protobuf for that provider, where no path says which; NULL: nobody. */
const struct provider *provider_messages(const char *name);
const struct provider *provider_next(size_t *at);	/* every dialect, from at 0 on; NULL at the end */
const struct skim_table *provider_table(const struct provider *, enum side);

extern const struct provider dialect_openai;
extern const struct provider dialect_openai_media;
extern const struct provider dialect_openai_batch;
extern const struct provider dialect_anthropic;
extern const struct provider dialect_gemini;
extern const struct provider dialect_gemini_batch;
extern const struct provider dialect_gapic_gemini;
extern const struct provider dialect_gapic_vertex;
extern const struct provider dialect_gapic_embed;
extern const struct provider dialect_gapic_other;
extern const struct provider dialect_realtime;
extern const struct provider dialect_live;
extern const struct provider dialect_bedrock;
extern const struct provider dialect_cohere;
extern const struct provider dialect_ollama;
extern const struct provider dialect_aleph_alpha;
extern const struct provider dialect_watsonx;
extern const struct provider dialect_replicate;
extern const struct provider dialect_tgi;
extern const struct provider dialect_deepgram;
extern const struct provider dialect_stability;

#endif
