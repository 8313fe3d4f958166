/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records FOLDER NAME: the corpus through the whole pipeline, its records on
 * standard output by the sink of the product. What they say is judged
 * elsewhere; here their form is at stake (tests/cli/schema.sh).
 */
#include <stdio.h>
#include <string.h>

#include "out/jsonl.h"
#include "tests/lib/play.h"
#include "tests/lib/through.h"

static int failed;

static void on_record(void *ctx, const struct record *record)
{
	struct sink *sink = ctx;
	int err = sink->ops->put(sink, record);

	if (err < 0)
		failed = err;
}

/* Every case on a connection of its own. */
static int play(const struct corpus *corpus, struct through *through)
{
	uint64_t random = 1, boot_ns = 1000000000;
	struct image own = { 0 }, all = { 0 };
	int err;

	for (size_t i = 0; i < corpus->n; i++) {
		struct corpus_case *c = &corpus->cases[i];
		struct line line = { .to = &own, .id = 1 + i, .task = { 4000 + (uint32_t)i, 1000000 }, .boot_ns = boot_ns };

		own.n = 0;
		line_open(&line, true, play_server_name(c));
		play_case(&line, c, FRAMING_WHOLE, &random);
		line_close(&line, EVENT_CLOSE_FREE);
		image_merge(&own, 1, &random, &boot_ns, &all);
	}
	err = through_run(through, &all);
	image_done(&own);
	image_done(&all);
	return err;
}

int main(int argc, char **argv)
{
	struct corpus corpus = { 0 };
	struct through through;
	struct sink *sink = NULL;
	int err = argc == 3 ? corpus_load(argv[1], argv[2], &corpus) : -EINVAL;

	if (err == 0)
		err = jsonl_ops.open(&(struct sink_config){ .kind = "jsonl", .path = "-" }, &sink);
	if (err == 0) {
		err = through_open(&through, on_record, sink);
		if (err == 0)
			err = play(&corpus, &through);
		through_close(&through);
		if (err == 0)
			err = failed ? failed : sink->ops->flush(sink);
		sink->ops->close(sink);
	}
	corpus_done(&corpus);
	if (err < 0)
		fprintf(stderr, "records: %s\n", strerror(-err));
	return err < 0;
}
