/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

static void value(struct json *json)
{
	if (json->comma)
		buf_char(json->to, ',');
	json->comma = true;
}

void json_open(struct json *json, char bracket)
{
	value(json);
	buf_char(json->to, bracket);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	buf_char(json->to, bracket);
	json->comma = true;
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629 section 4), 0 where there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
		     p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void escape(struct buf *to, unsigned char c)
{
	switch (c) {
	case '"': buf_puts(to, "\\\""); break;
	case '\\': buf_puts(to, "\\\\"); break;
	case '\n': buf_puts(to, "\\n"); break;
	case '\r': buf_puts(to, "\\r"); break;
	case '\t': buf_puts(to, "\\t"); break;
	default: buf_printf(to, "\\u%04x", c); break;
	}
}

static void quoted(struct buf *to, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t from = 0, i = 0;

	buf_char(to, '"');
	while (i < s.n) {
		size_t len = utf8_sequence(p + i, s.n - i);

		if (len && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') {
			i += len;
			continue;
		}
		buf_add(to, p + from, i - from);
		if (len)
			escape(to, p[i]);
		else
			buf_puts(to, "\xef\xbf\xbd");
		from = ++i;
	}
	buf_add(to, p + from, i - from);
	buf_char(to, '"');
}

void json_key(struct json *json, const char *key)
{
	value(json);
	quoted(json->to, str_of(key));
	buf_char(json->to, ':');
	json->comma = false;
}

void json_str(struct json *json, struct str s)
{
	value(json);
	quoted(json->to, s);
}

void json_cstr(struct json *json, const char *s)
{
	if (s)
		json_str(json, str_of(s));
	else
		json_null(json);
}

void json_u64(struct json *json, uint64_t v)
{
	value(json);
	buf_printf(json->to, "%" PRIu64, v);
}

void json_i64(struct json *json, int64_t v)
{
	value(json);
	buf_printf(json->to, "%" PRId64, v);
}

void json_bool(struct json *json, bool v)
{
	json_raw(json, v ? STR("true") : STR("false"));
}

void json_null(struct json *json)
{
	json_raw(json, STR("null"));
}

void json_raw(struct json *json, struct str s)
{
	value(json);
	buf_str(json->to, s);
}
