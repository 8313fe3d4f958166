/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call: all that was learnt of one exchange, flat. It is what leaves the hot
 * half, so it holds no pointer, no prompt or answer text and no credential, and
 * can cross a process boundary as it is. Strings are NUL-terminated, "" is
 * unknown. Times are CLOCK_BOOTTIME nanoseconds, 0 is unknown.
 */
#ifndef AITAP_NOUN_CALL_H
#define AITAP_NOUN_CALL_H

#include <stdint.h>

#include "base/task.h"
#include "noun/text.h"
#include "noun/usage.h"
#include "noun/wants.h"

#define CALL_VERSION 1
#define CALL_USAGES 8
#define CALL_UNITS 8

enum call_kind {
	CALL_ENDED = 1,		/* becomes a record */
	CALL_BEGUN,		/* the serving side has read a request head: for joining gateways to their callers */
};

enum call_role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

enum billing {
	BILLING_UNKNOWN, BILLING_METERED, BILLING_SUBSCRIPTION, BILLING_PROVISIONED,
	BILLING_BATCH, BILLING_FREE, BILLING_SELF_HOSTED,
};

enum credential_kind {
	CREDENTIAL_NONE, CREDENTIAL_API_KEY, CREDENTIAL_OAUTH, CREDENTIAL_SIGV4, CREDENTIAL_CLOUD_TOKEN,
};

/* What is true of the call; the record's flags begin here. */
enum call_flag {
	CALL_STREAM = 1u << 0,			/* the answer was streamed, or was asked to be */
	CALL_INCOMPLETE = 1u << 1,		/* bytes were lost: complete:false */
	CALL_MID_CONNECTION = 1u << 2,
	CALL_TRUNCATED = 1u << 3,		/* a ceiling cut something */
	CALL_ABORTED = 1u << 4,			/* the connection ended before the answer did */
	CALL_ERROR = 1u << 5,			/* an error status, or an error inside a 200 */
	CALL_RETRIEVAL = 1u << 6,		/* repeats what an earlier call already brought */
	CALL_USAGE_ASKED = 1u << 7,		/* stream_options.include_usage */
	CALL_INVALID_VALUE = 1u << 8,		/* a wanted value was replaced by _invalid */
	CALL_UNDECODED = 1u << 9,		/* a body was in a coding or protocol that is not read */
	CALL_FREE = 1u << 10,			/* the endpoint is not billed: counting tokens, listing models, files */
	CALL_TOTAL_MISMATCH = 1u << 11,		/* the provider's total is not the sum of its parts */
	CALL_RETRY = 1u << 12,			/* the client said so */
	CALL_BACKGROUND = 1u << 13,		/* the answer comes later, by a retrieval */
	CALL_TURN = 1u << 14,			/* one of many that a socket carries: its times are its own, not the exchange's */
};

struct call {
	uint16_t version;		/* CALL_VERSION */
	uint8_t kind;			/* enum call_kind */
	uint8_t role;			/* enum call_role */
	uint32_t flags;			/* enum call_flag */

	/* where from */
	uint64_t conn_id;
	uint32_t exchange;		/* number within the connection, from 0 */
	uint32_t uid;
	struct task task;
	uint64_t cgroup_id;
	uint8_t hierarchy;		/* enum event_hierarchy */
	uint8_t library;		/* enum event_library */
	uint16_t part;			/* of the calls that one exchange became, from 0 */
	char comm[16];
	char peer[56];			/* address:port, where known */
	char sni[256];

	/* when */
	uint64_t begin_ns;		/* first request byte */
	uint64_t sent_ns;		/* last request byte */
	uint64_t first_byte_ns;		/* of the response */
	uint64_t first_token_ns;	/* first piece of content */
	uint64_t end_ns;

	/* what was asked */
	char provider[32];
	char dialect[16];
	char operation[32];		/* OpenTelemetry's where it has one: chat, embeddings, ... */
	char host[256];
	uint16_t port;
	char method[16];
	char path[512];			/* no query */
	char region[32];
	char org[96];
	char project[96];
	char model_requested[128];
	char session[96];
	char user[96];			/* a person; already hashed where wants.keep_user says so */
	char agent[32];			/* claude-code, codex, ... */
	char account[96];		/* an agent's account */
	char user_agent[160];
	char trace_id[33];
	char span_id[17];
	char idempotency[65];		/* key, hashed where it is long */
	uint32_t attempt;		/* from 1; 0 where the client did not say */
	uint64_t body_hash;		/* keyed hash of the request body; 0: none */
	uint8_t credential_kind;	/* enum credential_kind */
	char credential[24];		/* k1: and 16 hex digits */
	char tools_offered[512];	/* names, comma-separated */
	char effort[16];		/* of thought, as asked for */
	uint64_t output_limit;		/* tokens at most; 0: none said */

	/* what came back */
	uint16_t status;
	char error_type[64];
	char model[128];
	char service_tier[24];
	uint8_t billing;		/* enum billing */
	char request_id[128];
	char response_id[128];
	char batch_id[96];		/* made, asked for, filled or read by this call */
	char batch_file[96];		/* of requests: uploaded by this call, or named by the batch that reads it */
	char batch_output[96];		/* of results: named by the batch, or read by this call */
	char batch_status[24];		/* as the provider says it; "" unknown */
	uint64_t batch_requests;	/* how many this call brings, or the batch has; 0: unknown */
	uint64_t batch_input_max;	/* their input is at most so many tokens: none is shorter than a byte */
	uint64_t batch_output_max;	/* their output likewise, by max_tokens; 0: one of them does not say */
	char previous_id[128];		/* the answer that this call retrieves or continues */
	char finish_reason[32];
	char tools_called[512];

	/* what it used; the first usage is the call's own model */
	uint8_t usage_source;		/* enum usage_source */
	uint8_t n_usages;
	uint8_t n_units;
	uint8_t n_values;
	struct usage usages[CALL_USAGES];
	struct unit units[CALL_UNITS];
	uint8_t has_provider_cost;
	int64_t provider_cost_pico;	/* 1e-12 USD, as the provider said */
	char usage_raw[2048];		/* the provider's own usage object, numbers only, JSON; "" */

	/* how much passed */
	uint64_t request_bytes;		/* bodies, as decoded */
	uint64_t response_bytes;
	uint64_t content_bytes[2];	/* of prompt and answer text, where it could be told apart, by enum side */
	uint64_t missing_bytes;
	struct text text[TEXT_CLASSES];

	struct wanted_value values[WANTED_VALUES];
};

_Static_assert(sizeof(struct call) <= 16384, "a call is at most 16 KiB");

#endif
