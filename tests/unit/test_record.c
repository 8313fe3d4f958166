/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a record: every field in its place, unknown is null, and any bytes give valid JSON. */
#include <errno.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "bpf/event.h"
#include "out/record.h"
#include "tests/lib/sample.h"

static struct sample *fresh(void)
{
	static struct sample sample;

	sample_make(&sample);
	return &sample;
}

/* The record as the product's documentation shows it. */
static const char expected[] =
	"{\"schema\":\"aitap.call/1\",\"kind\":\"call\",\"id\":\"01KATZ0000000000000000TEST\",\"time\":\"2026-11-22T06:00:00.123456Z\","
	"\"cluster\":\"prod-eu\",\"node\":\"ip-10-0-3-7\","
	"\"team\":\"search\",\"team_source\":\"pod-label:team\",\"caller_team\":\"search\","
	"\"labels\":{\"environment\":\"prod\",\"feature\":\"rerank\"},\"spend\":true,\"same_as\":null,\"adjusts\":null,"
	"\"provider\":\"openai\",\"host\":\"api.openai.com\",\"region\":null,\"project\":\"proj_1\",\"org\":\"org-1\",\"operation\":\"chat\","
	"\"method\":\"POST\",\"path\":\"/v1/chat/completions\",\"status\":200,\"error_type\":null,"
	"\"stream\":true,\"model_requested\":\"gpt-4o\",\"model\":\"gpt-4o-2024-08-06\",\"service_tier\":\"default\",\"billing\":\"metered\","
	"\"input_tokens\":1290,\"cache_read_tokens\":1024,\"cache_write_tokens\":0,\"cache_write_1h_tokens\":null,"
	"\"output_tokens\":211,\"reasoning_tokens\":null,\"audio_input_tokens\":null,\"audio_output_tokens\":null,\"units\":{\"web_search\":0},"
	"\"usage_source\":\"reported\",\"estimate\":null,"
	"\"usage_raw\":{\"prompt_tokens\":1290,\"completion_tokens\":211,\"prompt_tokens_details\":{\"cached_tokens\":1024}},"
	"\"lines\":[{\"model\":\"gpt-4o-2024-08-06\",\"class\":\"input_uncached\",\"quantity\":266,\"unit\":\"token\","
	"\"price\":\"openai/gpt-4o@2024-10-01\",\"cost_usd\":\"0.000665\"},"
	"{\"model\":\"gpt-4o-2024-08-06\",\"class\":\"cache_read\",\"quantity\":1024,\"unit\":\"token\","
	"\"price\":\"openai/gpt-4o@2024-10-01\",\"cost_usd\":\"0.00128\"},"
	"{\"model\":\"gpt-4o-2024-08-06\",\"class\":\"output_visible\",\"quantity\":211,\"unit\":\"token\","
	"\"price\":\"openai/gpt-4o@2024-10-01\",\"cost_usd\":\"0.00211\"}],"
	"\"cost_usd\":\"0.004055\",\"list_cost_usd\":\"0.004055\",\"provider_cost_usd\":null,\"cost_status\":\"priced\","
	"\"duration_ms\":1834.2,\"first_byte_ms\":310.4,\"first_token_ms\":391.0,\"finish_reason\":\"stop\",\"tools_offered\":[],"
	"\"tools_called\":[],\"request_id\":\"req_8f\",\"response_id\":\"chatcmpl-1\",\"trace_id\":null,\"span_id\":null,\"session\":null,"
	"\"batch_id\":null,\"attempt\":1,\"retry_of\":null,"
	"\"credential\":{\"kind\":\"api_key\",\"id\":\"k1:3fa9c1d2e4b5a697\"},\"user\":null,\"agent\":null,"
	"\"route\":\"direct\",\"sight\":\"read\",\"tls\":\"openssl\",\"peer\":\"162.159.140.245:443\",\"sni\":\"api.openai.com\","
	"\"complete\":true,\"missing_bytes\":0,\"flags\":[],"
	"\"process\":{\"pid\":4121,\"exe\":\"/usr/bin/python3.11\",\"comm\":\"python3\",\"uid\":1000,\"user_agent\":\"OpenAI/Python 1.99.0\"},"
	"\"origin\":{\"cgroup\":\"/kubepods.slice/a\",\"unit\":null,\"container\":\"6f1c\",\"container_name\":\"ranker\",\"image\":\"ranker:1\","
	"\"pod\":\"ranker-7d9c\",\"namespace\":\"search-prod\",\"workload\":\"Deployment/ranker\"},"
	"\"aitap\":{\"version\":\"" AITAP_VERSION "\",\"config\":\"sha256:9c\"}}";

static void whole_record(void **state)
{
	struct buf buf = BUF(RECORD_JSON_MAX);

	(void)state;
	assert_int_equal(record_json(&fresh()->record, &buf), 0);
	assert_string_equal(buf_cstr(&buf), expected);
	buf_done(&buf);
}

static struct json_object *parsed(const struct record *record)
{
	struct buf buf = BUF(RECORD_JSON_MAX);
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	assert_int_equal(record_json(record, &buf), 0);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, buf.p, (int)buf.n);
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	assert_int_equal(json_tokener_get_parse_end(tokener), buf.n);
	json_tokener_free(tokener);
	buf_done(&buf);
	return object;
}

/* An adjustment that takes away has all that is summed with a minus, and nothing else. */
static void negative_record(void **state)
{
	static const char *const minus[] = {
		"\"kind\":\"adjustment\"", "\"adjusts\":\"01KATZ0000000000000000TEST\"", "\"input_tokens\":-1290", "\"output_tokens\":-211",
		"\"cache_write_tokens\":0,", "\"reasoning_tokens\":null", "\"quantity\":-266,", "\"cost_usd\":\"-0.000665\"",
		"\"cost_usd\":\"-0.004055\"", "\"list_cost_usd\":\"-0.004055\"", "\"usage_raw\":null", "\"duration_ms\":1834.2",
		"\"web_search\":-1.5",
	};
	struct buf buf = BUF(RECORD_JSON_MAX);
	struct sample *sample = fresh();
	struct record *record = &sample->record;

	(void)state;
	record->kind = RECORD_ADJUSTMENT;
	record->negative = true;
	STR_COPY(record->adjusts, str_of(record->id));
	sample->call.units[0].milli = 1500;
	assert_int_equal(record_json(record, &buf), 0);
	for (size_t i = 0; i < sizeof(minus) / sizeof(*minus); i++)
		if (!strstr(buf_cstr(&buf), minus[i]))
			fail_msg("no %s in %s", minus[i], buf_cstr(&buf));
	buf_done(&buf);
}

/* How it was estimated; a price at both bounds only where there is one. */
static void estimated_record(void **state)
{
	static const char *const whole = "\"usage_source\":\"estimated\",\"estimate\":{\"name\":\"text/1\",\"input_tokens\":[1200,1400],"
					 "\"output_tokens\":[211,211],\"cost_usd\":[\"0.003\",\"0.0045\"]},";
	static const char *const unpriced = "\"output_tokens\":[211,211],\"cost_usd\":null},";
	struct buf buf = BUF(RECORD_JSON_MAX);
	struct sample *sample = fresh();

	(void)state;
	sample->call.usage_source = USAGE_ESTIMATED;
	sample->record.estimate = (struct estimate){ .name = "text/1", .counts = 1u << COUNT_INPUT, .low = { 1200, 211 },
						     .high = { 1400, 211 }, .priced = true, .low_pico = 3000000000,
						     .high_pico = 4500000000 };
	assert_int_equal(record_json(&sample->record, &buf), 0);
	assert_non_null(strstr(buf_cstr(&buf), whole));
	buf_reset(&buf);
	sample->record.estimate.priced = false;
	assert_int_equal(record_json(&sample->record, &buf), 0);
	assert_non_null(strstr(buf_cstr(&buf), unpriced));
	buf_done(&buf);
}

/* Field by its key, or of an object within by "process.pid". */
static const char *value_of(struct json_object *object, const char *key)
{
	const char *dot = strchr(key, '.');
	struct json_object *value;
	char outer[32];

	if (dot) {
		snprintf(outer, sizeof(outer), "%.*s", (int)(dot - key), key);
		assert_true(json_object_object_get_ex(object, outer, &object));
		key = dot + 1;
	}
	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no field %s", key);
	return value ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) : "null";
}

/* Nothing known: every field is there all the same, and says so. */
static void unknown_is_null(void **state)
{
	static const char *const nulls[] = {
		"cluster", "team", "team_source", "caller_team", "same_as", "adjusts", "provider", "host", "region", "project",
		"org", "operation", "method", "path", "status", "error_type", "model_requested", "model", "service_tier",
		"input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
		"reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "estimate", "usage_raw", "cost_usd",
		"list_cost_usd", "provider_cost_usd", "duration_ms", "first_byte_ms", "first_token_ms", "finish_reason",
		"request_id", "response_id", "trace_id", "span_id", "session", "batch_id", "retry_of", "credential", "user",
		"agent", "tls", "peer", "sni", "process.pid", "process.exe", "process.comm", "process.user_agent",
		"origin.cgroup", "origin.unit", "origin.container", "origin.container_name", "origin.image", "origin.pod",
		"origin.namespace", "origin.workload", "aitap.config",
	};
	static struct call call;
	static struct origin origin;
	struct record record = { .id = "0", .node = "n", .route = "direct", .sight = "read", .call = &call, .origin = &origin,
				 .cost = { .status = COST_UNPRICED } };
	struct json_object *object = parsed(&record);

	(void)state;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(value_of(object, nulls[i]), "null") != 0)
			fail_msg("%s is %s", nulls[i], value_of(object, nulls[i]));
	assert_string_equal(value_of(object, "usage_source"), "\"none\"");
	assert_string_equal(value_of(object, "billing"), "\"unknown\"");
	assert_string_equal(value_of(object, "lines"), "[]");
	assert_string_equal(value_of(object, "units"), "{}");
	assert_string_equal(value_of(object, "stream"), "false");
	assert_string_equal(value_of(object, "time"), "\"1970-01-01T00:00:00.000000Z\"");
	json_object_put(object);
}

/* ---- single fields */

static void set_rounding(struct sample *s) { s->call.end_ns = s->call.begin_ns + 1834250000; }
static void set_instant(struct sample *s) { s->call.end_ns = s->call.begin_ns; }
static void set_backwards(struct sample *s) { s->call.end_ns = s->call.begin_ns - 1; }
static void set_large(struct sample *s) { s->call.usages[0].count[COUNT_INPUT] = UINT64_MAX; }
static void set_two_models(struct sample *s)
{
	s->call.usages[1] = s->call.usages[0];
	usage_set(&s->call.usages[1], COUNT_INPUT, 99195);
	s->call.n_usages = 2;
}
static void set_units(struct sample *s)
{
	SAMPLE_TEXT(s->call.units[0].name, "second");
	s->call.units[0].milli = 12345;
	s->call.units[1] = (struct unit){ "image", 2000 };
	s->call.n_units = 2;
}
static void set_unpriced(struct sample *s)
{
	s->record.cost.status = COST_UNPRICED;
	s->record.cost.n_lines = 1;
	s->record.cost.lines[0].priced = false;
	s->record.cost.pico = s->record.cost.list_pico = 0;
}
static void set_unpriced_flat(struct sample *s)
{
	set_unpriced(s);
	s->call.billing = BILLING_SUBSCRIPTION;
}
static void set_flat(struct sample *s)
{
	s->call.billing = BILLING_SUBSCRIPTION;
	s->record.cost.pico = 0;
}
static void set_provider_cost(struct sample *s)
{
	s->call.has_provider_cost = 1;
	s->call.provider_cost_pico = 1;
}
static void set_adjustment(struct sample *s)
{
	s->record.kind = RECORD_ADJUSTMENT;
	s->record.cost.pico = -4055000000;
	SAMPLE_TEXT(s->record.adjusts, "01KATZ0000000000000000TESS");
}
static void set_tools(struct sample *s)
{
	SAMPLE_TEXT(s->call.tools_offered, "get_weather,web_search,,x");
	SAMPLE_TEXT(s->call.tools_called, "get_weather");
}
static void set_flags(struct sample *s)
{
	s->call.flags |= CALL_ABORTED | CALL_INCOMPLETE | CALL_MID_CONNECTION | CALL_RETRY | CALL_TOTAL_MISMATCH;
	s->call.missing_bytes = 17;
	s->record.flags = FLAG_UNATTRIBUTED | FLAG_NOT_READY;
}
static void set_clamped(struct sample *s) { s->record.cost.clamped = true; }
static void set_unattributed(struct sample *s) { s->record.team[0] = s->record.team_source[0] = 0; }
static void set_other_uid(struct sample *s) { s->origin.known_uid = false; s->call.uid = 33; }

static void single_fields(void **state)
{
	static const struct {
		void (*set)(struct sample *);
		const char *key, *value;
	} cases[] = {
		{ set_rounding, "duration_ms", "1834.3" },
		{ set_instant, "duration_ms", "0.0" },
		{ set_backwards, "duration_ms", "null" },
		{ set_large, "input_tokens", "18446744073709551615" },
		{ set_two_models, "input_tokens", "1290" },
		{ set_units, "units", "{\"second\":12.345,\"image\":2}" },
		{ set_unpriced, "cost_usd", "null" },
		{ set_unpriced, "list_cost_usd", "null" },
		{ set_unpriced, "lines", "[{\"model\":\"gpt-4o-2024-08-06\",\"class\":\"input_uncached\",\"quantity\":266,"
			"\"unit\":\"token\",\"price\":null,\"cost_usd\":null}]" },
		{ set_unpriced_flat, "cost_usd", "\"0\"" },
		{ set_unpriced_flat, "list_cost_usd", "null" },
		{ set_flat, "cost_usd", "\"0\"" },
		{ set_flat, "list_cost_usd", "\"0.004055\"" },
		{ set_provider_cost, "provider_cost_usd", "\"0.000000000001\"" },
		{ set_adjustment, "cost_usd", "\"-0.004055\"" },
		{ set_adjustment, "kind", "\"adjustment\"" },
		{ set_adjustment, "adjusts", "\"01KATZ0000000000000000TESS\"" },
		{ set_tools, "tools_offered", "[\"get_weather\",\"web_search\",\"x\"]" },
		{ set_tools, "tools_called", "[\"get_weather\"]" },
		{ set_flags, "flags", "[\"retry\",\"mid-connection\",\"aborted\",\"unattributed\",\"not-ready\",\"total-mismatch\"]" },
		{ set_flags, "complete", "false" },
		{ set_flags, "missing_bytes", "17" },
		{ set_clamped, "flags", "[\"total-mismatch\"]" },
		{ set_unattributed, "team", "null" },
		{ set_other_uid, "process.uid", "33" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample *sample = fresh();
		struct json_object *object;

		cases[i].set(sample);
		object = parsed(&sample->record);
		if (strcmp(value_of(object, cases[i].key), cases[i].value) != 0)
			fail_msg("case %zu, %s: got %s, expected %s", i, cases[i].key, value_of(object, cases[i].key), cases[i].value);
		json_object_put(object);
	}
}

/* ---- hostile and large */

/* Every string of the call full of one byte that must be escaped or replaced. */
static void fill_with(struct sample *sample, char c)
{
	static const struct {
		size_t at, size;
	} texts[] = {
#define TEXT(member) { offsetof(struct call, member), sizeof(((struct call *)0)->member) }
		TEXT(sni), TEXT(host), TEXT(path), TEXT(region), TEXT(org), TEXT(project), TEXT(model_requested), TEXT(session),
		TEXT(user), TEXT(user_agent), TEXT(tools_offered), TEXT(tools_called), TEXT(error_type), TEXT(model),
		TEXT(request_id), TEXT(response_id), TEXT(batch_id), TEXT(finish_reason), TEXT(peer), TEXT(operation),
#undef TEXT
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *to = (char *)&sample->call + texts[i].at;

		memset(to, c, texts[i].size - 1);
		to[texts[i].size - 1] = 0;
	}
	for (sample->record.cost.n_lines = 0; sample->record.cost.n_lines < RECORD_LINES;) {
		struct cost_line *line = &sample->record.cost.lines[sample->record.cost.n_lines++];

		*line = (struct cost_line){ .priced = true, .pico = INT64_MIN, .milli = UINT64_MAX, .class = LINE_UNIT };
		memset(line->model, c, sizeof(line->model) - 1);
		memset(line->price, c, sizeof(line->price) - 1);
		memset(line->unit, c, sizeof(line->unit) - 1);
	}
	for (sample->record.n_labels = 0; sample->record.n_labels < LIMIT_LABELS;)
		sample_label(&sample->record, "label", "x");
	memset(sample->origin.cgroup, c, sizeof(sample->origin.cgroup) - 1);
	memset(sample->origin.exe, c, sizeof(sample->origin.exe) - 1);
}

static void any_bytes_give_json(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		struct sample *sample = fresh();
		struct buf buf = BUF(RECORD_JSON_MAX);

		fill_with(sample, (char)c);
		json_object_put(parsed(&sample->record));
		/* the ceiling is one that no record reaches, and a line is a line */
		assert_int_equal(record_json(&sample->record, &buf), 0);
		assert_true(buf.n < RECORD_JSON_MAX / 2);
		assert_null(memchr(buf.p, '\n', buf.n));
		buf_done(&buf);
	}
}

static void refusals_leave_the_buf(void **state)
{
	struct sample *sample = fresh();
	uint64_t nth = 0;
	int err = -1;

	(void)state;
	while (err < 0) {
		struct buf buf = BUF(RECORD_JSON_MAX);

		buf_puts(&buf, "before");
		mem_fail_at(++nth);
		err = record_json(&sample->record, &buf);
		mem_fail_at(0);
		if (err < 0) {
			assert_int_equal(err, -ENOMEM);
			assert_string_equal(buf_cstr(&buf), "before");
			assert_int_equal(record_json(&sample->record, &buf), 0);
		}
		assert_int_equal(buf.n, strlen("before") + sizeof(expected) - 1);
		buf_done(&buf);
	}
	assert_true(nth > 1);
}

static void every_ceiling_is_kept(void **state)
{
	struct sample *sample = fresh();

	(void)state;
	for (size_t max = 6; max <= sizeof(expected) + 6; max += 7) {
		struct buf buf = BUF(max);
		int err;

		buf_puts(&buf, "before");
		err = record_json(&sample->record, &buf);
		assert_int_equal(err, max < sizeof(expected) - 1 + 6 ? -ENOSPC : 0);
		assert_int_equal(buf.n, err ? 6 : sizeof(expected) - 1 + 6);
		buf_done(&buf);
	}
}

static void a_failed_buf_stays_so(void **state)
{
	struct buf buf = BUF(4);

	(void)state;
	assert_int_equal(buf_puts(&buf, "too long"), -ENOSPC);
	assert_int_equal(record_json(&fresh()->record, &buf), -ENOSPC);
	assert_int_equal(buf.n, 0);
	buf_done(&buf);
}

/* ---- names */

static void libraries_are_named(void **state)
{
	(void)state;
	assert_string_equal(record_library_name(EVENT_LIBRARY_NONE), "none");
	assert_string_equal(record_library_name(EVENT_LIBRARY_OPENSSL), "openssl");
	assert_string_equal(record_library_name(EVENT_LIBRARY_BORINGSSL), "boringssl");
	assert_string_equal(record_library_name(EVENT_LIBRARY_GNUTLS), "gnutls");
	assert_string_equal(record_library_name(EVENT_LIBRARY_NSS), "nss");
	assert_string_equal(record_library_name(EVENT_LIBRARY_GO), "go");
	assert_string_equal(record_library_name(EVENT_LIBRARY_RUSTLS), "rustls");
	assert_string_equal(record_library_name(200), "unknown");
}

static void flags_are_named_once(void **state)
{
	unsigned int n = 0;

	(void)state;
	while (record_flag_name(n))
		n++;
	assert_int_equal(1u << (n - 1), FLAG_BACKGROUND);
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(record_flag_name(i), record_flag_name(j));
	for (unsigned int i = 0; i < LINE_CLASSES; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(record_class_name(i), record_class_name(j));
	assert_null(record_flag_name(31));
	assert_string_equal(record_class_name(LINE_CLASSES), "unknown");
	assert_string_equal(record_billing_name(BILLING_SELF_HOSTED), "self-hosted");
	assert_string_equal(record_status_name(COST_PARTIAL), "partial");
	assert_string_equal(record_credential_name(CREDENTIAL_CLOUD_TOKEN), "cloud_token");
}

/* ---- the schema in the tree */

static struct json_object *down(struct json_object *object, const char *path)
{
	struct str rest = str_of(path), key;
	char name[32];

	while (str_split(&rest, '/', &key)) {
		STR_COPY(name, key);
		if (!json_object_object_get_ex(object, name, &object))
			fail_msg("the schema has no %s of %s", name, path);
	}
	return object;
}

static bool lists(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *one = json_object_get_string(json_object_array_get_idx(list, i));

		if (one && !strcmp(one, name))
			return true;
	}
	return false;
}

#define NAME_OF(function, type) static const char *function##_(unsigned int i) { return function((type)i); }
NAME_OF(record_class_name, enum line_class)
NAME_OF(record_status_name, enum cost_status)
NAME_OF(record_billing_name, enum billing)
NAME_OF(record_usage_source_name, enum usage_source)
NAME_OF(record_credential_name, enum credential_kind)

/* Its closed lists are those of this program, name by name; and every field is there, in its order. */
static void the_schema_is_ours(void **state)
{
	static const struct {
		const char *path;
		const char *(*name)(unsigned int);
		unsigned int from, to;
		size_t more;		/* that a later version or another kind of record has */
	} closed[] = {
		{ "$defs/line/properties/class/enum", record_class_name_, 0, LINE_CLASSES, 0 },
		{ "properties/cost_status/enum", record_status_name_, 0, COST_PARTIAL + 1, 0 },
		{ "properties/billing/enum", record_billing_name_, 0, BILLING_SELF_HOSTED + 1, 0 },
		{ "properties/usage_source/enum", record_usage_source_name_, 0, USAGE_ESTIMATED + 1, 0 },
		{ "$defs/credential/properties/kind/enum", record_credential_name_, 1, CREDENTIAL_CLOUD_TOKEN + 1, 0 },
		{ "properties/flags/items/enum", record_flag_name, 0, 20, 0 },
		{ "properties/tls/enum", record_library_name, 1, EVENT_LIBRARY_RUSTLS + 1, 1 },
	};
	struct json_object *schema = json_object_from_file("tools/schema/record.schema.json");
	struct json_object *record = parsed(&fresh()->record);
	struct json_object_iterator field = json_object_iter_begin(record), end = json_object_iter_end(record);

	(void)state;
	if (!schema)
		fail_msg("run from the project's folder: %s", json_util_get_last_err());
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		struct json_object *list = down(schema, closed[i].path);

		assert_int_equal(json_object_array_length(list), closed[i].to - closed[i].from + closed[i].more);
		for (unsigned int j = closed[i].from; j < closed[i].to; j++)
			if (!lists(list, closed[i].name(j)))
				fail_msg("%s has no %s", closed[i].path, closed[i].name(j));
	}
	json_object_object_foreach(down(schema, "properties"), key, value) {
		(void)value;
		assert_false(json_object_iter_equal(&field, &end));
		assert_string_equal(json_object_iter_peek_name(&field), key);
		json_object_iter_next(&field);
	}
	assert_true(json_object_iter_equal(&field, &end));
	json_object_put(record);
	json_object_put(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_record), cmocka_unit_test(negative_record), cmocka_unit_test(estimated_record), cmocka_unit_test(unknown_is_null), cmocka_unit_test(single_fields),
		cmocka_unit_test(any_bytes_give_json), cmocka_unit_test(refusals_leave_the_buf),
		cmocka_unit_test(every_ceiling_is_kept), cmocka_unit_test(a_failed_buf_stays_so),
		cmocka_unit_test(libraries_are_named), cmocka_unit_test(flags_are_named_once),
		cmocka_unit_test(the_schema_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
