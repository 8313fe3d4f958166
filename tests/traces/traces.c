/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not change the records, and what must not make them wrong:
 *
 *	workers		the corpus in a trace file, replayed with 1, 2 and 8 workers,
 *			gives the records that it gives in memory
 *	order		events of a connection that pass each other (answers before
 *			their requests, a write that comes last, an exit or a close
 *			before the data) give the records of the right order
 *	losses		without every 7th event a record equals the whole one, or says
 *			that something is missing: never another number without a flag
 *	truncation	a trace that was cut anywhere gives the same for what is left
 *	scrubbing	a scrubbed trace gives the same records, and holds no text of
 *			what was asked or answered
 *
 *	traces FOLDER NAME	(the corpus, as in tests/corpus/judge.c)
 */
#include <sys/stat.h>
#include <unistd.h>

#include "feed/trace.h"
#include "out/record.h"
#include "pipeline/scrub.h"
#include "pipeline/worker.h"
#include "tests/lib/play.h"
#include "tests/lib/through.h"

/* What a record says, without when: times are those of the events, and change with their order. */
struct kept {
	char id[RECORD_ID_MAX];
	bool spend;
	struct call call;
	int64_t pico;
	char *json;		/* owned */
};

struct records {
	struct kept *list;
	size_t n, room;
};

static unsigned int passed, failed;

static void verdict(const char *name, const char *reason)
{
	if (reason)
		printf("not ok %s: %s\n", name, reason);
	passed += !reason;
	failed += reason != NULL;
}

static char *json_of(const struct record *record)
{
	struct buf buf = BUF(RECORD_JSON_MAX);
	char *json = NULL;

	if (record_json(record, &buf) == 0)
		json = mem_strndup(buf.p, buf.n);
	buf_done(&buf);
	if (!json)
		exit(1);
	return json;
}

static void keep(void *ctx, const struct record *record)
{
	struct records *records = ctx;
	struct kept *kept;

	if (records->n == records->room) {
		size_t room = records->room ? records->room * 2 : 256;

		records->list = mem_resize(records->list, records->room * sizeof(*kept), room * sizeof(*kept));
		if (!records->list)
			exit(1);
		records->room = room;
	}
	kept = &records->list[records->n++];
	memset(kept, 0, sizeof(*kept));
	memcpy(kept->id, record->id, sizeof(kept->id));
	kept->spend = record->spend;
	kept->pico = record->cost.pico;
	kept->call = *record->call;
	kept->json = json_of(record);
}

static int by_place(const void *a, const void *b)
{
	const struct call *x = &((const struct kept *)a)->call, *y = &((const struct kept *)b)->call;

	if (x->conn_id != y->conn_id)
		return x->conn_id < y->conn_id ? -1 : 1;
	if (x->exchange != y->exchange)
		return x->exchange < y->exchange ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

static void sort(struct records *records)
{
	if (records->n)
		qsort(records->list, records->n, sizeof(*records->list), by_place);
}

static void forget(struct records *records)
{
	for (size_t i = 0; i < records->n; i++)
		mem_free(records->list[i].json);
	mem_free(records->list);
	*records = (struct records){ 0 };
}

/* ---- ways to run events */

static struct records in_memory(const struct image *image)
{
	struct records records = { 0 };
	struct through through;

	if (through_open(&through, keep, &records) < 0 || through_run(&through, image) < 0)
		exit(1);
	through_close(&through);
	sort(&records);
	return records;
}

#define RINGS 3

static void write_trace(const char *path, const struct image *image, bool scrubbed)
{
	struct trace_about about = { .boot_id = "a boot in a test", .arch = "x86_64", .node = "node", .scrubbed = scrubbed };
	struct anchor anchor = { .boot_ns = 0, .wall_ns = through_wall(NULL, 0) };
	struct wants wants = { .secret_generation = 1 };
	struct scrub *scrubs[RINGS] = { NULL };
	const struct event_header *event;
	struct trace_writer *writer;
	int err = trace_writer_open(path, &about, anchor, &writer);

	for (unsigned int i = 0; err == 0 && scrubbed && i < RINGS; i++)
		err = scrub_new(writer, i, &wants, &scrubs[i]);
	for (size_t at = 0; err == 0 && (event = image_next(image, &at));) {
		unsigned int ring = (unsigned int)(event->conn_id % RINGS);

		err = scrubbed ? scrub_event(scrubs[ring], event, event->size) :
				 trace_writer_event(writer, ring, event, event->size);
	}
	for (unsigned int i = 0; i < RINGS; i++) {
		if (err == 0 && scrubbed)
			err = scrub_drain(scrubs[i]);
		scrub_free(scrubs[i]);
	}
	if (err == 0)
		err = trace_writer_end(writer);
	if (err < 0)
		exit(1);
	trace_writer_free(writer);
}

static struct records replayed(const char *path, unsigned int n_workers, bool *ret_partial)
{
	struct source *sources[WORKERS_MAX] = { NULL };
	struct workers_config config = { .sources = sources, .n_sources = n_workers };
	struct records records = { 0 };
	struct through through;
	struct workers *workers;
	struct trace *trace;

	if (trace_load(path, &trace) < 0 || through_open(&through, keep, &records) < 0)
		exit(1);
	for (unsigned int i = 0; i < n_workers; i++)
		if (trace_open(trace, i, n_workers, &sources[i]) < 0)
			exit(1);
	config.replay = trace;
	config.who = through.who;
	config.settings = &through.settings;
	config.sinks[0] = &through.sink.sink;
	config.n_sinks = 1;
	memcpy(config.boot_id, trace_about(trace)->boot_id, sizeof(config.boot_id));
	if (workers_start(&config, &workers) < 0)
		exit(1);
	workers_stop(workers);
	workers_free(workers);
	for (unsigned int i = 0; i < n_workers; i++)
		sources[i]->ops->close(sources[i]);
	*ret_partial = trace_partial(trace);
	trace_free(trace);
	through_close(&through);
	sort(&records);
	return records;
}

/* ---- comparison */

static void without_times(struct call *call)
{
	call->begin_ns = call->sent_ns = call->first_byte_ns = call->first_token_ns = call->end_ns = 0;
}

static bool same(const struct kept *a, const struct kept *b, bool times)
{
	struct kept x = *a, y = *b;

	x.json = y.json = NULL;
	if (!times) {
		without_times(&x.call);
		without_times(&y.call);
		memset(x.id, 0, sizeof(x.id));
		memset(y.id, 0, sizeof(y.id));
	}
	return !memcmp(&x, &y, sizeof(x));
}

/* NULL: the same records, one by one. */
static const char *compare(const struct records *want, const struct records *got, bool times)
{
	static char reason[512];

	for (size_t i = 0; i < want->n && i < got->n; i++) {
		const struct call *a = &want->list[i].call, *b = &got->list[i].call;

		if (same(&want->list[i], &got->list[i], times))
			continue;
		snprintf(reason, sizeof(reason), "record %zu differs: connection %llu/%u %s %s flags %x, and %llu/%u %s %s flags %x", i,
			 (unsigned long long)a->conn_id, a->exchange, a->provider, a->model, a->flags, (unsigned long long)b->conn_id,
			 b->exchange, b->provider, b->model, b->flags);
		return reason;
	}
	if (want->n == got->n)
		return want->n ? NULL : "there are no records";
	snprintf(reason, sizeof(reason), "%zu records, not %zu", got->n, want->n);
	return reason;
}

/* By their one JSON form: what it does not tell may differ. */
static const char *compare_json(const struct records *want, const struct records *got)
{
	static char reason[8192];

	for (size_t i = 0; i < want->n && i < got->n; i++) {
		const char *a = want->list[i].json, *b = got->list[i].json;
		size_t at = 0;

		while (a[at] && a[at] == b[at])
			at++;
		if (!a[at] && !b[at])
			continue;
		at -= at < 60 ? at : 60;
		snprintf(reason, sizeof(reason), "connection %llu: %.150s, and %.150s", (unsigned long long)want->list[i].call.conn_id,
			 a + at, b + at);
		return reason;
	}
	return want->n && want->n == got->n ? NULL : "another number of records";
}

static bool same_numbers(const struct call *a, const struct call *b)
{
	return a->status == b->status && a->n_usages == b->n_usages && !memcmp(a->usages, b->usages, sizeof(a->usages)) &&
	       a->n_units == b->n_units && !memcmp(a->units, b->units, sizeof(a->units));
}

/*
 * Is it what the whole call says, or less and flagged? Records of one exchange a
 * connection. hit: connections that bytes were taken from, whose records must
 * say so whatever they know; NULL: none in particular.
 */
static const char *honest(const struct records *whole, const struct records *got, const bool *hit, unsigned int *ret_flagged)
{
	static char reason[1024];

	*ret_flagged = 0;
	for (size_t i = 0; i < got->n; i++) {
		const struct call *call = &got->list[i].call;
		bool flagged = call->flags & (CALL_INCOMPLETE | CALL_ABORTED), found = false;

		for (size_t j = 0; j < whole->n && !found; j++)
			found = whole->list[j].call.conn_id == call->conn_id && same_numbers(&whole->list[j].call, call);
		*ret_flagged += flagged;
		if (flagged || (found && !(hit && hit[call->conn_id])))
			continue;
		snprintf(reason, sizeof(reason), "connection %llu %s %s %s: not flagged (numbers %s, status %u, %u usages, input %llu, output %llu), flags %x",
			 (unsigned long long)call->conn_id, call->provider, call->path, call->model, found ? "equal" : "differ", call->status, call->n_usages,
			 (unsigned long long)call->usages[0].count[COUNT_INPUT], (unsigned long long)call->usages[0].count[COUNT_OUTPUT],
			 call->flags);
		return reason;
	}
	return NULL;
}

/* ---- events */

/* One line each, in a framing; a process each, too, so that its exit is its own. */
static struct image *lines_of(const struct corpus *corpus, enum framing framing, size_t *ret_n)
{
	struct image *lines = mem_array(corpus->n, sizeof(*lines));
	uint64_t random = 77;
	size_t n = 0;

	for (size_t i = 0; lines && i < corpus->n; i++) {
		struct line line = { .to = &lines[n], .id = n + 1, .task = { 100 + (uint32_t)n, 5000 + n } };

		if (!case_is_plain(&corpus->cases[i]))
			continue;
		line_open(&line, true, play_server_name(&corpus->cases[i]));
		play_case(&line, &corpus->cases[i], framing, &random);
		line_close(&line, EVENT_CLOSE_FREE);
		line_task(&line, EVENT_TASK_EXIT);
		n++;
	}
	*ret_n = n;
	return lines;
}

static struct image merged(const struct image *lines, size_t n)
{
	uint64_t random = 5, boot_ns = 1000000000;
	struct image all = { 0 };

	for (size_t i = 0; i < n; i += 16)
		image_merge(lines + i, n - i < 16 ? n - i : 16, &random, &boot_ns, &all);
	return all;
}

static void free_lines(struct image *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		image_done(&lines[i]);
	mem_free(lines);
}

/* hit, where it is not NULL: learns which connections lost bytes. */
static struct image without_every(const struct image *image, size_t nth, size_t first, bool *hit)
{
	const struct event_header *event;
	struct image less = { 0 };
	size_t i = 0;

	for (size_t at = 0; (event = image_next(image, &at)); i++)
		if (i % nth != first)
			image_copy(&less, event);
		else if (hit && event->type == EVENT_DATA)
			hit[event->conn_id] = true;
	return less;
}

/* ---- order */

enum order { ANSWERS_FIRST, LAST_WRITE_LATE, CLOSE_EARLY, EXIT_EARLY, SHUFFLED, ORDERS };

static const char *const order_names[ORDERS] = { "answers before their requests", "a write past its answer", "a close before the data",
						 "an exit before the data", "neighbours swapped" };

/* The place of an event in a new order: lower comes first, equal stays as it was. */
static unsigned int rank_of(const struct event_header *event, enum order order, bool last_write)
{
	bool data = event->type == EVENT_DATA;
	unsigned int dir = data ? ((const struct event_data *)event)->dir : 0;

	if (event->type == EVENT_OPEN || event->type == EVENT_FACT)
		return 0;
	switch (order) {
	case ANSWERS_FIRST:
		return data ? (dir == EVENT_RECEIVED ? 1 : 2) : 3;
	case LAST_WRITE_LATE:
		return data ? (last_write ? 2 : 1) : 3;
	case CLOSE_EARLY:
		return event->type == EVENT_CLOSE ? 1 : event->type == EVENT_TASK ? 3 : 2;
	case EXIT_EARLY:
		return event->type == EVENT_TASK ? 1 : 2;
	default:
		return data ? 1 : 3;
	}
}

static bool is_last_write(const struct image *line, const struct event_header *event)
{
	const struct event_header *other, *last = NULL;

	for (size_t at = 0; (other = image_next(line, &at));)
		if (other->type == EVENT_DATA && ((const struct event_data *)other)->dir == EVENT_SENT)
			last = other;
	return event == last;
}

static struct image reordered(const struct image *line, enum order order, uint64_t *random)
{
	const struct event_header *event, *held = NULL;
	struct image image = { 0 };

	for (unsigned int rank = 0; rank <= 3; rank++)
		for (size_t at = 0; (event = image_next(line, &at));) {
			if (rank_of(event, order, order == LAST_WRITE_LATE && is_last_write(line, event)) != rank)
				continue;
			if (order == SHUFFLED && !held && rank == 1 && random_next(random) % 2) {
				held = event;
				continue;
			}
			image_copy(&image, event);
			if (held)
				image_copy(&image, held);
			held = NULL;
		}
	return image;
}

static void test_order(const struct corpus *corpus, enum framing framing)
{
	uint64_t random = 9;
	size_t n;
	struct image *lines = lines_of(corpus, framing, &n), *other = mem_array(n, sizeof(*other)), all = merged(lines, n);
	struct records want = in_memory(&all), got;

	for (enum order order = 0; order < ORDERS; order++) {
		char name[128];

		for (size_t i = 0; i < n; i++) {
			image_done(&other[i]);
			other[i] = reordered(&lines[i], order, &random);
		}
		image_done(&all);
		all = merged(other, n);
		got = in_memory(&all);
		snprintf(name, sizeof(name), "order/%s: %s", framing_names[framing], order_names[order]);
		verdict(name, compare(&want, &got, false));
		forget(&got);
	}
	forget(&want);
	image_done(&all);
	free_lines(other, n);
	free_lines(lines, n);
}

/* ---- losses, workers, truncation */

static void test_losses(const struct corpus *corpus, enum framing framing)
{
	size_t n;
	struct image *lines = lines_of(corpus, framing, &n), all = merged(lines, n);
	struct records whole = in_memory(&all);

	for (size_t first = 0; first < 7; first++) {
		bool *hit = mem_array(n + 1, sizeof(*hit));
		struct image less = without_every(&all, 7, first, hit);
		struct records got = in_memory(&less);
		const char *reason;
		unsigned int flagged;
		char name[128];

		snprintf(name, sizeof(name), "losses/%s: every 7th event from %zu", framing_names[framing], first);
		reason = honest(&whole, &got, hit, &flagged);
		mem_free(hit);
		if (!reason && !flagged)
			reason = "no record says that something is missing";
		verdict(name, reason);
		printf("%s: %zu records of %zu, %u of them incomplete\n", name, got.n, whole.n, flagged);
		forget(&got);
		image_done(&less);
	}
	forget(&whole);
	image_done(&all);
	free_lines(lines, n);
}

/* Leaves the trace of the whole at path. */
static void test_workers(const struct corpus *corpus, const char *path)
{
	static const unsigned int workers[] = { 1, 2, 8 };
	size_t n;
	struct image *lines = lines_of(corpus, FRAMING_CHUNKS, &n), all = merged(lines, n), less = without_every(&all, 7, 3, NULL);

	for (size_t i = 0; i < 2; i++) {
		const struct image *image = i ? &all : &less;
		struct records want = in_memory(image);

		write_trace(path, image, false);
		for (size_t j = 0; j < sizeof(workers) / sizeof(workers[0]); j++) {
			bool partial;
			struct records got = replayed(path, workers[j], &partial);
			char name[64];

			snprintf(name, sizeof(name), "trace: %u workers%s", workers[j], i ? "" : ", every 7th event lost");
			verdict(name, partial ? "the trace is partial" : compare(&want, &got, true));
			forget(&got);
		}
		forget(&want);
	}
	image_done(&less);
	image_done(&all);
	free_lines(lines, n);
}

/* The trace of test_workers(), shorter and shorter. */
static void test_truncation(const char *path)
{
	struct stat st;
	uint64_t random = 3;
	bool partial;
	struct records whole = replayed(path, 1, &partial);

	if (stat(path, &st) < 0)
		exit(1);
	for (int i = 9; i > 0; i--) {
		off_t size = st.st_size * i / 10 - (off_t)(random_next(&random) % 4096);
		unsigned int flagged;
		struct records got;
		const char *reason;
		char name[64];

		if (truncate(path, size) < 0)
			exit(1);
		got = replayed(path, 2, &partial);
		reason = honest(&whole, &got, NULL, &flagged);
		snprintf(name, sizeof(name), "trace: cut to %d/10", i);
		verdict(name, partial ? reason : "it does not say that it is partial");
		forget(&got);
	}
	forget(&whole);
}

/* ---- scrubbing */

/* Is there any text of a message in the file: 40 characters or more under "content" or "text"? */
static const char *find_text(struct json_object *o, const char *key, const struct buf *file)
{
	const char *found = NULL;

	if (json_object_is_type(o, json_type_string)) {
		struct str text = { json_object_get_string(o), (size_t)json_object_get_string_len(o) };

		if (text.n < 40 || !key || (strcmp(key, "content") && strcmp(key, "text")))
			return NULL;
		return str_find(buf_view(file), str_sub(text, 0, 40)) >= 0 ? text.p : NULL;
	}
	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; !found && i < json_object_array_length(o); i++)
			found = find_text(json_object_array_get_idx(o, i), key, file);
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value)
			if (!found)
				found = find_text(value, name, file);
	}
	return found;
}

static struct buf read_file(const char *path)
{
	struct buf file = BUF(MIB(512));
	char block[65536];
	FILE *in = fopen(path, "rb");
	size_t n;

	while (in && (n = fread(block, 1, sizeof(block), in)))
		buf_add(&file, block, n);
	if (!in || file.error)
		exit(1);
	fclose(in);
	return file;
}

/* expected: whether there is any; a search that finds nothing anywhere would prove nothing. */
static void test_text(const struct corpus *corpus, const char *path, bool expected, const char *name)
{
	struct buf file = read_file(path);
	const char *found = NULL;
	char reason[256];

	for (size_t i = 0; i < corpus->n && !found; i++)
		for (int side = 0; side < 2 && !found; side++) {
			const struct corpus_case *c = &corpus->cases[i];
			struct json_object *body = c->decoded[side] ? NULL : json_tokener_parse(c->body[side].p);

			found = find_text(body, NULL, &file);
			if (found)
				snprintf(reason, sizeof(reason), "%s has text of its %s: %.40s", c->id, side ? "answer" : "request", found);
			json_object_put(body);
		}
	verdict(name, expected ? (found ? NULL : "the search finds no text where there is some") : found ? reason : NULL);
	buf_done(&file);
}

/* What was lost before scrubbing is missing after it: the same numbers, or fewer and flagged. */
static void test_scrubbed_losses(const char *path, const struct image *all, enum framing framing)
{
	struct image less = without_every(all, 7, 5, NULL);
	struct records want = in_memory(&less), got;
	unsigned int flagged;
	bool partial;
	char name[64];

	write_trace(path, &less, true);
	got = replayed(path, 2, &partial);
	snprintf(name, sizeof(name), "scrubbed/%s: every 7th event lost", framing_names[framing]);
	verdict(name, partial ? "the trace is partial" : honest(&want, &got, NULL, &flagged));
	forget(&got);
	forget(&want);
	image_done(&less);
}

static void test_scrubbing(const struct corpus *corpus, const char *path, enum framing framing)
{
	size_t n;
	struct image *lines = lines_of(corpus, framing, &n), all = merged(lines, n);
	struct records want = in_memory(&all), got;
	bool partial;
	char name[64];

	snprintf(name, sizeof(name), "scrubbed/%s: text before", framing_names[framing]);
	write_trace(path, &all, false);
	if (framing == FRAMING_WHOLE)
		test_text(corpus, path, true, name);
	write_trace(path, &all, true);
	got = replayed(path, 2, &partial);
	snprintf(name, sizeof(name), "scrubbed/%s: the same records", framing_names[framing]);
	verdict(name, partial ? "the trace is partial" : compare_json(&want, &got));
	snprintf(name, sizeof(name), "scrubbed/%s: no text", framing_names[framing]);
	test_text(corpus, path, false, name);
	forget(&got);
	test_scrubbed_losses(path, &all, framing);
	forget(&want);
	image_done(&all);
	free_lines(lines, n);
}

int main(int argc, char **argv)
{
	char path[64] = "/tmp/aitap-trace-XXXXXX";
	struct corpus corpus;
	int fd;

	if (argc != 3 || corpus_load(argv[1], argv[2], &corpus) < 0) {
		fputs("traces FOLDER NAME: no corpus there\n", stderr);
		return 2;
	}
	fd = mkstemp(path);
	if (fd < 0)
		return 2;
	close(fd);
	test_workers(&corpus, path);
	test_truncation(path);
	test_scrubbing(&corpus, path, FRAMING_WHOLE);
	test_scrubbing(&corpus, path, FRAMING_CHUNKS);
	unlink(path);
	for (enum framing framing = 0; framing < FRAMINGS; framing++) {
		if (framing == FRAMING_BYTES)
			continue;
		test_order(&corpus, framing);
		test_losses(&corpus, framing);
	}
	corpus_done(&corpus);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
