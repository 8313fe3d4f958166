/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series is its family and the text of its labels, escaped: two series that
 * would read the same are the same, whatever bytes a name from the wire held.
 *
 * The number of lines in the text is bounded. Labels whose values come from
 * outside (teams, providers, models) may grow; the others are closed lists of
 * this program. When the room is used up, a new series is counted under its
 * closed labels alone, the others reading "_other": the sums over a family stay
 * right. Listed teams and "_unattributed" keep their name then, too, so that
 * nobody can push a team out of the text by making up models. Such series are
 * beyond the bound, and few.
 */
#include "out/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "out/metrics_text.h"
#include "out/record.h"

#define OTHER "_other"
#define UNATTRIBUTED "_unattributed"

struct metrics {
	size_t max_lines, n_lines;
	struct map series;		/* by hash of family and labels; the rest hang on series.same */
	struct map teams;		/* by hash of the name: the name */
	struct series *first[METRIC_MAX], **last[METRIC_MAX];	/* in the order in which they came */
	struct series *folded;
	struct buf labels;		/* of the series in hand */
	int64_t started_ns;		/* asked once: a start that moves with the clock would look like a restart */
};

int metrics_new(size_t max_series, struct metrics **ret)
{
	_cleanup_(metrics_freep) struct metrics *metrics = mem_new(sizeof(*metrics));

	if (!metrics)
		return -ENOMEM;
	metrics->max_lines = max_series;
	metrics->started_ns = process_started();
	metrics->series = MAP(SIZE_MAX);
	metrics->teams = MAP(LIMIT_TEAMS);
	metrics->labels = BUF(LIMIT_LABEL_TEXT);
	for (size_t i = 0; i < METRIC_MAX; i++)
		metrics->last[i] = &metrics->first[i];
	metrics_add(metrics, METRIC_FOLDED, NULL, 0);
	metrics->folded = metrics->first[METRIC_FOLDED];
	if (!metrics->folded)
		return -ENOMEM;
	*ret = TAKE_PTR(metrics);
	return 0;
}

struct metrics *metrics_free(struct metrics *metrics)
{
	uint64_t key;
	void *name;

	if (!metrics)
		return NULL;
	for (size_t i = 0; i < METRIC_MAX; i++)
		for (struct series *next, *series = metrics->first[i]; series; series = next) {
			next = series->next;
			mem_free(series);
		}
	for (size_t i = 0; map_next(&metrics->teams, &i, &key, &name);)
		mem_free(name);
	map_done(&metrics->teams);
	map_done(&metrics->series);
	buf_done(&metrics->labels);
	return mem_free(metrics);
}

/* ---- one series */

static bool is_listed(const struct metrics *metrics, const char *team)
{
	const char *name = map_get(&metrics->teams, hash_bytes(team, strlen(team), 0));

	return name && !strcmp(name, team);
}

static uint64_t hash_of(const struct metrics *metrics, enum metric which)
{
	return hash_bytes(metrics->labels.p, metrics->labels.n, which);
}

static struct series *find(const struct metrics *metrics, enum metric which)
{
	struct series *series = map_get(&metrics->series, hash_of(metrics, which));

	while (series && (series->family != which || !str_eq(series->labels, buf_view(&metrics->labels))))
		series = series->same;
	return series;
}

static struct series *make(struct metrics *metrics, enum metric which)
{
	size_t n = metrics->labels.n, n_buckets = families[which].n_bounds + (families[which].kind == KIND_HISTOGRAM);
	uint64_t hash = hash_of(metrics, which);
	struct series *series = mem_new(sizeof(*series) + n_buckets * sizeof(series->bucket[0]) + n);

	if (!series)
		return NULL;
	series->family = which;
	series->same = map_get(&metrics->series, hash);
	if (map_put(&metrics->series, hash, series) < 0) {
		mem_free(series);
		return NULL;
	}
	if (n)
		memcpy(&series->bucket[n_buckets], metrics->labels.p, n);
	series->labels = (struct str){ (const char *)&series->bucket[n_buckets], n };
	*metrics->last[which] = series;
	metrics->last[which] = &series->next;
	return series;
}

/* Can nobody outside make up such a value? */
static bool is_ours(const struct metrics *metrics, const struct family *family, size_t label, const char *value)
{
	if (!(family->open >> label & 1) || !strcmp(value, OTHER))
		return true;
	return !strcmp(family->labels[label], "team") && (!strcmp(value, UNATTRIBUTED) || is_listed(metrics, value));
}

/* Puts _other where a value is from outside; false: there was none such. */
static bool fold(const struct metrics *metrics, const struct family *family, const char *const *values,
		 const char *ret[static METRIC_LABELS])
{
	bool any = false;

	for (size_t i = 0; i < METRIC_LABELS && family->labels[i]; i++) {
		const char *value = values[i] ? values[i] : "";
		bool keep = is_ours(metrics, family, i, value);

		ret[i] = keep ? value : OTHER;
		any |= !keep;
	}
	return any;
}

/* NULL: no memory even for a folded one. */
static struct series *series_of(struct metrics *metrics, enum metric which, const char *const *values)
{
	const struct family *family = &families[which];
	size_t lines = family->kind == KIND_HISTOGRAM ? family->n_bounds + 3 : 1;
	const char *folded[METRIC_LABELS] = { NULL };
	bool open = fold(metrics, family, values, folded);
	struct series *series;

	if (labels_text(&metrics->labels, family, values) < 0)
		return NULL;
	series = find(metrics, which);
	if (!series && (!open || (lines <= metrics->max_lines && metrics->n_lines <= metrics->max_lines - lines))) {
		series = make(metrics, which);
		metrics->n_lines += series && open ? lines : 0;
	}
	if (series || !open)
		return series;
	metrics->folded->value++;
	if (labels_text(&metrics->labels, family, folded) < 0)
		return NULL;
	series = find(metrics, which);
	return series ? series : make(metrics, which);
}

void metrics_set(struct metrics *metrics, enum metric which, const char *const *values, int64_t to)
{
	struct series *series = series_of(metrics, which, values);

	if (series)
		series->value = to;
}

void metrics_add(struct metrics *metrics, enum metric which, const char *const *values, int64_t by)
{
	struct series *series = series_of(metrics, which, values);

	if (series)
		series->value += by;
}

static void observe(struct metrics *metrics, enum metric which, const char *const *values, uint64_t ns)
{
	const struct family *family = &families[which];
	struct series *series = series_of(metrics, which, values);
	size_t i = 0;

	if (!series)
		return;
	while (i < family->n_bounds && ns > family->bounds[i])
		i++;
	series->bucket[i]++;
	series->value += ns;
}

/* ---- teams */

static int list_team(struct metrics *metrics, const char *team)
{
	static const enum metric start[] = { METRIC_CALLS, METRIC_TOKENS, METRIC_COST };
	char *name;
	int err;

	if (!is_listed(metrics, team)) {
		name = mem_strndup(team, strlen(team));
		if (!name)
			return -ENOMEM;
		err = map_put(&metrics->teams, hash_bytes(name, strlen(name), 0), name);
		if (err < 0) {
			mem_free(name);
			return err;
		}
	}
	for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		metrics_add(metrics, start[i], (const char *[METRIC_LABELS]){ team, OTHER, OTHER, OTHER, OTHER, OTHER }, 0);
	return 0;
}

int metrics_teams(struct metrics *metrics, const char *const *teams, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++)
		err = list_team(metrics, teams[i]);
	return err;
}

/* ---- a record */

static const char *status_class(uint16_t status)
{
	static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };

	return status / 100 < 6 ? classes[status / 100] : "none";
}

/* Each line is its own model's; under a flat rate nothing is owed for any of them. */
static void record_line(struct metrics *metrics, const struct record *record, const struct cost_line *line, const char *team)
{
	const char *provider = record->call->provider;
	const char *class = record_class_name((enum line_class)line->class);
	const char *source = record_usage_source_name((enum usage_source)record->call->usage_source);
	int64_t tokens = (int64_t)(line->milli / 1000);

	if (line->class != LINE_UNIT)
		metrics_add(metrics, METRIC_TOKENS, (const char *[METRIC_LABELS]){ team, provider, line->model, class }, tokens);
	if (line->priced)
		metrics_add(metrics, METRIC_COST, (const char *[METRIC_LABELS]){ team, provider, line->model, source },
			    record->cost.pico ? line->pico : 0);
	else if (line->class != LINE_UNIT)
		metrics_add(metrics, METRIC_UNPRICED_TOKENS, (const char *[METRIC_LABELS]){ provider, line->model }, tokens);
}

/* Adjustments concern the past: apart from the cost of the calls, since a counter never falls. */
static void record_adjustment(struct metrics *metrics, const struct record *record, const char *team)
{
	const char *values[METRIC_LABELS] = { team, record->call->provider };

	if (record->spend && record_cost_known(record))
		metrics_add(metrics, METRIC_ADJUSTED, values, record->negative ? -record->cost.pico : record->cost.pico);
}

/*
 * Calls are counted as they passed, a gateway's own among them (route tells
 * them apart); what was used and owed is counted once, where it is spend.
 */
void metrics_record(struct metrics *metrics, const struct record *record)
{
	const struct call *call = record->call;
	const char *team = *record->team ? record->team : UNATTRIBUTED;
	const char *model = *call->model ? call->model : call->model_requested;
	const char *values[METRIC_LABELS] = { team, call->provider, model, call->operation, status_class(call->status),
					      record->route };
	uint64_t ns;

	if (record->kind == RECORD_ADJUSTMENT) {
		record_adjustment(metrics, record, team);
		return;
	}
	metrics_add(metrics, METRIC_CALLS, values, 1);
	if (record_elapsed(record, call->end_ns, &ns))
		observe(metrics, METRIC_DURATION, values + 1, ns);
	if (record_elapsed(record, call->first_token_ns, &ns))
		observe(metrics, METRIC_FIRST_TOKEN, values + 1, ns);
	for (size_t i = 0; record->spend && i < record->cost.n_lines && i < RECORD_LINES; i++)
		record_line(metrics, record, &record->cost.lines[i], team);
	for (size_t i = 0; record->spend && i < call->n_units && i < CALL_UNITS; i++)
		metrics_add(metrics, METRIC_UNITS, (const char *[METRIC_LABELS]){ team, call->provider, call->units[i].name },
			    (int64_t)call->units[i].milli);
}

int metrics_text(const struct metrics *metrics, struct buf *to)
{
	for (size_t i = 0; i < METRIC_MAX; i++)
		family_text(&families[i], metrics->first[i], to);
	process_text(metrics->started_ns, to);
	return to->error;
}
