/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The corpus as calls, each case with usage twice: as it was recorded, and its
 * answer cut off before the usage came, where it was streamed. What comes out
 * is what the hot half hands to the cold one: real bytes through real readers.
 */
#ifndef AITAP_TESTS_HIDDEN_H
#define AITAP_TESTS_HIDDEN_H

#include "base/limits.h"
#include "feed/memory.h"
#include "noun/call.h"
#include "pipeline/hot.h"
#include "pipeline/pack.h"
#include "tests/lib/play.h"

/* What the hot half told of a case. */
struct told {
	const struct corpus_case *c;
	unsigned int n;		/* calls; only the first is kept */
	struct call *call;	/* NULL: none came */
	unsigned int n_cut;
	struct call *cut;	/* of the same case cut off; NULL: it was not */
};

struct hidden {
	struct corpus corpus;
	struct told *told;	/* in the order in which they were recorded */
	size_t *of_conn;	/* twice the place in told, plus one: cut off */
	size_t n_conns;
	struct wants wants;
};

/* ---- where an answer is cut off */

static inline bool hidden_tells_usage(struct str event)
{
	static const char *const names[] = { "\"usage\":{", "\"usage\": {", "\"usageMetadata\"", "message_delta", "response.completed",
					     "response.incomplete", "\"billed_units\"", "eval_count", "invocationMetrics", "\"metrics\":" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_find(event, str_of(names[i])) >= 0)
			return true;
	return false;
}

/* Before the last event that tells usage; 0: there is none. */
static inline size_t hidden_cut(struct str body, const char *between)
{
	struct str mark = str_of(between);
	size_t cut = 0, at = 0;

	while (at < body.n) {
		ptrdiff_t n = str_find(str_sub(body, at, body.n), mark);
		size_t end = n < 0 ? body.n : at + (size_t)n + mark.n;

		if (hidden_tells_usage(str_sub(body, at, end)))
			cut = at;
		at = end;
	}
	return cut;
}

static inline size_t hidden_cut_frames(struct str body)
{
	size_t cut = 0, at = 0;

	while (body.n - at >= 16) {
		const uint8_t *p = (const uint8_t *)body.p + at;
		size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

		if (n < 16 || n > body.n - at)
			break;
		cut = at;
		at += n;
	}
	return cut;
}

static inline size_t hidden_cut_of(const struct corpus_case *c)
{
	struct str format = case_text(c->recorded, "stream_format"), body = c->body[1];

	if (!str_eq(case_text(c->recorded, "content_encoding"), STR("identity")))
		return 0;
	if (str_eq(format, STR("aws-eventstream")))
		return hidden_cut_frames(body);
	if (str_eq(format, STR("ndjson")))
		return hidden_cut(body, "\n");
	if (!str_eq(format, STR("sse")))
		return 0;
	return hidden_cut(body, str_find(body, STR("\r\n\r\n")) >= 0 ? "\r\n\r\n" : "\n\n");
}

static inline void hidden_play_cut(struct line *line, const struct corpus_case *c, size_t cut)
{
	struct buf message = BUF(MIB(64));
	uint64_t random = 1;

	play_request(c, "", FRAMING_WHOLE, &random, &message);
	play_bytes(line, EVENT_SENT, FRAMING_WHOLE, &random, buf_view(&message));
	buf_reset(&message);
	buf_printf(&message, "HTTP/1.1 %d Whatever\r\n", json_object_get_int(case_field(c->recorded, "status")));
	play_headers(case_field(c->recorded, "response_headers"), &message);
	buf_printf(&message, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", cut);
	buf_add(&message, c->body[1].p, cut);
	play_bytes(line, EVENT_RECEIVED, FRAMING_WHOLE, &random, buf_view(&message));
	play_check(!message.error);
	buf_done(&message);
}

/* ---- all of them through the hot half */

static inline void hidden_keep(struct hidden *hidden, const struct call *call)
{
	size_t of = call->conn_id && call->conn_id <= hidden->n_conns ? hidden->of_conn[call->conn_id] : SIZE_MAX;
	struct told *told;
	struct call **to;

	if (of == SIZE_MAX || call->kind != CALL_ENDED)
		return;
	told = &hidden->told[of / 2];
	to = of % 2 ? &told->cut : &told->call;
	if ((of % 2 ? told->n_cut++ : told->n++) || !(*to = mem_new(sizeof(*call))))
		return;
	**to = *call;
}

static inline void hidden_take(struct hidden *hidden, struct queue *queue)
{
	const struct message *message;
	static struct call call;

	while ((message = queue_peek(queue))) {
		if (message->kind == MESSAGE_CALL && unpack(&call, sizeof(call), message + 1, message->size) == 0)
			hidden_keep(hidden, &call);
		queue_take(queue);
	}
}

static inline int hidden_run(struct hidden *hidden, const struct image *image)
{
	static struct stats stats;
	struct source *source = NULL;
	struct queue *queue = NULL;
	struct hot *hot = NULL;
	int err = memory_open(image->p, image->n, &source);

	if (err == 0)
		err = queue_new(MIB(16), false, NULL, &queue);
	if (err == 0)
		err = hot_new(source, queue, &hidden->wants, &stats, &hot);
	while (err >= 0) {
		err = source->ops->poll(source, hot_event, hot, 0);
		if (err >= 0)
			hot_tick(hot, 0);
		hidden_take(hidden, queue);
	}
	if (err == -ENODATA) {
		hot_drain(hot);
		hidden_take(hidden, queue);
		err = 0;
	}
	hot_free(hot);
	queue_free(queue);
	if (source)
		source->ops->close(source);
	return err;
}

static inline int hidden_by_time(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	int d = strcmp(case_text(x->c->recorded, "recorded_at").p, case_text(y->c->recorded, "recorded_at").p);

	return d ? d : strcmp(x->c->id, y->c->id);
}

static inline void hidden_play(struct hidden *hidden, size_t i, struct image *image)
{
	struct corpus_case *c = (struct corpus_case *)hidden->told[i].c;
	size_t cut = hidden_cut_of(c);
	uint64_t random = 1;

	for (size_t off = 0; off < (cut ? 2 : 1); off++) {
		struct line line = { .to = image, .id = ++hidden->n_conns, .task = { 1000, 5000 } };

		hidden->of_conn[line.id] = i * 2 + off;
		line_open(&line, true, play_server_name(c));
		if (off)
			hidden_play_cut(&line, c, cut);
		else
			play_case(&line, c, FRAMING_WHOLE, &random);
		line_close(&line, EVENT_CLOSE_FREE);
	}
}

static inline int hidden_load(const char *folder, const char *name, struct hidden *hidden)
{
	struct image image = { 0 };
	int err = corpus_load(folder, name, &hidden->corpus);

	if (err < 0)
		return err;
	hidden->told = calloc(hidden->corpus.n + 1, sizeof(*hidden->told));
	hidden->of_conn = calloc(2 * hidden->corpus.n + 2, sizeof(*hidden->of_conn));
	if (!hidden->told || !hidden->of_conn)
		return -ENOMEM;
	hidden->wants.secret_generation = 1;
	for (size_t i = 0; i < hidden->corpus.n; i++)
		hidden->told[i].c = &hidden->corpus.cases[i];
	qsort(hidden->told, hidden->corpus.n, sizeof(*hidden->told), hidden_by_time);
	for (size_t i = 0; err == 0 && i < hidden->corpus.n; i++) {
		hidden_play(hidden, i, &image);
		if (image.n < MIB(32) && i + 1 < hidden->corpus.n)
			continue;
		err = hidden_run(hidden, &image);
		image.n = 0;
	}
	image_done(&image);
	return err;
}

static inline void hidden_done(struct hidden *hidden)
{
	for (size_t i = 0; i < hidden->corpus.n; i++) {
		mem_free(hidden->told[i].call);
		mem_free(hidden->told[i].cut);
	}
	free(hidden->told);
	free(hidden->of_conn);
	corpus_done(&hidden->corpus);
}

#endif
