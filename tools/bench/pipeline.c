/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the hot half turns bytes in memory into calls, on one core: recorded
 * traffic as events over HTTP/1.1 and HTTP/2, as identity and under gzip, beside
 * what other things need for the same bytes. The sides take turns; each figure is
 * the minimum of its rounds, in time of the processor, for others may be at work.
 */
#include <stdlib.h>
#include <time.h>

#include "feed/memory.h"
#include "pipeline/hot.h"
#include "tests/lib/play.h"

#define ROUNDS 7
#define TARGET_BYTES MIB(64)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Some of the corpus in one framing, and its texts alone, one behind another. */
struct load {
	const char *name;
	struct image image;
	struct buf plain;	/* request, answer, request, ... */
	struct buf squeezed;	/* answers under gzip */
	size_t *plain_ends;
	size_t *squeezed_ends;
	size_t n_plain;
	size_t n;		/* exchanges */
	size_t bytes;		/* of both streams, heads and framing included */
};

enum what { WHAT_ALL, WHAT_EVENTS, WHAT_DOCUMENTS, WHAT_HTTP2, WHAT_GZIP, WHAT_EMPTY, WHAT_SMALL };

static bool usable(const struct corpus_case *c, enum what what)
{
	bool events = str_eq(case_text(c->recorded, "stream_format"), STR("sse"));

	if (case_is_socket(c) || !str_eq(case_text(c->recorded, "content_encoding"), STR("identity")))
		return false;
	return what == WHAT_EVENTS ? events : what == WHAT_DOCUMENTS ? !events : true;
}

static void add_text(struct load *load, struct str text)
{
	buf_str(&load->plain, text);
	load->plain_ends[load->n_plain++] = load->plain.n;
}

static void add_gzip(struct load *load, struct line *line, const struct corpus_case *c, bool empty, uint64_t *random)
{
	struct buf message = BUF(MIB(64)), squeezed = BUF(MIB(64));

	play_request(c, "", FRAMING_WHOLE, random, &message);
	line_data(line, EVENT_SENT, message.p, message.n);
	buf_reset(&message);
	play_gzip(empty ? STR("") : c->body[1], &squeezed);
	buf_str(&load->squeezed, buf_view(&squeezed));
	load->squeezed_ends[load->n] = load->squeezed.n;
	buf_printf(&message, "HTTP/1.1 %d -\r\n", json_object_get_int(case_field(c->recorded, "status")));
	play_headers(case_field(c->recorded, "response_headers"), &message);
	buf_puts(&message, "Content-Encoding: gzip\r\n");
	play_framed(buf_view(&squeezed), false, false, FRAMING_WHOLE, random, &message);
	line_data(line, EVENT_RECEIVED, message.p, message.n);
	buf_done(&message);
	buf_done(&squeezed);
}

static struct line begin_line(struct load *load, const struct corpus_case *c)
{
	uint64_t id = load->n + 1;
	struct line line = { .to = &load->image, .id = id, .task = { 1000 + (uint32_t)(id % 50), 5 }, .boot_ns = id * 1000 };

	line_open(&line, true, play_server_name(c));
	return line;
}

static void end_line(struct load *load, struct line *line)
{
	load->bytes += line->offset[0] + line->offset[1];
	line_close(line, EVENT_CLOSE_FREE);
}

#define MANY 16

/* As many as share a connection; how many of the cases that were. */
static size_t add(struct load *load, struct corpus_case **cases, size_t n, enum what what, uint64_t *random)
{
	struct line line = begin_line(load, cases[0]);
	struct corpus_case small = *cases[0];

	n = what == WHAT_HTTP2 ? play_together(cases, n, FRAMING_H2_WHOLE) : 1;
	if (what == WHAT_GZIP || what == WHAT_EMPTY)
		add_gzip(load, &line, cases[0], what == WHAT_EMPTY, random);
	else if (what == WHAT_HTTP2)
		play_http2(&line, cases, n, FRAMING_H2_WHOLE, random);
	else if (what == WHAT_SMALL) {
		/* what a record costs but for bodies, and for the connection, which has many */
		small.body[0] = STR("{\"model\":\"gpt-4o\"}");
		small.body[1] = STR("{\"id\":\"x\",\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10}}");
		for (n = 0; n < MANY; n++)
			play_http1(&line, &small, FRAMING_WHOLE, random);
	} else {
		play_http1(&line, cases[0], FRAMING_WHOLE, random);
	}
	for (size_t i = 0; i < n; i++) {
		add_text(load, what == WHAT_SMALL ? small.body[0] : cases[i]->body[0]);
		add_text(load, what == WHAT_SMALL ? small.body[1] : cases[i]->body[1]);
	}
	load->n += n;
	end_line(load, &line);
	return what == WHAT_SMALL ? 1 : n;
}

#define MOST ((size_t)1 << 16)	/* exchanges */

static void make(struct load *load, const struct corpus *corpus, enum what what)
{
	struct corpus_case **cases = mem_array(corpus->n, sizeof(*cases));
	uint64_t random = 7;
	size_t n = 0;

	load->plain = load->squeezed = BUF(MIB(1024));
	load->plain_ends = mem_array(2 * MOST, sizeof(*load->plain_ends));
	load->squeezed_ends = mem_array(MOST, sizeof(*load->squeezed_ends));
	if (!cases || !load->plain_ends || !load->squeezed_ends)
		exit(1);
	for (size_t i = 0; i < corpus->n; i++)
		if (usable(&corpus->cases[i], what))
			cases[n++] = &corpus->cases[i];
	while (n && load->plain.n < TARGET_BYTES && load->n < MOST - 64)
		for (size_t i = 0; i < n && load->plain.n < TARGET_BYTES && load->n < MOST - 64;)
			i += add(load, cases + i, n - i, what, &random);
	mem_free(cases);
}

static void done(struct load *load)
{
	image_done(&load->image);
	buf_done(&load->plain);
	buf_done(&load->squeezed);
	mem_free(load->plain_ends);
	mem_free(load->squeezed_ends);
}

/* ---- the sides */

static uint64_t run_hot(const struct load *load)
{
	static struct wants wants = { .secret_generation = 1 };
	static struct stats stats;
	const struct message *message;
	struct source *source;
	struct queue *queue;
	struct hot *hot;
	uint64_t calls = 0;

	if (memory_open(load->image.p, load->image.n, &source) < 0 || queue_new(LIMIT_QUEUE, false, NULL, &queue) < 0 ||
	    hot_new(source, queue, &wants, &stats, &hot) < 0)
		exit(1);
	while (source->ops->poll(source, hot_event, hot, 0) >= 0)
		while ((message = queue_peek(queue))) {
			calls += message->kind == MESSAGE_CALL;
			queue_take(queue);
		}
	hot_drain(hot);
	hot_free(hot);
	queue_free(queue);
	source->ops->close(source);
	return calls;
}

static uint64_t run_memcpy(const struct load *load)
{
	static char to[MIB(1)];
	size_t at = 0;

	for (struct event_header *event; (event = image_next(&load->image, &at));)
		memcpy(to + (at & 0xffff), event, event->size);
	return (uint64_t)to[5];
}

/* For a byte that is nowhere in it. */
static uint64_t run_memchr(const struct load *load)
{
	uint64_t found = 0;

	for (size_t i = 0, from = 0; i < load->n_plain; from = load->plain_ends[i], i++)
		found += memchr(load->plain.p + from, 0xff, load->plain_ends[i] - from) != NULL;
	return found;
}

static uint64_t parse(const char *p, size_t n)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o = json_tokener_parse_ex(tokener, p, (int)n);
	uint64_t parsed = o != NULL;

	json_object_put(o);
	json_tokener_free(tokener);
	return parsed;
}

/* A document as a whole; of server-sent events and lines each one. */
static uint64_t run_json(const struct load *load)
{
	uint64_t parsed = 0;

	for (size_t i = 0, from = 0; i < load->n_plain; from = load->plain_ends[i], i++) {
		struct str body = { load->plain.p + from, load->plain_ends[i] - from }, line;

		if (body.n && (body.p[0] == '{' || body.p[0] == '[')) {
			parsed += parse(body.p, body.n);
			continue;
		}
		while (str_split(&body, '\n', &line))
			if (str_starts(line, STR("data: {")))
				parsed += parse(line.p + 6, line.n - 6);
	}
	return parsed;
}

static uint64_t run_inflate(const struct load *load)
{
	static char out[65536];
	uint64_t bytes = 0;

	for (size_t i = 0, from = 0; i < load->n; from = load->squeezed_ends[i], i++) {
		z_stream z = { .next_in = (Bytef *)load->squeezed.p + from, .avail_in = (uInt)(load->squeezed_ends[i] - from) };
		int r = inflateInit2(&z, 15 + 16);

		while (r == Z_OK) {
			z.next_out = (Bytef *)out;
			z.avail_out = sizeof(out);
			r = inflate(&z, Z_NO_FLUSH);
			bytes += sizeof(out) - z.avail_out;
		}
		inflateEnd(&z);
	}
	return bytes;
}

/* ---- */

struct side {
	const char *name;
	uint64_t (*run)(const struct load *);
	const struct load *load;
	size_t bytes;
	double best;
	uint64_t result;
};

static void race(struct side *sides, size_t n)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++) {
			double begin = now(), took;

			sides[i].result = sides[i].run(sides[i].load);
			took = now() - begin;
			if (!round || took < sides[i].best)
				sides[i].best = took;
		}
}

static double speed(const struct side *side)
{
	return (double)side->bytes / 1e6 / side->best;
}

static void table(const char *name, const struct side *sides, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("%-18s %-28s %7.1f MB %8.0f MB/s", i ? "" : name, sides[i].name, (double)sides[i].bytes / 1e6, speed(&sides[i]));
		if (i)
			printf("   hot half %.2f x", speed(&sides[0]) / speed(&sides[i]));
		putchar('\n');
	}
}

static void plain(const struct corpus *corpus, const char *name, enum what what)
{
	struct load load = { .name = name };

	make(&load, corpus, what);
	struct side sides[] = { { "hot half, bytes to calls", run_hot, &load, load.bytes }, { "memcpy of the events", run_memcpy, &load, load.bytes },
				{ "memchr over the texts", run_memchr, &load, load.plain.n }, { "json-c, the texts", run_json, &load, load.plain.n } };
	race(sides, 4);
	table(name, sides, 4);
	printf("%-18s %ju calls of %zu exchanges\n", "", (uintmax_t)sides[0].result, load.n);
	done(&load);
}

/* What compressed answers cost is what they cost more than empty ones. */
static void gzip(const struct corpus *corpus)
{
	struct load full = { .name = "gzip" }, empty = { .name = "empty" };

	make(&full, corpus, WHAT_GZIP);
	make(&empty, corpus, WHAT_EMPTY);
	struct side sides[] = { { "hot half, bytes to calls", run_hot, &full, full.bytes }, { "without the answers", run_hot, &empty, empty.bytes },
				{ "zlib, the answers alone", run_inflate, &full, full.squeezed.n } };
	race(sides, 3);
	table("gzip", sides, 3);
	printf("%-18s the answers took %.2f x zlib's time for the same inflation\n", "", (sides[0].best - sides[1].best) / sides[2].best);
	done(&full);
	done(&empty);
}

static void records(const struct corpus *corpus)
{
	struct load load = { .name = "small" };

	make(&load, corpus, WHAT_SMALL);
	struct side side = { "hot half", run_hot, &load, load.bytes };
	race(&side, 1);
	printf("%-18s %.2f us a record, both heads included (%zu bytes)\n", "smallest bodies", side.best / (double)load.n * 1e6,
	       load.bytes / load.n);
	done(&load);
}

int main(void)
{
	const char *folder = getenv("AITAP_CORPUS");
	struct corpus corpus;

	if (corpus_load(folder ? folder : "tests/corpus", folder ? "shared" : "sample", &corpus) < 0) {
		fputs("no corpus\n", stderr);
		return 1;
	}
	plain(&corpus, "HTTP/1.1", WHAT_ALL);
	plain(&corpus, "  event streams", WHAT_EVENTS);
	plain(&corpus, "  documents", WHAT_DOCUMENTS);
	plain(&corpus, "HTTP/2", WHAT_HTTP2);
	gzip(&corpus);
	records(&corpus);
	corpus_done(&corpus);
	return 0;
}
