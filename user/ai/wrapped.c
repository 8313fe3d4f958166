/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/wrapped.h"

#include <string.h>

enum { BETWEEN, IN_STRING, IN_BYTES };

#define STEP 1024	/* of base64 decoded at a time */

void wrapped_begin(struct wrapped *w)
{
	*w = (struct wrapped){ .state = BETWEEN };
	base64_decode_init(&w->base64);
}

static bool key_is_bytes(const struct wrapped *w)
{
	return w->depth == 1 && w->value && w->n_key == 5 && !memcmp(w->key, "bytes", 5);
}

static void between(struct wrapped *w, char c)
{
	if (c == '{' || c == '[') {
		w->depth++;
	} else if ((c == '}' || c == ']') && w->depth) {
		w->depth--;
	} else if (c == ':' || c == ',') {
		w->value = c == ':';
	} else if (c == '"') {
		w->state = key_is_bytes(w) ? IN_BYTES : IN_STRING;
		if (w->depth == 1 && !w->value)
			w->n_key = 0;
	}
}

static void key_bytes(struct wrapped *w, const char *p, size_t n)
{
	size_t room = sizeof(w->key) - w->n_key;

	if (w->depth != 1 || w->value)
		return;
	memcpy(w->key + w->n_key, p, n < room ? n : room);
	w->n_key = (uint8_t)(w->n_key + (n < room ? n : room));
}

static int decode(struct wrapped *w, struct skim *to, const char *p, size_t n)
{
	uint8_t room[BASE64_DECODE_LENGTH(STEP)];
	int err = 0;

	for (size_t at = 0; at < n && !w->broken && err >= 0; at += STEP) {
		size_t length = sizeof(room);

		w->broken = !base64_decode_update(&w->base64, &length, room, n - at < STEP ? n - at : STEP, p + at);
		if (!w->broken)
			err = skim_write(to, (const char *)room, length);
	}
	return err;
}

/* Up to a quote or a backslash. */
static size_t plain(const char *p, size_t n)
{
	const char *quote = memchr(p, '"', n);
	const char *backslash = memchr(p, '\\', quote ? (size_t)(quote - p) : n);

	return backslash ? (size_t)(backslash - p) : quote ? (size_t)(quote - p) : n;
}

/* A slash may be written as \/ (RFC 8259 section 7); of the other escapes base64 has none. */
static int in_string(struct wrapped *w, struct skim *to, const char *p, size_t n, size_t *ret_used)
{
	size_t run = w->escaped ? 1 : plain(p, n);
	int err = 0;

	w->broken |= w->escaped && w->state == IN_BYTES && *p != '/';
	w->escaped = false;
	if (run && w->state == IN_BYTES)
		err = decode(w, to, p, run);
	else
		key_bytes(w, p, run);
	*ret_used = run;
	if (run == n)
		return err;
	if (p[run] == '\\')
		w->escaped = true;
	else if (p[run] == '"')
		w->state = BETWEEN;
	*ret_used += p[run] == '\\' || p[run] == '"';
	return err;
}

bool wrapped_whole(struct wrapped *w)
{
	return !w->broken && base64_decode_final(&w->base64);
}

int wrapped_write(struct wrapped *w, struct skim *to, const char *p, size_t n)
{
	int err = 0;

	for (size_t at = 0, used; at < n && err >= 0; at += used) {
		used = 1;
		if (w->state == BETWEEN)
			between(w, p[at]);
		else
			err = in_string(w, to, p + at, n - at, &used);
	}
	return err;
}
