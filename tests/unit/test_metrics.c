/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: what is counted, that its text is one that a scraper takes, and what happens when there is no room. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/mem.h"
#include "out/metrics.h"
#include "tests/lib/sample.h"

#define VALUES(...) ((const char *[METRIC_LABELS]){ __VA_ARGS__ })

static struct buf text = { .ceiling = LIMIT_METRICS_TEXT };

static struct metrics *made(size_t max_series)
{
	struct metrics *metrics = NULL;

	assert_int_equal(metrics_new(max_series, &metrics), 0);
	return metrics;
}

static const char *rendered(const struct metrics *metrics)
{
	buf_reset(&text);
	assert_int_equal(metrics_text(metrics, &text), 0);
	return buf_cstr(&text);
}

/* Does the line stand in the text, as a whole? */
static bool stands(const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text.p; (at = strstr(at, line)); at += n)
		if ((at == text.p || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static void expect(const char *line)
{
	if (!stands(line))
		fail_msg("no line %s in\n%s", line, text.p);
}

/* ---- the format */

static const char *name_end(const char *p)
{
	while ((*p >= 'a' && *p <= 'z') || *p == '_' || (*p >= '0' && *p <= '9'))
		p++;
	return p;
}

/* NAME{name="escaped",...} decimal */
static void check_sample(const char *p)
{
	const char *begin = p;

	p = name_end(p);
	assert_true(p > begin);
	if (*p == '{') {
		do {
			const char *name = ++p;

			p = name_end(p);
			assert_true(p > name && p[0] == '=' && p[1] == '"');
			for (p += 2; *p != '"'; p++) {
				assert_true((unsigned char)*p >= 0x20);
				if (*p == '\\') {
					p++;
					assert_true(*p == '\\' || *p == '"' || *p == 'n');
				}
			}
			p++;
		} while (*p == ',');
		assert_int_equal(*p++, '}');
	}
	assert_int_equal(*p++, ' ');
	assert_true(*p == '-' || (*p >= '0' && *p <= '9'));
	p++;
	p += strspn(p, "0123456789.");
	assert_int_equal(*p, '\n');
}

/* Every line is well-formed, no series stands twice, and the whole is UTF-8. */
static unsigned int check_text(void)
{
	static const char *lines[200000];
	unsigned int n = 0;

	buf_cstr(&text);
	for (const char *p = text.p; *p; p = strchr(p, '\n') + 1) {
		assert_non_null(strchr(p, '\n'));
		if (!strncmp(p, "# HELP ", 7) || !strncmp(p, "# TYPE ", 7))
			continue;
		check_sample(p);
		assert_true(n < sizeof(lines) / sizeof(lines[0]));
		lines[n++] = p;
	}
	for (unsigned int i = 0; i < n && n < 2000; i++)
		for (unsigned int j = 0; j < i; j++) {
			const char *end = strstr(lines[i], "} ");
			size_t length = end ? (size_t)(end - lines[i]) : strcspn(lines[i], " ");

			assert_false(!strncmp(lines[i], lines[j], length + 1));
		}
	for (size_t i = 0, len; i < text.n; i += len) {
		len = str_utf8(str_sub(buf_view(&text), i, 4));
		assert_true(len > 0);
	}
	return n;
}

/* ---- records */

static void a_record_is_counted(void **state)
{
	static const char *const lines[] = {
		"# TYPE aitap_calls_total counter",
		"aitap_calls_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",operation=\"chat\",status_class=\"2xx\",route=\"direct\"} 2",
		"aitap_tokens_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",class=\"input_uncached\"} 532",
		"aitap_tokens_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",class=\"cache_read\"} 2048",
		"aitap_tokens_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",class=\"output_visible\"} 422",
		"aitap_units_total{team=\"search\",provider=\"openai\",unit=\"web_search\"} 0",
		"aitap_cost_usd_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",usage_source=\"reported\"} 0.00811",
		"# TYPE aitap_call_duration_seconds histogram",
		"aitap_call_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-2024-08-06\",le=\"1\"} 0",
		"aitap_call_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-2024-08-06\",le=\"2.5\"} 2",
		"aitap_call_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-2024-08-06\",le=\"+Inf\"} 2",
		"aitap_call_duration_seconds_sum{provider=\"openai\",model=\"gpt-4o-2024-08-06\"} 3.668499998",
		"aitap_call_duration_seconds_count{provider=\"openai\",model=\"gpt-4o-2024-08-06\"} 2",
		"aitap_time_to_first_token_seconds_sum{provider=\"openai\",model=\"gpt-4o-2024-08-06\"} 0.782",
		"aitap_series_folded_total 0",
	};
	struct metrics *metrics = made(1000);
	static struct sample sample;

	(void)state;
	sample_make(&sample);
	metrics_record(metrics, &sample.record);
	metrics_record(metrics, &sample.record);
	rendered(metrics);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(lines[i]);
	check_text();
	metrics_free(metrics);
}

static void set_not_spend(struct sample *s) { s->record.spend = false; s->record.route = "upstream"; }
static void set_adjustment(struct sample *s) { s->record.kind = RECORD_ADJUSTMENT; }
static void set_taken_back(struct sample *s) { set_adjustment(s); s->record.negative = true; }
static void set_unattributed(struct sample *s) { s->record.team[0] = 0; }
static void set_failed(struct sample *s) { s->call.status = 529; }
static void set_no_answer(struct sample *s) { s->call.status = 0; s->call.model[0] = 0; s->call.end_ns = 0; s->call.first_token_ns = 0; }
static void set_unpriced(struct sample *s)
{
	for (uint32_t i = 0; i < s->record.cost.n_lines; i++)
		s->record.cost.lines[i].priced = false;
	s->record.cost.pico = s->record.cost.list_pico = 0;
}
static void set_flat(struct sample *s) { s->record.cost.pico = 0; }
static void set_seconds(struct sample *s)
{
	SAMPLE_TEXT(s->call.units[0].name, "second");
	s->call.units[0].milli = 1500;
}
static void set_two_models(struct sample *s)
{
	SAMPLE_TEXT(s->record.cost.lines[1].model, "advisor");
}

static void kinds_of_records(void **state)
{
	static const struct {
		void (*set)(struct sample *);
		const char *line, *absent;
	} cases[] = {
		{ set_not_spend, "aitap_calls_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",operation=\"chat\","
			"status_class=\"2xx\",route=\"upstream\"} 1", "aitap_tokens_total{" },
		{ set_not_spend, "aitap_call_duration_seconds_count{provider=\"openai\",model=\"gpt-4o-2024-08-06\"} 1", "aitap_cost_usd_total{" },
		{ set_not_spend, "aitap_series_folded_total 0", "aitap_units_total{" },
		{ set_adjustment, "aitap_adjustments_usd{team=\"search\",provider=\"openai\"} 0.004055", "aitap_calls_total{" },
		{ set_taken_back, "aitap_adjustments_usd{team=\"search\",provider=\"openai\"} -0.004055", "aitap_cost_usd_total{" },
		{ set_unattributed, "aitap_cost_usd_total{team=\"_unattributed\",provider=\"openai\",model=\"gpt-4o-2024-08-06\","
			"usage_source=\"reported\"} 0.004055", "team=\"\"" },
		{ set_failed, "aitap_calls_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",operation=\"chat\","
			"status_class=\"5xx\",route=\"direct\"} 1", "2xx" },
		{ set_no_answer, "aitap_calls_total{team=\"search\",provider=\"openai\",model=\"gpt-4o\",operation=\"chat\","
			"status_class=\"none\",route=\"direct\"} 1", "_seconds_bucket" },
		{ set_unpriced, "aitap_unpriced_tokens_total{provider=\"openai\",model=\"gpt-4o-2024-08-06\"} 1501", "aitap_cost_usd_total{" },
		{ set_flat, "aitap_cost_usd_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",usage_source=\"reported\"} 0",
			"aitap_unpriced_tokens_total{" },
		{ set_seconds, "aitap_units_total{team=\"search\",provider=\"openai\",unit=\"second\"} 1.5", "web_search" },
		{ set_two_models, "aitap_tokens_total{team=\"search\",provider=\"openai\",model=\"advisor\",class=\"cache_read\"} 1024", "class=\"unit\"" },
		{ set_two_models, "aitap_cost_usd_total{team=\"search\",provider=\"openai\",model=\"advisor\",usage_source=\"reported\"} 0.00128", "nan" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metrics *metrics = made(1000);
		static struct sample sample;

		sample_make(&sample);
		cases[i].set(&sample);
		metrics_record(metrics, &sample.record);
		rendered(metrics);
		expect(cases[i].line);
		if (strstr(text.p, cases[i].absent))
			fail_msg("case %zu: %s in\n%s", i, cases[i].absent, text.p);
		check_text();
		metrics_free(metrics);
	}
}

/* ---- values */

static void scales_and_kinds(void **state)
{
	struct metrics *metrics = made(10);

	(void)state;
	metrics_set(metrics, METRIC_CAPTURED_BYTES, NULL, INT64_MAX);
	metrics_set(metrics, METRIC_PROBE_SECONDS, NULL, 1500000001);
	metrics_set(metrics, METRIC_RELOAD_OK, NULL, 1);
	metrics_set(metrics, METRIC_RELOAD_OK, NULL, 0);
	metrics_set(metrics, METRIC_EVENTS_LOST, VALUES("ring_full"), 3);
	metrics_set(metrics, METRIC_EVENTS_LOST, VALUES("ring_full"), 5);
	metrics_set(metrics, METRIC_PROBES, VALUES("openssl", "armed"), 2);
	metrics_set(metrics, METRIC_BUILD_INFO, VALUES("0.1.0"), 1);
	metrics_add(metrics, METRIC_COST, VALUES("t", "p", "m", "reported"), INT64_MAX);
	metrics_add(metrics, METRIC_COST, VALUES("t", "p", "m", "reported"), INT64_MAX);
	rendered(metrics);
	expect("aitap_captured_bytes_total 9223372036854775807");
	expect("aitap_application_probe_seconds_total 1.500000001");
	expect("aitap_config_last_reload_successful 0");
	expect("# TYPE aitap_config_last_reload_successful gauge");
	expect("aitap_events_lost_total{cause=\"ring_full\"} 5");
	expect("aitap_probes{library=\"openssl\",state=\"armed\"} 2");
	expect("aitap_build_info{version=\"0.1.0\"} 1");
	/* the sum of two of the largest amounts is not a smaller one */
	expect("aitap_cost_usd_total{team=\"t\",provider=\"p\",model=\"m\",usage_source=\"reported\"} 18446744.073709551614");
	check_text();
	metrics_free(metrics);
}

static void bounds_of_buckets(void **state)
{
	static const struct {
		uint64_t ns;
		const char *first, *before;
	} cases[] = {
		{ 0, "0.05", NULL }, { 50000000, "0.05", NULL }, { 50000001, "0.1", "0.05" }, { 2500000000, "2.5", "1" },
		{ 640000000000, "640", "320" }, { 640000000001, "+Inf", "640" }, { 86400000000000, "+Inf", "640" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metrics *metrics = made(1000);
		static struct sample sample;
		char line[256];

		sample_make(&sample);
		sample.call.end_ns = sample.call.begin_ns + cases[i].ns;
		metrics_record(metrics, &sample.record);
		rendered(metrics);
		snprintf(line, sizeof(line), "aitap_call_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-2024-08-06\",le=\"%s\"} 1", cases[i].first);
		expect(line);
		snprintf(line, sizeof(line), "aitap_call_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-2024-08-06\",le=\"%s\"} 0",
			 cases[i].before ? cases[i].before : "none");
		assert_int_equal(stands(line), cases[i].before != NULL);
		metrics_free(metrics);
	}
}

static void of_this_process(void **state)
{
	struct metrics *metrics = made(10);
	uint64_t resident = 0, started = 0;
	const char *at;

	(void)state;
	rendered(metrics);
	at = strstr(text.p, "\nprocess_resident_memory_bytes ");
	assert_non_null(at);
	resident = strtoull(at + 31, NULL, 10);
	assert_true(resident > KIB(100) && resident < MIB(4096));
	at = strstr(text.p, "\nprocess_start_time_seconds ");
	assert_non_null(at);
	started = strtoull(at + 28, NULL, 10);
	assert_in_range((uint64_t)clock_anchor().wall_ns / NSEC_PER_SEC - started, 0, 3600);
	assert_non_null(strstr(text.p, "\nprocess_cpu_seconds_total "));
	check_text();
	metrics_free(metrics);
}

/* ---- hostile names */

static void any_name_is_a_label(void **state)
{
	static const struct {
		const char *model, *shown;
	} cases[] = {
		{ "a\"b", "a\\\"b" }, { "a\\b", "a\\\\b" }, { "a\nb", "a\\nb" }, { "a\rb\tc\x7f", "a?b?c?" }, { "\xc3\xa4", "\xc3\xa4" },
		{ "\xff", "\xef\xbf\xbd" }, { "a\xc3", "a\xef\xbf\xbd" }, { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"} 1\naitap_calls_total{", "\\\"} 1\\naitap_calls_total{" }, { "", "" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metrics *metrics = made(100);
		char line[256];

		metrics_add(metrics, METRIC_UNPRICED_TOKENS, VALUES("p", cases[i].model), 7);
		rendered(metrics);
		snprintf(line, sizeof(line), "aitap_unpriced_tokens_total{provider=\"p\",model=\"%s\"} 7", cases[i].shown);
		expect(line);
		check_text();
		metrics_free(metrics);
	}
}

/* Two names that read the same are one series: a scraper refuses a text with a series twice. */
static void names_that_read_the_same(void **state)
{
	struct metrics *metrics = made(100);

	(void)state;
	metrics_add(metrics, METRIC_UNPRICED_TOKENS, VALUES("p", "\xfe"), 1);
	metrics_add(metrics, METRIC_UNPRICED_TOKENS, VALUES("p", "\xff"), 2);
	metrics_add(metrics, METRIC_UNPRICED_TOKENS, VALUES("p", "\xef\xbf\xbd"), 4);
	rendered(metrics);
	expect("aitap_unpriced_tokens_total{provider=\"p\",model=\"\xef\xbf\xbd\"} 7");
	check_text();
	metrics_free(metrics);
}

/* Every byte, in every place of a value of the longest kind. */
static void all_bytes(void **state)
{
	struct metrics *metrics = made(100000);
	char value[128];

	(void)state;
	for (int c = 1; c < 256; c++) {
		memset(value, c, sizeof(value) - 1);
		value[sizeof(value) - 1] = 0;
		metrics_add(metrics, METRIC_CALLS, VALUES(value, value, value, value, value, value), 1);
	}
	rendered(metrics);
	check_text();
	expect("aitap_series_folded_total 0");
	metrics_free(metrics);
}

/* ---- room */

/* Sum of the values of all lines that begin so. */
static uint64_t sum_of(const char *begin)
{
	uint64_t sum = 0;
	size_t n = strlen(begin);

	for (const char *p = text.p; *p; p = strchr(p, '\n') + 1)
		if (!strncmp(p, begin, n)) {
			const char *space = strstr(p, "} ");

			sum += strtoull(space + 2, NULL, 10);
		}
	return sum;
}

static void no_room(void **state)
{
	struct metrics *metrics = made(50);
	unsigned int lines;
	char model[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(model, sizeof(model), "model-%d", i);
		metrics_add(metrics, METRIC_TOKENS, VALUES("t", "openai", model, i % 2 ? "output_visible" : "input_uncached"), 3);
	}
	rendered(metrics);
	lines = check_text();
	assert_in_range(lines, 50, 60);
	assert_int_equal(sum_of("aitap_tokens_total{"), 3000);
	expect("aitap_tokens_total{team=\"t\",provider=\"openai\",model=\"model-0\",class=\"input_uncached\"} 3");
	/* the closed label stays what it was */
	expect("aitap_tokens_total{team=\"_other\",provider=\"_other\",model=\"_other\",class=\"input_uncached\"} 1425");
	expect("aitap_tokens_total{team=\"_other\",provider=\"_other\",model=\"_other\",class=\"output_visible\"} 1425");
	expect("aitap_series_folded_total 950");
	/* those that are there stay apart, and what has only closed labels always finds room */
	metrics_add(metrics, METRIC_TOKENS, VALUES("t", "openai", "model-0", "input_uncached"), 3);
	metrics_set(metrics, METRIC_EVENTS_LOST, VALUES("ring_full"), 9);
	rendered(metrics);
	expect("aitap_tokens_total{team=\"t\",provider=\"openai\",model=\"model-0\",class=\"input_uncached\"} 6");
	expect("aitap_events_lost_total{cause=\"ring_full\"} 9");
	expect("aitap_series_folded_total 950");
	metrics_free(metrics);
}

static void histograms_take_their_room(void **state)
{
	struct metrics *metrics = made(100);
	static struct sample sample;
	unsigned int lines;

	(void)state;
	sample_make(&sample);
	for (int i = 0; i < 500; i++) {
		snprintf(sample.call.model, sizeof(sample.call.model), "model-%d", i);
		metrics_record(metrics, &sample.record);
	}
	rendered(metrics);
	lines = check_text();
	assert_in_range(lines, 90, 150);
	assert_int_equal(sum_of("aitap_call_duration_seconds_count{"), 500);
	assert_int_equal(sum_of("aitap_calls_total{"), 500);
	metrics_free(metrics);
}

static void listed_teams_never_fold(void **state)
{
	static const char *const teams[] = { "search", "support" };
	struct metrics *metrics = made(20);
	char name[32];

	(void)state;
	assert_int_equal(metrics_teams(metrics, teams, 2), 0);
	rendered(metrics);
	assert_int_equal(check_text(), 2 * 3 + 1 + 3);
	assert_non_null(strstr(text.p, "aitap_cost_usd_total{team=\"search\",provider=\"_other\",model=\"_other\",usage_source=\"_other\"} 0\n"));
	assert_non_null(strstr(text.p, "aitap_calls_total{team=\"support\","));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "stranger-%d", i);
		metrics_add(metrics, METRIC_COST, VALUES(name, name, name, "reported"), (int64_t)1000000000000);
	}
	metrics_add(metrics, METRIC_COST, VALUES("search", "openai", "gpt-4o", "reported"), (int64_t)5000000000000);
	metrics_add(metrics, METRIC_COST, VALUES("_unattributed", "openai", "gpt-4o", "reported"), (int64_t)7000000000000);
	rendered(metrics);
	expect("aitap_cost_usd_total{team=\"search\",provider=\"_other\",model=\"_other\",usage_source=\"reported\"} 5");
	expect("aitap_cost_usd_total{team=\"_unattributed\",provider=\"_other\",model=\"_other\",usage_source=\"reported\"} 7");
	assert_int_equal(sum_of("aitap_cost_usd_total{"), 112);
	/* after a reload: none is taken away, the new one is there, and nothing is counted anew */
	assert_int_equal(metrics_teams(metrics, (const char *[]){ "search", "data" }, 2), 0);
	rendered(metrics);
	expect("aitap_cost_usd_total{team=\"search\",provider=\"_other\",model=\"_other\",usage_source=\"reported\"} 5");
	assert_non_null(strstr(text.p, "aitap_calls_total{team=\"data\","));
	assert_non_null(strstr(text.p, "aitap_calls_total{team=\"support\","));
	check_text();
	metrics_free(metrics);
}

static void many_teams(void **state)
{
	struct metrics *metrics = made(10);
	char name[16];
	const char *team = name;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_int_equal(metrics_teams(metrics, &team, 1), 0);
	}
	rendered(metrics);
	assert_int_equal(check_text(), 3 * 20000 + 1 + 3);
	metrics_free(metrics);
}

/* ---- refusals */

static void refused_memory(void **state)
{
	static const char *const teams[] = { "search", "support" };
	static struct sample sample;
	uint64_t nth = 0;
	int err;

	(void)state;
	sample_make(&sample);
	do {
		struct metrics *metrics = NULL;

		mem_fail_at(++nth);
		err = metrics_new(100, &metrics);
		if (err == 0)
			err = metrics_teams(metrics, teams, 2);
		mem_fail_at(0);
		assert_true(err == 0 || err == -ENOMEM);
		if (metrics) {
			assert_int_equal(metrics_teams(metrics, teams, 2), 0);
			metrics_record(metrics, &sample.record);
			rendered(metrics);
			check_text();
			expect("aitap_calls_total{team=\"search\",provider=\"openai\",model=\"gpt-4o-2024-08-06\",operation=\"chat\","
			       "status_class=\"2xx\",route=\"direct\"} 1");
		}
		metrics_free(metrics);
		/* metrics_teams() cannot tell of a series that found no memory: go on until nothing is refused */
	} while (err < 0 || nth < 40);
}

/* A record whose series find no memory is counted where there is some, and the rest of the text stands. */
static void refused_memory_of_records(void **state)
{
	static struct sample sample;

	(void)state;
	sample_make(&sample);
	for (uint64_t nth = 1; nth < 30; nth++) {
		struct metrics *metrics = made(100);

		mem_fail_at(nth);
		metrics_record(metrics, &sample.record);
		mem_fail_at(0);
		metrics_record(metrics, &sample.record);
		rendered(metrics);
		check_text();
		assert_in_range(sum_of("aitap_calls_total{"), 1, 2);
		assert_in_range(sum_of("aitap_tokens_total{"), 1501, 3002);
		metrics_free(metrics);
	}
}

static void a_small_buf(void **state)
{
	struct metrics *metrics = made(10);
	struct buf small = BUF(100);

	(void)state;
	assert_int_equal(metrics_text(metrics, &small), -ENOSPC);
	buf_done(&small);
	metrics_free(metrics);
	assert_null(metrics_free(NULL));
}

static int done(void **state)
{
	(void)state;
	buf_done(&text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_counted), cmocka_unit_test(kinds_of_records), cmocka_unit_test(scales_and_kinds),
		cmocka_unit_test(bounds_of_buckets), cmocka_unit_test(of_this_process), cmocka_unit_test(any_name_is_a_label),
		cmocka_unit_test(names_that_read_the_same), cmocka_unit_test(all_bytes), cmocka_unit_test(no_room),
		cmocka_unit_test(histograms_take_their_room), cmocka_unit_test(listed_teams_never_fold),
		cmocka_unit_test(many_teams), cmocka_unit_test(refused_memory), cmocka_unit_test(refused_memory_of_records),
		cmocka_unit_test(a_small_buf),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
