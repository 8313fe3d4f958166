/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record as one JSON object, its fields always all there and always in the
 * same order: what is unknown is null, never 0 and never "". Token counts are
 * integers, money is a string of exact decimals, quantities are exact decimals.
 *
 * The token counts at the top are those of the call's own model, which is the
 * call's first usage: what the provider itself puts at the top of its answer.
 * What else was billed within the call (a second model that advised, a
 * compaction before it) stands in lines, and in the cost, which is their sum.
 */
#include "out/record.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/json.h"
#include "noun/head.h"

#define NAMED(table, i) ((size_t)(i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : "unknown")

const char *record_class_name(enum line_class class)
{
	static const char *const names[] = {
		[LINE_INPUT_UNCACHED] = "input_uncached", [LINE_CACHE_READ] = "cache_read",
		[LINE_CACHE_WRITE_5M] = "cache_write_5m", [LINE_CACHE_WRITE_1H] = "cache_write_1h",
		[LINE_OUTPUT_VISIBLE] = "output_visible", [LINE_REASONING] = "reasoning",
		[LINE_AUDIO_INPUT] = "audio_input", [LINE_AUDIO_OUTPUT] = "audio_output",
		[LINE_AUDIO_CACHE_READ] = "audio_cache_read", [LINE_IMAGE_INPUT] = "image_input",
		[LINE_IMAGE_OUTPUT] = "image_output", [LINE_IMAGE_CACHE_READ] = "image_cache_read", [LINE_UNIT] = "unit",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == LINE_CLASSES, "every class has a name");

	return NAMED(names, class);
}

const char *record_status_name(enum cost_status status)
{
	static const char *const names[] = {
		[COST_PRICED] = "priced", [COST_UNPRICED] = "unpriced", [COST_FREE] = "free", [COST_PARTIAL] = "partial",
	};

	return NAMED(names, status);
}

const char *record_billing_name(enum billing billing)
{
	static const char *const names[] = {
		[BILLING_UNKNOWN] = "unknown", [BILLING_METERED] = "metered", [BILLING_SUBSCRIPTION] = "subscription",
		[BILLING_PROVISIONED] = "provisioned", [BILLING_BATCH] = "batch", [BILLING_FREE] = "free",
		[BILLING_SELF_HOSTED] = "self-hosted",
	};

	return NAMED(names, billing);
}

const char *record_usage_source_name(enum usage_source source)
{
	static const char *const names[] = {
		[USAGE_NONE] = "none", [USAGE_REPORTED] = "reported", [USAGE_ESTIMATED] = "estimated",
	};

	return NAMED(names, source);
}

const char *record_credential_name(enum credential_kind kind)
{
	static const char *const names[] = {
		[CREDENTIAL_NONE] = "none", [CREDENTIAL_API_KEY] = "api_key", [CREDENTIAL_OAUTH] = "oauth",
		[CREDENTIAL_SIGV4] = "sigv4", [CREDENTIAL_CLOUD_TOKEN] = "cloud_token",
	};

	return NAMED(names, kind);
}

/* enum event_library, which this room does not see; the order is asserted by the test */
const char *record_library_name(unsigned library)
{
	static const char *const names[] = { "none", "openssl", "boringssl", "gnutls", "nss", "go", "rustls" };

	return NAMED(names, library);
}

const char *record_flag_name(unsigned bit)
{
	static const char *const names[] = {
		"alias-drift", "retry", "duplicate", "mid-connection", "truncated", "aborted", "error", "unattributed",
		"unknown-team", "claim-conflict", "not-ready", "origin-incomplete", "unapproved-provider",
		"unapproved-model", "unapproved-region", "retrieval", "invalid-value", "undecoded", "total-mismatch",
		"background",
	};
	_Static_assert(1u << (sizeof(names) / sizeof(names[0]) - 1) == FLAG_BACKGROUND, "every flag has a name");

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}

uint32_t record_flags(const struct record *record)
{
	static const struct {
		uint32_t of_call, flag;
	} pairs[] = {
		{ CALL_MID_CONNECTION, FLAG_MID_CONNECTION }, { CALL_TRUNCATED, FLAG_TRUNCATED },
		{ CALL_ABORTED, FLAG_ABORTED }, { CALL_ERROR, FLAG_ERROR }, { CALL_RETRIEVAL, FLAG_RETRIEVAL },
		{ CALL_INVALID_VALUE, FLAG_INVALID_VALUE }, { CALL_UNDECODED, FLAG_UNDECODED },
		{ CALL_TOTAL_MISMATCH, FLAG_TOTAL_MISMATCH }, { CALL_RETRY, FLAG_RETRY },
		{ CALL_BACKGROUND, FLAG_BACKGROUND },
	};
	uint32_t flags = record->flags;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (record->call->flags & pairs[i].of_call)
			flags |= pairs[i].flag;
	return record->cost.clamped ? flags | FLAG_TOTAL_MISMATCH : flags;
}

bool record_tokens(const struct record *record, enum count which, uint64_t *ret)
{
	const struct call *call = record->call;

	if (!call->n_usages || !usage_knows(&call->usages[0], which))
		return false;
	*ret = call->usages[0].count[which];
	return true;
}

bool record_elapsed(const struct record *record, uint64_t then_ns, uint64_t *ret_ns)
{
	if (!record->call->begin_ns || then_ns < record->call->begin_ns)
		return false;
	*ret_ns = then_ns - record->call->begin_ns;
	return true;
}

bool record_cost_known(const struct record *record)
{
	uint8_t billing = record->call->billing;

	return record->cost.status != COST_UNPRICED || billing == BILLING_SUBSCRIPTION ||
	       billing == BILLING_PROVISIONED || billing == BILLING_SELF_HOSTED;
}

/* ---- fields */

static void text(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_cstr(json, value && *value ? value : NULL);
}

static void number(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_u64(json, value);
}

static void number_or_null(struct json *json, const char *key, bool known, uint64_t value)
{
	json_key(json, key);
	if (known)
		json_u64(json, value);
	else
		json_null(json);
}

/* What is summed: an adjustment that takes away has it with a minus. */
static int64_t with_sign(const struct record *record, int64_t value)
{
	return record->negative ? -value : value;
}

static void tokens(struct json *json, const char *key, const struct record *record, enum count which)
{
	uint64_t n = 0;

	json_key(json, key);
	if (!record_tokens(record, which, &n))
		json_null(json);
	else if (record->negative && n <= INT64_MAX)
		json_i64(json, with_sign(record, (int64_t)n));
	else
		json_u64(json, n);
}

static void boolean(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

static void usd(struct json *json, const char *key, const struct record *record, bool known, int64_t pico)
{
	char digits[DECIMAL_MAX];

	decimal_text(with_sign(record, pico), DECIMAL_PICO, digits);
	text(json, key, known ? digits : NULL);
}

static void quantity(struct json *json, const char *key, const struct record *record, uint64_t milli)
{
	char digits[DECIMAL_MAX];
	__int128 signed_milli = record->negative ? -(__int128)milli : (__int128)milli;
	size_t n = decimal_text(signed_milli, DECIMAL_MILLI, digits);

	json_key(json, key);
	json_raw(json, (struct str){ digits, n });
}

/* Milliseconds with one decimal place, rounded half up. */
static void elapsed(struct json *json, const char *key, const struct record *record, uint64_t then_ns)
{
	uint64_t ns = 0;
	bool known = record_elapsed(record, then_ns, &ns);
	uint64_t tenths = (ns + NSEC_PER_MSEC / 20) / (NSEC_PER_MSEC / 10);
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);

	json_key(json, key);
	json_raw(json, known ? (struct str){ digits, (size_t)n } : STR("null"));
}

static void names(struct json *json, const char *key, const char *list)
{
	struct str rest = str_of(*list ? list : NULL), name;

	json_key(json, key);
	json_open(json, '[');
	while (str_split(&rest, ',', &name))
		if (name.n)
			json_str(json, name);
	json_close(json, ']');
}

/* ---- groups of fields, in the order of the record */

static void what(struct json *json, const struct record *record)
{
	char time[CLOCK_TEXT_MAX];

	clock_text(record->time_ns, time);
	text(json, "schema", "aitap.call/1");
	text(json, "kind", record->kind == RECORD_ADJUSTMENT ? "adjustment" : "call");
	text(json, "id", record->id);
	text(json, "time", time);
	text(json, "cluster", record->cluster);
	text(json, "node", record->node);
}

static void who(struct json *json, const struct record *record)
{
	text(json, "team", record->team);
	text(json, "team_source", record->team_source);
	text(json, "caller_team", record->caller_team);
	json_key(json, "labels");
	json_open(json, '{');
	for (uint32_t i = 0; i < record->n_labels && i < LIMIT_LABELS; i++)
		text(json, record->labels[i].name, record->labels[i].value);
	json_close(json, '}');
	boolean(json, "spend", record->spend);
	text(json, "same_as", record->same_as);
	text(json, "adjusts", record->adjusts);
}

static void asked(struct json *json, const struct call *call)
{
	text(json, "provider", call->provider);
	text(json, "host", call->host);
	text(json, "region", call->region);
	text(json, "project", call->project);
	text(json, "org", call->org);
	text(json, "operation", call->operation);
	text(json, "method", call->method);
	text(json, "path", call->path);
	number_or_null(json, "status", call->status, call->status);
	text(json, "error_type", call->error_type);
	boolean(json, "stream", call->flags & CALL_STREAM);
	text(json, "model_requested", call->model_requested);
	text(json, "model", call->model);
	text(json, "service_tier", call->service_tier);
	text(json, "billing", record_billing_name((enum billing)call->billing));
}

static void bounds(struct json *json, const char *key, const struct estimate *estimate, enum side side)
{
	json_key(json, key);
	json_open(json, '[');
	json_u64(json, estimate->low[side]);
	json_u64(json, estimate->high[side]);
	json_close(json, ']');
}

/* How it was estimated, and between which bounds it lies nine times out of ten; a count that was told lies at both. */
static void estimated(struct json *json, const struct record *record)
{
	const struct estimate *estimate = &record->estimate;
	char digits[2][DECIMAL_MAX];

	json_key(json, "estimate");
	if (!estimate->name[0]) {
		json_null(json);
		return;
	}
	json_open(json, '{');
	text(json, "name", estimate->name);
	bounds(json, "input_tokens", estimate, SIDE_REQUEST);
	bounds(json, "output_tokens", estimate, SIDE_RESPONSE);
	json_key(json, "cost_usd");
	if (estimate->priced) {
		decimal_text(with_sign(record, estimate->low_pico), DECIMAL_PICO, digits[0]);
		decimal_text(with_sign(record, estimate->high_pico), DECIMAL_PICO, digits[1]);
		json_open(json, '[');
		json_cstr(json, digits[0]);
		json_cstr(json, digits[1]);
		json_close(json, ']');
	} else {
		json_null(json);
	}
	json_close(json, '}');
}

static void used(struct json *json, const struct record *record)
{
	static const struct {
		const char *key;
		enum count which;
	} counts[] = {
		{ "input_tokens", COUNT_INPUT }, { "cache_read_tokens", COUNT_CACHE_READ },
		{ "cache_write_tokens", COUNT_CACHE_WRITE }, { "cache_write_1h_tokens", COUNT_CACHE_WRITE_1H },
		{ "output_tokens", COUNT_OUTPUT }, { "reasoning_tokens", COUNT_REASONING },
		{ "audio_input_tokens", COUNT_AUDIO_INPUT }, { "audio_output_tokens", COUNT_AUDIO_OUTPUT },
	};
	const struct call *call = record->call;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		tokens(json, counts[i].key, record, counts[i].which);
	json_key(json, "units");
	json_open(json, '{');
	for (size_t i = 0; i < call->n_units && i < CALL_UNITS; i++)
		quantity(json, call->units[i].name, record, call->units[i].milli);
	json_close(json, '}');
	text(json, "usage_source", record_usage_source_name((enum usage_source)call->usage_source));
	estimated(json, record);
	json_key(json, "usage_raw");
	/* what the provider said takes nothing away */
	json_raw(json, *call->usage_raw && !record->negative ? str_of(call->usage_raw) : STR("null"));
}

static void costs(struct json *json, const struct record *record)
{
	const struct cost *cost = &record->cost;

	json_key(json, "lines");
	json_open(json, '[');
	for (uint32_t i = 0; i < cost->n_lines && i < RECORD_LINES; i++) {
		const struct cost_line *line = &cost->lines[i];

		json_open(json, '{');
		text(json, "model", line->model);
		text(json, "class", record_class_name((enum line_class)line->class));
		quantity(json, "quantity", record, line->milli);
		text(json, "unit", line->unit);
		text(json, "price", line->priced ? line->price : NULL);
		usd(json, "cost_usd", record, line->priced, line->pico);
		json_close(json, '}');
	}
	json_close(json, ']');
	usd(json, "cost_usd", record, record_cost_known(record), cost->pico);
	usd(json, "list_cost_usd", record, cost->status != COST_UNPRICED, cost->list_pico);
	usd(json, "provider_cost_usd", record, record->call->has_provider_cost, record->call->provider_cost_pico);
	text(json, "cost_status", record_status_name((enum cost_status)cost->status));
}

static void went(struct json *json, const struct record *record)
{
	const struct call *call = record->call;

	elapsed(json, "duration_ms", record, call->end_ns);
	elapsed(json, "first_byte_ms", record, call->first_byte_ns);
	elapsed(json, "first_token_ms", record, call->first_token_ns);
	text(json, "finish_reason", call->finish_reason);
	names(json, "tools_offered", call->tools_offered);
	names(json, "tools_called", call->tools_called);
	text(json, "request_id", call->request_id);
	text(json, "response_id", call->response_id);
	text(json, "trace_id", call->trace_id);
	text(json, "span_id", call->span_id);
	text(json, "session", call->session);
	text(json, "batch_id", call->batch_id);
	number(json, "attempt", record->attempt);
	text(json, "retry_of", record->retry_of);
	json_key(json, "credential");
	if (call->credential_kind == CREDENTIAL_NONE) {
		json_null(json);
	} else {
		json_open(json, '{');
		text(json, "kind", record_credential_name((enum credential_kind)call->credential_kind));
		text(json, "id", call->credential);
		json_close(json, '}');
	}
	text(json, "user", call->user);
	text(json, "agent", call->agent);
}

static void seen(struct json *json, const struct record *record)
{
	const struct call *call = record->call;
	uint32_t flags = record_flags(record);

	text(json, "route", record->route);
	text(json, "sight", record->sight);
	text(json, "tls", call->library ? record_library_name(call->library) : NULL);
	text(json, "peer", call->peer);
	text(json, "sni", call->sni);
	boolean(json, "complete", !(call->flags & CALL_INCOMPLETE));
	number(json, "missing_bytes", call->missing_bytes);
	json_key(json, "flags");
	json_open(json, '[');
	for (unsigned int bit = 0; record_flag_name(bit); bit++)
		if (flags >> bit & 1)
			json_cstr(json, record_flag_name(bit));
	json_close(json, ']');
}

static void process(struct json *json, const struct record *record)
{
	const struct call *call = record->call;
	const struct origin *origin = record->origin;

	json_key(json, "process");
	json_open(json, '{');
	number_or_null(json, "pid", call->task.tgid, call->task.tgid);
	text(json, "exe", origin->exe);
	text(json, "comm", *origin->comm ? origin->comm : call->comm);
	number(json, "uid", origin->known_uid ? origin->uid : call->uid);
	text(json, "user_agent", call->user_agent);
	json_close(json, '}');
}

static void from(struct json *json, const struct origin *origin)
{
	json_key(json, "origin");
	json_open(json, '{');
	text(json, "cgroup", origin->cgroup);
	text(json, "unit", origin->unit);
	text(json, "container", origin->container);
	text(json, "container_name", origin->container_name);
	text(json, "image", origin->image);
	text(json, "pod", origin->pod);
	text(json, "namespace", origin->namespace);
	text(json, "workload", origin->workload);
	json_close(json, '}');
}

static void by(struct json *json, const struct record *record)
{
	json_key(json, "aitap");
	json_open(json, '{');
	text(json, "version", AITAP_VERSION);
	text(json, "config", record->config);
	json_close(json, '}');
}

int record_json(const struct record *record, struct buf *to)
{
	struct json json = { .to = to };
	size_t before = to->n;
	int err = to->error;

	if (err < 0)
		return err;
	json_open(&json, '{');
	what(&json, record);
	who(&json, record);
	asked(&json, record->call);
	used(&json, record);
	costs(&json, record);
	went(&json, record);
	seen(&json, record);
	process(&json, record);
	from(&json, record->origin);
	by(&json, record);
	json_close(&json, '}');
	err = to->error;
	if (err < 0) {
		to->n = before;
		to->error = 0;
	}
	return err;
}
