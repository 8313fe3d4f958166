/* SPDX-License-Identifier: Apache-2.0 */
/* A script of events (tests/lib/script.h) through the scrubber, into nowhere. */
#include "pipeline/scrub.h"
#include "tests/lib/script.h"

static const struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_ENV, "AI_TEAM" } }, .secret_generation = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct trace_about about = { .scrubbed = true };
	struct event_header *event;
	struct trace_writer *writer;
	struct image image = { 0 };
	struct scrub *scrub;

	if (!size)
		return 0;
	script_write(p + 1, size - 1, &image);
	if (trace_writer_open("/dev/null", &about, (struct anchor){ 0, 0 }, &writer) < 0 || scrub_new(writer, 0, &wants, &scrub) < 0)
		abort();
	for (size_t at = 0; (event = image_next(&image, &at));)
		scrub_event(scrub, event, event->size);
	if (scrub_drain(scrub) < 0 || trace_writer_end(writer) < 0)
		abort();
	scrub_free(scrub);
	trace_writer_free(writer);
	image_done(&image);
	return 0;
}
