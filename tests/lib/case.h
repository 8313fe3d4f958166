/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The corpus: recorded calls of AI providers, each with what it used. A case is
 * one HTTP exchange as it was recorded, without its framing, and the truth that
 * a separate program derived from it. FOLDER/NAME.jsonl.gz has the recordings,
 * FOLDER/NAME.truth.jsonl.gz the truth, one JSON object a line, joined by id.
 */
#ifndef AITAP_TESTS_CASE_H
#define AITAP_TESTS_CASE_H

#include <errno.h>
#include <json-c/json.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define CASE_LINE_MAX MIB(16)

struct corpus_case {
	struct json_object *recorded, *truth;	/* owned */
	const char *id;
	struct str body[2];			/* by enum side, as recorded: perhaps compressed */
	void *decoded[2];			/* where base64 was taken off; owned */
};

struct corpus {
	struct corpus_case *cases;
	size_t n, room;
};

static inline struct json_object *case_field(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(o, key, &value) ? value : NULL;
}

static inline struct str case_text(struct json_object *o, const char *key)
{
	struct json_object *value = case_field(o, key);

	if (!json_object_is_type(value, json_type_string))
		return STR("");
	return (struct str){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
}

static inline int case_body(struct corpus_case *c, int side, const char *key, const char *key_enc)
{
	struct str text = case_text(c->recorded, key);
	struct base64_decode_ctx base64;
	size_t n = BASE64_DECODE_LENGTH(text.n);

	c->body[side] = text;
	if (!str_eq(case_text(c->recorded, key_enc), STR("base64")))
		return 0;
	c->decoded[side] = mem_new(n);
	if (!c->decoded[side])
		return -ENOMEM;
	base64_decode_init(&base64);
	if (!base64_decode_update(&base64, &n, c->decoded[side], text.n, text.p) || !base64_decode_final(&base64))
		return -EBADMSG;
	c->body[side] = (struct str){ c->decoded[side], n };
	return 0;
}

/* Calls fn with each line's object, which it owns. */
static inline int corpus_lines(const char *path, int (*fn)(void *ctx, struct json_object *), void *ctx)
{
	char *line = mem_new(CASE_LINE_MAX);
	gzFile file = gzopen(path, "rb");
	int err = !line ? -ENOMEM : file ? 0 : -ENOENT;

	while (err == 0 && gzgets(file, line, (int)CASE_LINE_MAX)) {
		struct json_object *o = json_tokener_parse(line);

		err = o ? fn(ctx, o) : -EBADMSG;
	}
	if (file)
		gzclose(file);
	mem_free(line);
	return err;
}

static inline int corpus_add(void *ctx, struct json_object *o)
{
	struct corpus *corpus = ctx;
	struct corpus_case *c;
	int err;

	if (corpus->n == corpus->room) {
		size_t room = corpus->room ? corpus->room * 2 : 1024;

		c = mem_resize(corpus->cases, corpus->room * sizeof(*c), room * sizeof(*c));
		if (!c)
			return -ENOMEM;
		corpus->cases = c;
		corpus->room = room;
	}
	c = &corpus->cases[corpus->n++];
	c->recorded = o;
	c->id = case_text(o, "id").p;
	err = case_body(c, 0, "request_body", "request_body_enc");
	return err < 0 ? err : case_body(c, 1, "response_body", "response_body_enc");
}

struct corpus_join {
	struct corpus *corpus;
	struct map by_id;
};

static inline int corpus_truth(void *ctx, struct json_object *o)
{
	struct corpus_join *join = ctx;
	struct str id = case_text(o, "id");
	struct corpus_case *c = map_get(&join->by_id, hash_bytes(id.p, id.n, 0));

	if (c && !c->truth)
		c->truth = o;
	else
		json_object_put(o);
	return 0;
}

static inline void corpus_done(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->n; i++) {
		json_object_put(corpus->cases[i].recorded);
		json_object_put(corpus->cases[i].truth);
		mem_free(corpus->cases[i].decoded[0]);
		mem_free(corpus->cases[i].decoded[1]);
	}
	mem_free(corpus->cases);
	*corpus = (struct corpus){ 0 };
}

/* -ENOENT: not there; -EBADMSG: damaged, or a case without truth. */
static inline int corpus_load(const char *folder, const char *name, struct corpus *ret)
{
	struct corpus corpus = { 0 };
	struct corpus_join join = { .corpus = &corpus, .by_id = MAP(1 << 20) };
	char path[1024];
	int err;

	snprintf(path, sizeof(path), "%s/%s.jsonl.gz", folder, name);
	err = corpus_lines(path, corpus_add, &corpus);
	for (size_t i = 0; err == 0 && i < corpus.n; i++)
		err = map_put(&join.by_id, hash_bytes(corpus.cases[i].id, strlen(corpus.cases[i].id), 0), &corpus.cases[i]);
	snprintf(path, sizeof(path), "%s/%s.truth.jsonl.gz", folder, name);
	if (err == 0)
		err = corpus_lines(path, corpus_truth, &join);
	for (size_t i = 0; err == 0 && i < corpus.n; i++)
		err = corpus.cases[i].truth ? 0 : -EBADMSG;
	map_done(&join.by_id);
	if (err < 0)
		corpus_done(&corpus);
	else
		*ret = corpus;
	return err;
}

/* Recorded from a WebSocket: its bodies are messages, one a line, in the order that ws_order gives. */
static inline bool case_is_socket(const struct corpus_case *c)
{
	return str_eq(case_text(c->recorded, "stream_format"), STR("websocket"));
}

#endif
