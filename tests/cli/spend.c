/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests/cli/report.sh reports on:
 *
 *	spend ledger FILE	60 calls of known cost and two batches, straight into a ledger
 *	spend adjusted FILE	a call whose usage was estimated, and what was taken back of it later
 *	spend hold FILE		the same, and keeps the ledger open until its input ends
 *	spend trace FILE	12 calls of three teams and of none, as events for `aitap replay`
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "book/ledger.h"
#include "feed/trace.h"
#include "tests/lib/image.h"
#include "tests/lib/made_record.h"

#define CALLS 60

static const char *const teams[] = { "search", "support", "data", "" };

/* Team n % 4; 5 repeats, 6 of a flat rate, 7 without a price, each where the others are not. */
static void make_call(struct made *made, unsigned int n)
{
	made_record(made, n, teams[n % 4]);
	made->record.time_ns += n * 3600 * (int64_t)NSEC_PER_SEC;
	made_label(made, "environment", n % 3 ? "prod" : "staging");
	if (n % 3 == 1)
		STR_COPY(made->call.model, STR("gpt-4o-mini-2024-07-18"));
	if (n >= 48 && n < 53)
		made->record.spend = false;
	if (n >= 30 && n < 36) {
		made->call.billing = BILLING_SUBSCRIPTION;
		made->record.cost.pico = 0;
	}
	if (n >= 10 && n < 17)
		made_unpriced(made);
	if (n < 3)
		made->call.flags |= CALL_INCOMPLETE;
	if (n == 4)
		made->call.usage_source = USAGE_ESTIMATED;
	if (n % 4 == 3)
		made->record.flags |= FLAG_NOT_READY;
}

static int leave_batch(struct sink *ledger, const struct record *record, const char *name, const char *more)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = { .kind = MEMORY_BATCH, .provider = "openai" };
	struct memory_value value = { .time_ns = record->time_ns };

	STR_COPY(key.name, str_of(name));
	snprintf(value.text, sizeof(value.text), "{\"record\":\"%s\",%s}", record->id, more);
	return memory->ops->put(memory, &key, &value);
}

/* Two batches, as if the calls 0 and 1 had made them. */
static int leave_batches(struct sink *ledger)
{
	struct made made;
	int err;

	make_call(&made, 0);
	err = leave_batch(ledger, &made.record, "batch_open", "\"state\":\"open\",\"bound_pico\":\"1500000000000\"");
	make_call(&made, 1);
	return err < 0 ? err : leave_batch(ledger, &made.record, "batch_done", "\"state\":\"fetched\",\"bound_pico\":\"2000000000\","
					   "\"cost_pico\":\"1000000000\",\"fetched_ns\":1795341600000000000");
}

static int keep(const char *path, bool hold)
{
	char why[STORE_WHY], c;
	struct sink *ledger;
	struct made made;
	int err;

	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	for (unsigned int n = 0; n < CALLS; n++) {
		make_call(&made, n);
		ledger->ops->put(ledger, &made.record);
	}
	err = leave_batches(ledger);
	if (err == 0)
		err = ledger->ops->flush(ledger);
	if (err == 0 && hold) {
		printf("%d\n", (int)getpid());
		fflush(stdout);
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
	}
	ledger->ops->close(ledger);
	return err < 0;
}

static int keep_adjusted(const char *path)
{
	char why[STORE_WHY];
	struct sink *ledger;
	struct made made;
	int err;

	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	made_record(&made, 1, "search");
	made.call.usage_source = USAGE_ESTIMATED;
	made.record.estimate = (struct estimate){ .name = "relation", .low = { 1200, 190 }, .high = { 1290, 300 }, .priced = true,
						  .low_pico = 4000000000, .high_pico = 5000000000 };
	ledger->ops->put(ledger, &made.record);
	made_record(&made, 2, "search");
	made.record.kind = RECORD_ADJUSTMENT;
	made.record.negative = true;
	snprintf(made.record.adjusts, sizeof(made.record.adjusts), "01KB%022d", 1);
	ledger->ops->put(ledger, &made.record);
	err = ledger->ops->flush(ledger);
	ledger->ops->close(ledger);
	return err < 0;
}

static void add_exchange(struct line *line, unsigned int n)
{
	static const char body[] = "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
	char request[512], answer[1024], json[512], team[64] = "";

	if (teams[n % 4][0])
		snprintf(team, sizeof(team), "x-team-id: %s\r\n", teams[n % 4]);
	snprintf(request, sizeof(request), "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n%scontent-type: application/json\r\n"
		 "content-length: %zu\r\n\r\n%s", team, sizeof(body) - 1, body);
	snprintf(json, sizeof(json), "{\"id\":\"chatcmpl-%u\",\"object\":\"chat.completion\",\"created\":1763800000,\"model\":\"gpt-4o-2024-08-06\","
		 "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
		 "\"usage\":{\"prompt_tokens\":1000000,\"completion_tokens\":0,\"total_tokens\":1000000}}", n);
	snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", strlen(json), json);
	line_text(line, EVENT_SENT, request);
	line->boot_ns += 1000000;
	line_text(line, EVENT_RECEIVED, answer);
	line->boot_ns += 1000000;
}

static int write_trace(const char *path)
{
	struct trace_about about = { .boot_id = "a boot in a test", .arch = "x86_64", .node = "node" };
	struct anchor anchor = { .boot_ns = 0, .wall_ns = clock_civil_ns(2026, 11, 22) };
	struct image image = { 0 };
	const struct event_header *event;
	struct trace_writer *writer;
	int err;

	for (unsigned int n = 0; n < 12; n++) {
		struct line line = { .to = &image, .id = 1 + n, .task = { 4000 + n, 1000000 }, .boot_ns = (1 + n) * NSEC_PER_SEC };

		line_open(&line, true, STR("api.openai.com"));
		add_exchange(&line, n);
		line_close(&line, EVENT_CLOSE_FREE);
	}
	err = trace_writer_open(path, &about, anchor, &writer);
	for (size_t at = 0; err == 0 && (event = image_next(&image, &at));)
		err = trace_writer_event(writer, (unsigned int)(event->conn_id % 3), event, event->size);
	if (err == 0)
		err = trace_writer_end(writer);
	if (err < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
	else
		trace_writer_free(writer);
	image_done(&image);
	return err < 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "trace"))
		return write_trace(argv[2]);
	if (argc == 3 && (!strcmp(argv[1], "ledger") || !strcmp(argv[1], "hold")))
		return keep(argv[2], argv[1][0] == 'h');
	if (argc == 3 && !strcmp(argv[1], "adjusted"))
		return keep_adjusted(argv[2]);
	fputs("spend ledger|adjusted|hold|trace FILE\n", stderr);
	return 2;
}
