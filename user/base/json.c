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
		size_t len = str_utf8(str_sub(s, i, 4));

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
