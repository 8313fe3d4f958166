/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/keep.h"

#include <stdio.h>
#include <string.h>

#include "ai/caller.h"
#include "ai/compiled.h"
#include "ai/credential.h"
#include "ai/dialect.h"
#include "ai/proto.h"
#include "ai/skim_inside.h"
#include "base/fingerprint.h"

static enum keep keep_pick(const struct want *want)
{
	if (want->rule != WANT_LAST && want->rule != WANT_FIRST && want->rule != WANT_NAMES)
		return KEEP_NOTHING;
	return want->pick == PICK_USER || want->pick == PICK_ACCOUNT ? KEEP_PERSON : KEEP_TEXT;
}

static enum keep stronger(enum keep a, enum keep b)
{
	return a > b ? a : b;
}

enum keep keep_path(const struct wants *wants, enum side side, struct str path)
{
	enum keep keep = KEEP_NOTHING;
	const struct provider *provider;

	for (size_t at = 0; (provider = provider_next(&at));) {
		const struct skim_table *table = provider_table(provider, side);
		for (const struct skim_node *node = skim_find(table, path); node && node->want;
		     node = node->same ? &table->nodes[node->same] : NULL)
			keep = stronger(keep, keep_pick(node->want));
	}
	for (uint32_t i = 0; i < wants->n_wanted && i < LIMIT_WANTED && side == SIDE_REQUEST; i++)
		if (wants->wanted[i].kind == WANTED_BODY && str_eq(path, str_of(wants->wanted[i].name)))
			keep = stronger(keep, KEEP_TEXT);
	return keep;
}

static bool wanted_header(const struct wants *wants, struct str name)
{
	for (uint32_t i = 0; i < wants->n_wanted && i < LIMIT_WANTED; i++)
		if (wants->wanted[i].kind == WANTED_HEADER && str_ieq(name, str_of(wants->wanted[i].name)))
			return true;
	return false;
}

static enum keep keep_among(const struct want *want, struct str name)
{
	for (; want && want->path; want++)
		if (str_ieq(name, str_of(want->path)))
			return stronger(KEEP_TEXT, keep_pick(want));	/* a count too: a header is text */
	return KEEP_NOTHING;
}

/* What code reads, and the framing. */
static bool read_by_name(enum side side, struct str name)
{
	static const char *const requests[] = {
		"host", "user-agent", "originator", "copilot-integration-id", "traceparent", "amz-sdk-request",
		"x-stainless-retry-count", "idempotency-key", "amz-sdk-invocation-id", "x-idempotency-key", "upgrade",
	};
	static const char *const responses[] = {
		"azureai-fe-offer-type", "x-ms-is-spilled-over", "x-amzn-errortype", "grpc-status",
		"x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count", "x-amzn-bedrock-cache-read-input-token-count",
		"x-amzn-bedrock-cache-write-input-token-count",
	};
	static const char *const both[] = {
		"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "trailer", "te", "expect",
	};
	const char *const *own = side == SIDE_REQUEST ? requests : responses;
	size_t n_own = side == SIDE_REQUEST ? sizeof(requests) / sizeof(*requests) : sizeof(responses) / sizeof(*responses);

	for (size_t i = 0; i < n_own; i++)
		if (str_ieq(name, str_of(own[i])))
			return true;
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		if (str_ieq(name, str_of(both[i])))
			return true;
	return false;
}

enum keep keep_header(const struct wants *wants, enum side side, struct str name)
{
	enum keep keep = keep_among(side == SIDE_REQUEST ? caller_headers : answer_headers, name);
	const struct provider *provider;

	if (credential_header(name))
		return KEEP_SECRET;
	for (size_t at = 0; (provider = provider_next(&at));)
		keep = stronger(keep, keep_among(provider->headers[side], name));
	if (read_by_name(side, name) || (side == SIDE_REQUEST && wanted_header(wants, name)))
		keep = stronger(keep, KEEP_TEXT);
	return keep;
}

int keep_secret(const struct wants *wants, struct str name, struct str value, struct buf *ret)
{
	return credential_stand_in(wants, name, value, ret);
}

static void put_hashed(const struct wants *wants, struct str name, struct buf *ret)
{
	char hashed[FINGERPRINT_MAX];

	if (!name.n)
		return;
	fingerprint_person(wants->secret, wants->secret_generation, name, hashed);
	buf_puts(ret, hashed);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

/* The word that follows a key, however the two are quoted. */
static struct str word_after(struct str text, const char *key)
{
	ptrdiff_t at = str_find(text, str_of(key));
	size_t from, n = 0;

	if (at < 0)
		return (struct str){ "", 0 };
	from = (size_t)at + strlen(key);
	while (from < text.n && str_chr(STR("\\\": "), text.p[from]) >= 0)
		from++;
	while (from + n < text.n && is_word(text.p[from + n]))
		n++;
	return str_sub(text, from, n);
}

/* In a body the quotes of JSON within a string are escaped, in a header they are not: as they were. */
static void put_json(const struct wants *wants, struct str value, struct buf *ret)
{
	const char *quote = value.n > 1 && value.p[1] == '\\' ? "\\\"" : "\"";

	buf_printf(ret, "{%sdevice_id%s:%s", quote, quote, quote);
	put_hashed(wants, word_after(value, "device_id"), ret);
	buf_printf(ret, "%s,%saccount_uuid%s:%s", quote, quote, quote, quote);
	put_hashed(wants, word_after(value, "account_uuid"), ret);
	buf_printf(ret, "%s,%ssession_id%s:%s", quote, quote, quote, quote);
	buf_str(ret, word_after(value, "session_id"));
	buf_printf(ret, "%s}", quote);
}

/* Claude Code puts device, account and session into one, in two ways; the session is no person. */
int keep_person(const struct wants *wants, struct str value, struct buf *ret)
{
	if (str_starts(value, STR("{")) && word_after(value, "session_id").n) {
		put_json(wants, value, ret);
	} else if (str_starts(value, STR("user_")) && word_after(value, "_session_").n) {
		buf_puts(ret, "user_");
		put_hashed(wants, word_after(value, "user_"), ret);
		buf_puts(ret, "_account_");
		put_hashed(wants, word_after(value, "_account_"), ret);
		buf_puts(ret, "_session_");
		buf_str(ret, word_after(value, "_session_"));
	} else {
		put_hashed(wants, value, ret);
	}
	return ret->error;
}

int keep_query(const struct wants *wants, struct str query, struct buf *ret)
{
	static const char *const read[] = { "alt", "$alt", "model", "stream", "api-version", "beta" };
	size_t begin = ret->n;
	char secret_text[512];	/* as much as the reader takes */
	struct str one;

	while (query.n && str_split(&query, '&', &one)) {
		ptrdiff_t equals = str_chr(one, '=');
		struct str name = equals < 0 ? one : str_sub(one, 0, (size_t)equals);
		bool secret = equals >= 0 && credential_parameter(name), keep = secret;

		for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++)
			keep |= str_eq(name, str_of(read[i]));
		if (!keep)
			continue;
		if (ret->n > begin)
			buf_char(ret, '&');
		if (!secret) {
			buf_str(ret, one);
			continue;
		}
		buf_str(ret, name);
		buf_char(ret, '=');
		one = url_decode(str_sub(one, (size_t)equals + 1, one.n), secret_text, sizeof(secret_text));
		credential_stand_in(wants, name, one, ret);
	}
	explicit_bzero(secret_text, sizeof(secret_text));
	return ret->error;
}

/* ---- protobuf */

const struct skim_table *keep_messages(const struct wants *wants, const struct head *request, enum side side)
{
	const struct provider *provider;
	struct choice choice;

	if (!provider_choose(request, wants, &choice))
		return NULL;
	provider = choice.dialect->messages[side] || choice.route ? choice.dialect : provider_messages(choice.name);
	return provider && provider->messages[side] ? &compiled_of(provider)->messages[side] : NULL;
}

static bool take_varint(const char **p, const char *end, uint64_t *ret)
{
	unsigned int shift = 0;

	for (*ret = 0; *p < end && shift < 64; shift += 7) {
		uint8_t c = (uint8_t)*(*p)++;

		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

static bool is_read(const struct skim_table *table, const struct skim_node *node)
{
	for (; node && node->want; node = node->same ? &table->nodes[node->same] : NULL)
		if (keep_pick(node->want) == KEEP_TEXT)
			return true;
	return false;
}

/* What cannot be followed becomes x to the end of the message that it is in. */
static void redact_message(const struct skim_table *table, uint16_t parent, char *message, size_t n, unsigned int depth)
{
	const char *p = message, *end = message + n;

	while (p < end) {
		const struct skim_node *node;
		const char *from = p;
		uint64_t tag, length;
		char key[24];
		uint16_t at;

		if (!take_varint(&p, end, &tag)) {
			memset(message + (from - message), 'x', (size_t)(end - from));
			return;
		}
		length = (tag & 7) == 1 ? 8 : (tag & 7) == 5 ? 4 : 0;
		if ((tag & 7) == 0 && take_varint(&p, end, &length))
			continue;
		if (((tag & 7) == 2 && !take_varint(&p, end, &length)) || ((tag & 7) != 2 && !length) || length > (uint64_t)(end - p)) {
			memset(message + (from - message), 'x', (size_t)(end - from));
			return;
		}
		snprintf(key, sizeof(key), "%llu", (unsigned long long)(tag >> 3));
		at = skim_child(table, parent, key, strlen(key));
		node = at < table->n_nodes ? &table->nodes[at] : NULL;
		if ((tag & 7) == 2 && node && node->below && depth < PROTO_DEPTH)
			redact_message(table, at, message + (p - message), (size_t)length, depth + 1);
		else if ((tag & 7) == 2 && !is_read(table, node))
			memset(message + (p - message), 'x', (size_t)length);
		p += length;
	}
}

void keep_message(const struct skim_table *table, char *message, size_t n)
{
	redact_message(table, 0, message, n, 0);
}
