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
 *	holes		the same for runs of bytes of any length, lost anywhere
 *	truncation	a trace that was cut anywhere gives the same for what is left
 *	scrubbing	a scrubbed trace gives the same records, and holds no text of
 *			what was asked or answered
 *
 *	traces FOLDER NAME [FRAMING [SEED]]	(the corpus, as in tests/corpus/judge.c)
 */
#include <sys/stat.h>
#include <unistd.h>

#include "feed/trace.h"
#include "pipeline/scrub.h"
#include "pipeline/worker.h"
#include "tests/lib/through.h"
#include "tests/traces/lines.h"
#include "tests/traces/records.h"

static unsigned int passed, failed;

static void verdict(const char *name, const char *reason)
{
	if (reason)
		printf("not ok %s: %s\n", name, reason);
	passed += !reason;
	failed += reason != NULL;
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

/* ---- order */

static void test_order(const struct corpus *corpus, enum framing framing)
{
	struct lines lines = lines_of(corpus, framing), other = lines_of(corpus, framing);
	struct image all = merged(&lines);
	struct records want = in_memory(&all), got;
	uint64_t random = 9 + lines_seed;

	for (enum order order = 0; order < ORDERS; order++) {
		char name[128];

		for (size_t i = 0; i < lines.n; i++) {
			image_done(&other.images[i]);
			/* of a session with its many turns not all the answers come first */
			if (order == ANSWERS_FIRST && !framings[framing].http2 && !lines.alone[i])
				other.images[i] = without_every(&lines.images[i], SIZE_MAX, SIZE_MAX, NULL);
			else
				other.images[i] = reordered(&lines.images[i], order, &random);
		}
		image_done(&all);
		all = merged(&other);
		got = in_memory(&all);
		snprintf(name, sizeof(name), "order/%s: %s", framings[framing].name, order_names[order]);
		verdict(name, compare(&want, &got, false));
		forget(&got);
	}
	forget(&want);
	image_done(&all);
	lines_done(&other);
	lines_done(&lines);
}

/* ---- losses, workers, truncation */

static void test_losses(const struct corpus *corpus, enum framing framing)
{
	struct lines lines = lines_of(corpus, framing);
	struct image all = merged(&lines);
	struct records whole = in_memory(&all);

	for (size_t first = 0; first < 7; first++) {
		bool *hit = mem_array(lines.n + 1, sizeof(*hit));
		struct image less = without_every(&all, 7, first, hit);
		struct records got = in_memory(&less);
		const char *reason;
		unsigned int flagged;
		char name[128];

		for (size_t i = 0; i < lines.n; i++)
			hit[i + 1] = hit[i + 1] && lines.alone[i];
		snprintf(name, sizeof(name), "losses/%s: every 7th event from %zu", framings[framing].name, first);
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
	lines_done(&lines);
}

static void test_holes(const struct corpus *corpus, enum framing framing)
{
	static const unsigned int rare[] = { 5, 20, 60, 200 };
	struct lines lines = lines_of(corpus, framing);
	struct image all = merged(&lines);
	struct records whole = in_memory(&all);
	uint64_t random = 31 + lines_seed;

	for (size_t round = 0; round < 2 * sizeof(rare) / sizeof(rare[0]); round++) {
		bool *hit = mem_array(lines.n + 1, sizeof(*hit));
		struct image less = with_holes(&all, rare[round / 2], &random, hit);
		struct records got = in_memory(&less);
		unsigned int flagged;
		const char *reason;
		char name[128];

		for (size_t i = 0; i < lines.n; i++)
			hit[i + 1] = hit[i + 1] && lines.alone[i];
		snprintf(name, sizeof(name), "holes/%s: one event in %u, %zu", framings[framing].name, rare[round / 2], round % 2);
		reason = honest(&whole, &got, hit, &flagged);
		mem_free(hit);
		verdict(name, !reason && !flagged ? "no record says that something is missing" : reason);
		forget(&got);
		image_done(&less);
	}
	forget(&whole);
	image_done(&all);
	lines_done(&lines);
}

/* Leaves the trace of the whole at path. */
static void test_workers(const struct corpus *corpus, const char *path, enum framing framing)
{
	static const unsigned int workers[] = { 1, 2, 8 };
	struct lines lines = lines_of(corpus, framing);
	struct image all = merged(&lines), less = without_every(&all, 7, 3, NULL);

	for (size_t i = 0; i < 2; i++) {
		const struct image *image = i ? &all : &less;
		struct records want = in_memory(image);

		write_trace(path, image, false);
		for (size_t j = 0; j < sizeof(workers) / sizeof(workers[0]); j++) {
			bool partial;
			struct records got = replayed(path, workers[j], &partial);
			char name[96];

			snprintf(name, sizeof(name), "trace/%s: %u workers%s", framings[framing].name, workers[j],
				 i ? "" : ", every 7th event lost");
			verdict(name, partial ? "the trace is partial" : compare(&want, &got, true));
			forget(&got);
		}
		forget(&want);
	}
	image_done(&less);
	image_done(&all);
	lines_done(&lines);
}

/* The trace of test_workers(), shorter and shorter. */
static void test_truncation(const char *path, enum framing framing)
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
		char name[96];

		if (truncate(path, size) < 0)
			exit(1);
		got = replayed(path, 2, &partial);
		reason = honest(&whole, &got, NULL, &flagged);
		snprintf(name, sizeof(name), "trace/%s: cut to %d/10", framings[framing].name, i);
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

/* A body is one document, or the messages of a socket, one a line. */
static const char *find_body(const struct corpus_case *c, int side, const struct buf *file)
{
	struct str rest = c->decoded[side] ? STR("") : c->body[side], line;
	const char *found = NULL;

	while (!found && rest.n && str_split(&rest, '\n', &line)) {
		char *text = mem_strndup(case_is_socket(c) ? line.p : c->body[side].p, case_is_socket(c) ? line.n : c->body[side].n);
		struct json_object *body = json_tokener_parse(text);

		found = find_text(body, NULL, file);
		json_object_put(body);
		mem_free(text);
		if (!case_is_socket(c))
			break;
	}
	return found;
}

/* expected: whether there is any; a search that finds nothing anywhere would prove nothing. */
static void test_text(const struct corpus *corpus, const char *path, bool expected, const char *name)
{
	struct buf file = read_file(path);
	bool found = false;
	char reason[256];

	/* each is looked for in all of the file: of a large corpus some must do */
	for (size_t i = 0; i < corpus->n && !found; i += 1 + corpus->n / 1000)
		for (int side = 0; side < 2 && !found; side++) {
			found = find_body(&corpus->cases[i], side, &file) != NULL;
			if (found)
				snprintf(reason, sizeof(reason), "%s has text of its %s", corpus->cases[i].id, side ? "answer" : "request");
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
	char name[96];

	write_trace(path, &less, true);
	got = replayed(path, 2, &partial);
	snprintf(name, sizeof(name), "scrubbed/%s: every 7th event lost", framings[framing].name);
	verdict(name, partial ? "the trace is partial" : honest(&want, &got, NULL, &flagged));
	forget(&got);
	forget(&want);
	image_done(&less);
}

static void test_scrubbing(const struct corpus *corpus, const char *path, enum framing framing)
{
	struct lines lines = lines_of(corpus, framing);
	struct image all = merged(&lines);
	struct records want = in_memory(&all), got;
	bool partial;
	char name[96];

	snprintf(name, sizeof(name), "scrubbed/%s: text before", framings[framing].name);
	write_trace(path, &all, false);
	if (framing == FRAMING_WHOLE)
		test_text(corpus, path, true, name);
	write_trace(path, &all, true);
	got = replayed(path, 2, &partial);
	snprintf(name, sizeof(name), "scrubbed/%s: the same records", framings[framing].name);
	verdict(name, partial ? "the trace is partial" : compare_json(&want, &got));
	snprintf(name, sizeof(name), "scrubbed/%s: no text", framings[framing].name);
	test_text(corpus, path, false, name);
	forget(&got);
	test_scrubbed_losses(path, &all, framing);
	forget(&want);
	image_done(&all);
	lines_done(&lines);
}

int main(int argc, char **argv)
{
	static const enum framing ways[] = { FRAMING_WHOLE, FRAMING_CHUNKS, FRAMING_H2_WHOLE, FRAMING_H2_CHUNKS };
	char path[64] = "/tmp/aitap-trace-XXXXXX";
	struct corpus corpus;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3 || corpus_load(argv[1], argv[2], &corpus) < 0) {
		fputs("traces FOLDER NAME [FRAMING [SEED]]: no corpus there\n", stderr);
		return 2;
	}
	if (argc > 4)
		lines_seed = strtoull(argv[4], NULL, 0);
	fd = mkstemp(path);
	if (fd < 0)
		return 2;
	close(fd);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc > 3 && strcmp(argv[3], framings[ways[i]].name))
			continue;
		test_workers(&corpus, path, ways[i]);
		test_truncation(path, ways[i]);
		test_scrubbing(&corpus, path, ways[i]);
		test_order(&corpus, ways[i]);
		test_losses(&corpus, ways[i]);
		test_holes(&corpus, ways[i]);
	}
	unlink(path);
	corpus_done(&corpus);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
