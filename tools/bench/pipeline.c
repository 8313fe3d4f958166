/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the hot half turns bytes in memory into calls, on one core: recorded
 * traffic as events (bodies as identity, and under gzip), beside a memcpy, a
 * full json-c parse and a plain zlib inflation of the same bytes. The sides take
 * turns; each figure is the minimum of its rounds.
 */
#include <stdlib.h>
#include <time.h>

#include "feed/memory.h"
#include "pipeline/hot.h"
#include "tests/lib/play.h"

#define ROUNDS 7
#define TARGET_BYTES ((size_t)96 << 20)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What one framing of the corpus becomes, and the bodies alone. */
struct load {
	const char *name;
	struct image image;
	struct buf bodies;	/* as they pass, one behind another */
	struct buf plain;	/* decoded */
	size_t *ends;		/* of each of bodies, then of each of plain */
	size_t n;
	size_t bytes;		/* of both streams, heads included */
};

static bool usable(const struct corpus_case *c)
{
	return case_is_plain(c) && str_eq(case_text(c->recorded, "content_encoding"), STR("identity"));
}

static void add_case(struct load *load, const struct corpus_case *c, bool gzip, uint64_t id, uint64_t *random)
{
	struct line line = { .to = &load->image, .id = id, .task = { 1000 + (uint32_t)(id % 50), 5 }, .boot_ns = id * 1000 };
	struct buf message = BUF(MIB(64)), squeezed = BUF(MIB(64));
	struct str body = c->body[1];

	line_open(&line, true, play_server_name(c));
	play_request(c, FRAMING_WHOLE, random, &message);
	line_data(&line, EVENT_SENT, message.p, message.n);
	load->bytes += message.n;
	buf_reset(&message);
	if (gzip) {
		play_gzip(body, &squeezed);
		buf_printf(&message, "HTTP/1.1 %d -\r\n", json_object_get_int(case_field(c->recorded, "status")));
		play_headers(case_field(c->recorded, "response_headers"), &message);
		buf_puts(&message, "Content-Encoding: gzip\r\n");
		play_framed(buf_view(&squeezed), false, false, FRAMING_WHOLE, random, &message);
	} else {
		play_response(c, FRAMING_WHOLE, false, random, &message);
	}
	line_data(&line, EVENT_RECEIVED, message.p, message.n);
	load->bytes += message.n;
	line_close(&line, EVENT_CLOSE_FREE);
	buf_str(&load->bodies, gzip ? buf_view(&squeezed) : body);
	buf_str(&load->plain, body);
	load->ends[2 * load->n] = load->bodies.n;
	load->ends[2 * load->n + 1] = load->plain.n;
	load->n++;
	buf_done(&message);
	buf_done(&squeezed);
}

static void make(struct load *load, const struct corpus *corpus, bool gzip)
{
	uint64_t random = 7, id = 1;

	load->bodies = load->plain = BUF(MIB(1024));
	load->ends = mem_array(1 << 20, sizeof(*load->ends));
	while (load->plain.n < TARGET_BYTES && load->n < 1 << 18)
		for (size_t i = 0; i < corpus->n && load->plain.n < TARGET_BYTES; i++)
			if (usable(&corpus->cases[i]))
				add_case(load, &corpus->cases[i], gzip, id++, &random);
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

	if (memory_open(load->image.p, load->image.n, &source) < 0 || queue_new(MIB(64), false, NULL, &queue) < 0 ||
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
	static char *to;
	size_t at = 0;

	if (!to)
		to = mem_new(MIB(1));
	for (struct event_header *event; (event = image_next(&load->image, &at));)
		memcpy(to + (at & 0xffff), event, event->size);
	return (uint64_t)to[5];
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

	for (size_t i = 0, from = 0; i < load->n; from = load->ends[2 * i + 1], i++) {
		struct str body = { load->plain.p + from, load->ends[2 * i + 1] - from }, line;

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

	for (size_t i = 0, from = 0; i < load->n; from = load->ends[2 * i], i++) {
		z_stream z = { .next_in = (Bytef *)load->bodies.p + from, .avail_in = (uInt)(load->ends[2 * i] - from) };
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

struct side {
	const char *name;
	uint64_t (*run)(const struct load *);
	size_t bytes;
	double best;
	uint64_t result;
};

static void race(const struct load *load, struct side *sides, size_t n)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++) {
			double begin = now(), took;

			sides[i].result = sides[i].run(load);
			took = now() - begin;
			if (!round || took < sides[i].best)
				sides[i].best = took;
		}
	for (size_t i = 0; i < n; i++)
		printf("%-10s %-28s %9.1f MB %8.0f MB/s   %6.2f x the hot half's time\n", load->name, sides[i].name,
		       (double)sides[i].bytes / 1e6, (double)sides[i].bytes / 1e6 / sides[i].best, sides[i].best / sides[0].best);
}

int main(void)
{
	const char *folder = getenv("AITAP_CORPUS");
	struct load identity = { .name = "identity" }, gzip = { .name = "gzip" };
	struct corpus corpus;

	if (corpus_load(folder ? folder : "tests/corpus", folder ? "shared" : "sample", &corpus) < 0) {
		fputs("no corpus\n", stderr);
		return 1;
	}
	make(&identity, &corpus, false);
	make(&gzip, &corpus, true);
	corpus_done(&corpus);
	struct side plain[] = { { "hot half, bytes to calls", run_hot, identity.bytes }, { "memcpy of the events", run_memcpy, identity.bytes },
				{ "json-c, answers alone", run_json, identity.plain.n } };
	struct side squeezed[] = { { "hot half, bytes to calls", run_hot, gzip.bytes }, { "zlib inflate, answers alone", run_inflate, gzip.bodies.n } };
	race(&identity, plain, 3);
	printf("%-10s %ju calls of %zu exchanges\n", "", (uintmax_t)plain[0].result, identity.n);
	race(&gzip, squeezed, 2);
	return 0;
}
