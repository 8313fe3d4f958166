/* SPDX-License-Identifier: Apache-2.0 */
#include "out/metrics_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/task.h"

#define SECONDS(n) ((n) * NSEC_PER_SEC)
#define MS(n) ((n) * NSEC_PER_MSEC)

/* An embedding takes tens of milliseconds, a long answer of a reasoning model many minutes. */
static const uint64_t durations[] = {
	MS(50), MS(100), MS(250), MS(500), SECONDS(1), MS(2500), SECONDS(5), SECONDS(10), SECONDS(20), SECONDS(40),
	SECONDS(80), SECONDS(160), SECONDS(320), SECONDS(640),
};
static const uint64_t first_tokens[] = {
	MS(50), MS(100), MS(200), MS(400), MS(800), MS(1600), MS(3200), MS(6400), MS(12800), MS(25600), MS(51200),
};

#define BOUNDS(array) .kind = KIND_HISTOGRAM, .scale = DECIMAL_NANO, .bounds = (array), .n_bounds = sizeof(array) / sizeof((array)[0])
#define OPEN1 0x1u
#define OPEN2 0x3u
#define OPEN3 0x7u
#define OPEN4 0xfu

const struct family families[METRIC_MAX] = {
	[METRIC_CALLS] = { "aitap_calls_total", "Calls to AI providers.", .open = OPEN4,
		.labels = { "team", "provider", "model", "operation", "status_class", "route" } },
	[METRIC_TOKENS] = { "aitap_tokens_total", "Tokens of calls that are spend; classes are disjoint.", .open = OPEN3,
		.labels = { "team", "provider", "model", "class" } },
	[METRIC_UNITS] = { "aitap_units_total", "What is billed by something else than tokens.", .scale = DECIMAL_MILLI,
		.open = OPEN3, .labels = { "team", "provider", "unit" } },
	[METRIC_COST] = { "aitap_cost_usd_total", "What is owed for calls, in USD; 0 under a flat rate.", .scale = DECIMAL_PICO,
		.open = OPEN3, .labels = { "team", "provider", "model", "usage_source" } },
	[METRIC_UNPRICED_TOKENS] = { "aitap_unpriced_tokens_total", "Tokens that no price is known for.", .open = OPEN2,
		.labels = { "provider", "model" } },
	[METRIC_ADJUSTED] = { "aitap_adjustments_usd", "What was learnt of calls later, and adds to their cost or takes from it.",
		KIND_GAUGE, DECIMAL_PICO, .open = OPEN2, .labels = { "team", "provider" } },
	[METRIC_DURATION] = { "aitap_call_duration_seconds", "From the first byte of the request to the last of the answer.",
		BOUNDS(durations), .open = OPEN2, .labels = { "provider", "model" } },
	[METRIC_FIRST_TOKEN] = { "aitap_time_to_first_token_seconds", "From the first byte of the request to the first content.",
		BOUNDS(first_tokens), .open = OPEN2, .labels = { "provider", "model" } },
	[METRIC_CONNECTIONS] = { "aitap_connections_total", "Connections to AI providers.", .open = OPEN1,
		.labels = { "provider", "route", "sight", "reason" } },
	[METRIC_EVENTS] = { "aitap_events_total", "Events that the probes sent.", .labels = { "type" } },
	[METRIC_EVENTS_LOST] = { "aitap_events_lost_total", "What was lost on the way from a probe to a record.",
		.labels = { "cause" } },
	[METRIC_BYTES_LOST] = { "aitap_bytes_lost_total", "Plaintext that was lost.", .labels = { "cause" } },
	[METRIC_INCOMPLETE] = { "aitap_incomplete_records_total", "Records that say complete:false." },
	[METRIC_SKIPPED_CALLS] = { "aitap_skipped_calls_total", "TLS calls that were not looked at, on purpose.",
		.labels = { "reason" } },
	[METRIC_TRACE_LOST] = { "aitap_trace_lost_events_total", "Events that did not get into the trace." },
	[METRIC_CAPTURED_BYTES] = { "aitap_captured_bytes_total", "Plaintext that was read." },
	[METRIC_JUDGED_BYTES] = { "aitap_judged_bytes_total", "Plaintext that was not read, on purpose.", .labels = { "reason" } },
	[METRIC_PROBES] = { "aitap_probes", "Probed files.", KIND_GAUGE, .labels = { "library", "state" } },
	[METRIC_PROBE_SECONDS] = { "aitap_application_probe_seconds_total", "Time that applications spent in probes.",
		.scale = DECIMAL_NANO },
	[METRIC_SINK_BACKLOG] = { "aitap_sink_backlog_records", "Records that a sink has not taken yet.", KIND_GAUGE,
		.labels = { "sink" } },
	[METRIC_SINK_OLDEST] = { "aitap_sink_oldest_record_seconds", "Age of the oldest of them.", KIND_GAUGE, DECIMAL_NANO,
		.labels = { "sink" } },
	[METRIC_SINK_DROPPED] = { "aitap_sink_dropped_records_total", "Records that a sink did not take.",
		.labels = { "sink", "reason" } },
	[METRIC_JOINED] = { "aitap_gateway_calls_total", "Calls that pass a gateway of this host: held until they can be told,"
		" joined to their client's, told before what they belong to, told early for want of room.", .labels = { "what" } },
	[METRIC_FORGOTTEN] = { "aitap_memory_failed_total", "What later calls may ask for, and could not be kept." },
	[METRIC_RELOAD_OK] = { "aitap_config_last_reload_successful", "1: the configuration in force is the one in the file.",
		KIND_GAUGE },
	[METRIC_BUILD_INFO] = { "aitap_build_info", "The version that runs.", KIND_GAUGE, .labels = { "version" } },
	[METRIC_SUPPORTED] = { "aitap_supported", "1: this kernel and these privileges allow to observe.", KIND_GAUGE },
	[METRIC_FOLDED] = { "aitap_series_folded_total", "Additions that went to an _other series for want of room." },
};

/* ---- labels */

/* What is no UTF-8 would make a scraper refuse the whole text. */
static void escaped(struct buf *to, struct str s)
{
	for (size_t i = 0, len; i < s.n; i += len ? len : 1) {
		unsigned char c = (unsigned char)s.p[i];

		len = str_utf8(str_sub(s, i, 4));
		if (!len)
			buf_puts(to, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c == '\n')
			buf_puts(to, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_char(to, '?');
		else
			buf_add(to, s.p + i, len);
	}
}

int labels_text(struct buf *to, const struct family *family, const char *const *values)
{
	buf_reset(to);
	for (size_t i = 0; i < METRIC_LABELS && family->labels[i]; i++) {
		buf_printf(to, "%s%s=\"", i ? "," : "", family->labels[i]);
		escaped(to, str_of(values[i]));
		buf_char(to, '"');
	}
	return to->error;
}

/* ---- lines */

static void line(struct buf *to, const char *name, struct str labels, __int128 value, int scale)
{
	char digits[DECIMAL_MAX];

	decimal_text(value, scale, digits);
	buf_puts(to, name);
	if (labels.n)
		buf_printf(to, "{%.*s}", (int)labels.n, labels.p);
	buf_printf(to, " %s\n", digits);
}

static void histogram(struct buf *to, const struct family *family, const struct series *series)
{
	int n = (int)series->labels.n;
	const char *labels = series->labels.p;
	char digits[DECIMAL_MAX];
	uint64_t count = 0;

	for (size_t i = 0; i < family->n_bounds; i++) {
		count += series->bucket[i];
		decimal_text(family->bounds[i], DECIMAL_NANO, digits);
		buf_printf(to, "%s_bucket{%.*s,le=\"%s\"} %" PRIu64 "\n", family->name, n, labels, digits, count);
	}
	count += series->bucket[family->n_bounds];
	buf_printf(to, "%s_bucket{%.*s,le=\"+Inf\"} %" PRIu64 "\n", family->name, n, labels, count);
	decimal_text(series->value, family->scale, digits);
	buf_printf(to, "%s_sum{%.*s} %s\n", family->name, n, labels, digits);
	buf_printf(to, "%s_count{%.*s} %" PRIu64 "\n", family->name, n, labels, count);
}

static void about(struct buf *to, const char *name, const char *help, const char *kind)
{
	buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

void family_text(const struct family *family, const struct series *series, struct buf *to)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	if (series)
		about(to, family->name, family->help, kinds[family->kind]);
	for (; series; series = series->next) {
		if (family->kind == KIND_HISTOGRAM)
			histogram(to, family, series);
		else
			line(to, family->name, series->labels, series->value, family->scale);
	}
}

/* ---- this process */

static void own(struct buf *to, const char *name, const char *help, const char *kind, __int128 value, int scale)
{
	about(to, name, help, kind);
	line(to, name, (struct str){ NULL, 0 }, value, scale);
}

static bool resident_pages(uint64_t *ret)
{
	_cleanup_close_ int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	struct str rest = { text, n > 0 ? (size_t)n : 0 }, whole, resident;

	return str_split(&rest, ' ', &whole) && str_split(&rest, ' ', &resident) && str_u64(resident, ret);
}

int64_t process_started(void)
{
	struct task task;

	return task_of_pid((uint32_t)getpid(), &task) == 0 ? clock_wall_ns(clock_anchor(), task.start_ns) : 0;
}

void process_text(int64_t started_ns, struct buf *to)
{
	struct timespec cpu;
	uint64_t pages;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		own(to, "process_cpu_seconds_total", "User and system time.", "counter",
		    (__int128)cpu.tv_sec * (int64_t)NSEC_PER_SEC + cpu.tv_nsec, DECIMAL_NANO);
	if (resident_pages(&pages))
		own(to, "process_resident_memory_bytes", "Resident memory.", "gauge",
		    (__int128)pages * sysconf(_SC_PAGESIZE), 0);
	if (started_ns)
		own(to, "process_start_time_seconds", "Start of the process since 1970.", "gauge",
		    started_ns / (int64_t)NSEC_PER_MSEC, DECIMAL_MILLI);
}
