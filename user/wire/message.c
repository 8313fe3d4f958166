/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "wire/message.h"

/* RFC 9110 section 5.6.2 */
static bool is_token(uint8_t c)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr(others, c));
}

static const struct str usual[] = {
	STR("POST "), STR("GET "), STR("PUT "), STR("DELETE "), STR("PATCH "), STR("HEAD "), STR("OPTIONS "), STR("CONNECT "),
	STR("TRACE "),
};
static const struct str response = STR("HTTP/1."), http2 = STR("PRI * HTTP/2.0\r\n");

static bool agrees(const uint8_t *p, size_t n, struct str with)
{
	return !memcmp(p, with.p, n < with.n ? n : with.n);
}

/* What an HTTP/2 server begins with: a SETTINGS frame of stream 0 (RFC 9113 sections 3.4, 4.1 and 6.5). As far as it goes. */
static bool may_be_settings(const uint8_t *p, size_t n)
{
	static const uint8_t frame[9] = { 0, 0, 0, 4 }, any[9] = { 0, 0xff, 0xff, 0, 1 };

	for (size_t i = 0; i < n && i < sizeof(frame); i++)
		if ((p[i] & ~any[i]) != frame[i])
			return false;
	return n < 3 || (p[1] << 8 | p[2]) % 6 == 0;
}

static enum looks looks_by_token(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < 24; i++)
		if (!is_token(p[i]))
			return i && p[i] == ' ' ? LOOKS_REQUEST : LOOKS_OTHER;
	return i == 24 ? LOOKS_OTHER : LOOKS_SHORT;
}

enum looks message_looks(const uint8_t *p, size_t n, bool strict)
{
	if (agrees(p, n, response))
		return n < response.n ? LOOKS_SHORT : LOOKS_RESPONSE;
	if (agrees(p, n, http2))
		return n < http2.n ? LOOKS_SHORT : LOOKS_HTTP2;
	if (may_be_settings(p, n))
		return n < 9 ? LOOKS_SHORT : LOOKS_HTTP2;
	if (!strict)
		return looks_by_token(p, n);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (agrees(p, n, usual[i]))
			return n < usual[i].n ? LOOKS_SHORT : LOOKS_REQUEST;
	return LOOKS_OTHER;
}

typedef uint8_t v16 __attribute__((vector_size(16)));

/* Past what holds no LF with a line's end behind it: such are all lines of a head but the last. */
static const uint8_t *pass_lines(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= 17; p += 16) {
		uint64_t half[2];
		v16 v, next;

		memcpy(&v, p, 16);
		memcpy(&next, p + 1, 16);
		v = (v16)(v == '\n') & ((v16)(next == '\n') | (v16)(next == '\r'));
		memcpy(half, &v, 16);
		if (half[0] | half[1])
			break;
	}
	return p;
}

size_t message_head_length(const uint8_t *p, size_t n, size_t from)
{
	const uint8_t *end = p + n, *at = pass_lines(p + (from > 2 ? from - 2 : 0), end);

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (at < end && *at == '\n')
			return (size_t)(at + 1 - p);
		if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
			return (size_t)(at + 2 - p);
	}
	return 0;
}

static bool has_version(struct str s)
{
	return s.n == 8 && str_starts(s, response) && s.p[7] >= '0' && s.p[7] <= '9';
}

bool message_start_line(const uint8_t *p, size_t n, enum side side)
{
	struct str text = { (const char *)p, n }, line;
	ptrdiff_t stop = str_chr(text, '\n');

	if (stop < 0)
		return true;
	line = str_trim(str_sub(text, 0, (size_t)stop));
	if (side == SIDE_REQUEST)
		return line.n > 9 && line.p[line.n - 9] == ' ' && has_version(str_sub(line, line.n - 8, 8));
	return line.n >= 12 && has_version(str_sub(line, 0, 8)) && line.p[8] == ' ' && line.p[9] >= '1' && line.p[9] <= '9';
}

/* ---- start lines */

void message_authority(struct str authority, struct str *ret_host, uint16_t *ret_port)
{
	ptrdiff_t colon = -1;
	uint64_t port;

	for (size_t i = authority.n; i > 0 && authority.p[i - 1] != ']'; i--)
		if (authority.p[i - 1] == ':') {
			colon = (ptrdiff_t)i - 1;
			break;
		}
	*ret_host = colon < 0 ? authority : str_sub(authority, 0, (size_t)colon);
	if (colon >= 0 && str_u64(str_sub(authority, (size_t)colon + 1, SIZE_MAX), &port) && port <= UINT16_MAX)
		*ret_port = (uint16_t)port;
	if (ret_host->n >= 2 && ret_host->p[0] == '[' && ret_host->p[ret_host->n - 1] == ']')
		*ret_host = str_sub(*ret_host, 1, ret_host->n - 2);
}

void message_path(struct str target, struct head *ret)
{
	ptrdiff_t at = str_chr(target, '?');

	ret->path = at < 0 ? target : str_sub(target, 0, (size_t)at);
	if (at >= 0)
		ret->query = str_sub(target, (size_t)at + 1, SIZE_MAX);
}

/* RFC 9112 section 3.2: origin, absolute, authority and asterisk form. */
static void split_target(struct str target, struct head *ret)
{
	ptrdiff_t slash = str_chr(target, '/');
	ptrdiff_t at = slash ? str_find(target, STR("://")) : -1;

	if (at > 0 && slash == at + 1) {
		struct str rest = str_sub(target, (size_t)at + 3, SIZE_MAX);
		size_t n = 0;

		while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
			n++;
		ret->scheme = str_sub(target, 0, (size_t)at);
		message_authority(str_sub(rest, 0, n), &ret->host, &ret->port);
		target = n < rest.n ? str_sub(rest, n, SIZE_MAX) : STR("/");
	}
	message_path(target, ret);
}

static int request_line(struct str line, struct head *ret)
{
	ptrdiff_t space = str_chr(line, ' ');
	struct str target;

	if (space <= 0 || line.n < (size_t)space + 10 || line.p[line.n - 9] != ' ' ||
	    !has_version(str_sub(line, line.n - 8, 8)))
		return -EBADMSG;
	ret->method = str_sub(line, 0, (size_t)space);
	for (size_t i = 0; i < ret->method.n; i++)
		if (!is_token((uint8_t)ret->method.p[i]))
			return -EBADMSG;
	target = str_trim(str_sub(line, (size_t)space + 1, line.n - 9 - (size_t)space - 1));
	if (!target.n)
		return -EBADMSG;
	if (str_eq(ret->method, STR("CONNECT")))
		message_authority(target, &ret->host, &ret->port);
	else
		split_target(target, ret);
	return 0;
}

static int status_line(struct str line, struct head *ret)
{
	uint64_t status;

	if (line.n < 12 || !has_version(str_sub(line, 0, 8)) || line.p[8] != ' ' ||
	    !str_u64(str_sub(line, 9, 3), &status) || status < 100 || (line.n > 12 && line.p[12] != ' '))
		return -EBADMSG;
	ret->status = (int)status;
	return 0;
}

/* ---- fields */

static void add_codings(struct framing *ret, struct str value, bool transfer)
{
	struct str name, rest = value;

	while (str_split(&rest, ',', &name)) {
		struct str parameters = str_trim(name);

		str_split(&parameters, ';', &name);
		name = str_trim(name);
		if (transfer)
			ret->chunked = str_ieq(name, STR("chunked"));
		if (!name.n || str_ieq(name, STR("identity")) || (transfer && ret->chunked))
			continue;
		if (ret->n_codings <= LIMIT_ENCODINGS)
			ret->codings[ret->n_codings++] = name;
	}
}

static void add_length(struct framing *ret, struct str value)
{
	struct str one, rest = value;
	uint64_t length;

	while (str_split(&rest, ',', &one)) {
		if (!str_u64(str_trim(one), &length) || (ret->has_length && length != ret->length)) {
			ret->contradiction = true;
			return;
		}
		ret->has_length = true;
		ret->length = length;
	}
}

void message_field(const struct header *field, struct head *head, struct framing *framing)
{
	if (str_ieq(field->name, STR("content-length")))
		add_length(framing, field->value);
	else if (str_ieq(field->name, STR("content-encoding")))
		add_codings(framing, field->value, false);
	else if (str_ieq(field->name, STR("content-type")))
		framing->content_type = field->value;
	else if (str_ieq(field->name, STR("upgrade")))
		framing->upgrade = field->value;
	else if (str_ieq(field->name, STR("host")) && head->side == SIDE_REQUEST && !head->host.n)
		message_authority(field->value, &head->host, &head->port);
}

/* Transfer codings were applied after the content codings, wherever their fields stand. */
static void note_transfer(const struct head *head, struct framing *framing)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (str_ieq(head->headers[i].name, STR("transfer-encoding"))) {
			framing->transfer_coded = true;
			add_codings(framing, head->headers[i].value, true);
		}
}

void message_unfold(char *text, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (text[i - 1] == '\n' && (text[i] == ' ' || text[i] == '\t')) {
			text[i - 1] = ' ';
			if (i >= 2 && text[i - 2] == '\r')
				text[i - 2] = ' ';
		}
}

static bool folded(struct str line)
{
	return line.n && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* Names are short: two looks reach beyond most. */
static ptrdiff_t colon_of(struct str line)
{
	for (size_t i = 0; i + 16 <= line.n && i < 32; i += 16) {
		uint64_t half[2];
		v16 v;

		memcpy(&v, line.p + i, 16);
		v = (v16)(v == ':');
		memcpy(half, &v, 16);
		if (half[0])
			return (ptrdiff_t)i + __builtin_ctzll(half[0]) / 8;
		if (half[1])
			return (ptrdiff_t)i + 8 + __builtin_ctzll(half[1]) / 8;
	}
	return str_chr(line, ':');
}

int message_parse(struct str text, enum side side, struct header *headers, struct head *ret, struct framing *ret_framing,
		  bool *ret_cut)
{
	struct str rest = text, line;
	int err;

	memset(ret, 0, sizeof(*ret));
	memset(ret_framing, 0, sizeof(*ret_framing));
	*ret_cut = false;
	str_split(&rest, '\n', &line);
	if (folded(rest))
		return 1;
	ret->side = side;
	ret->headers = headers;
	err = side == SIDE_REQUEST ? request_line(str_trim(line), ret) : status_line(str_trim(line), ret);
	if (err)
		return err;
	while (str_split(&rest, '\n', &line)) {
		ptrdiff_t colon;
		struct header field;

		if (folded(line))
			return 1;
		colon = colon_of(line);
		if (colon <= 0)		/* the empty line, or no field at all */
			continue;
		field = (struct header){ str_trim(str_sub(line, 0, (size_t)colon)),
					 str_trim(str_sub(line, (size_t)colon + 1, SIZE_MAX)) };
		message_field(&field, ret, ret_framing);
		if (ret->n_headers < LIMIT_HEADERS)
			headers[ret->n_headers++] = field;
		else
			*ret_cut = true;
	}
	note_transfer(ret, ret_framing);
	return 0;
}
