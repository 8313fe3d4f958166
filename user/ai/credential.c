/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/credential.h"

#include <string.h>

#include "ai/dialect.h"
#include "base/fingerprint.h"

#define STAND_IN STR("aitap:")
#define S(text) { text, sizeof(text) - 1 }

struct credential {
	struct str scheme;	/* with its space: "Bearer "; empty where the value is bare */
	struct str secret;
	struct str rest;	/* of a signature: /date/region/service/aws4_request */
	enum credential_kind kind;
};

static const char *const kinds[] = {
	[CREDENTIAL_NONE] = "none", [CREDENTIAL_API_KEY] = "api_key", [CREDENTIAL_OAUTH] = "oauth",
	[CREDENTIAL_SIGV4] = "sigv4", [CREDENTIAL_CLOUD_TOKEN] = "cloud_token",
};

/* How a token begins tells what it is; a JSON Web Token is what clouds hand out. */
static enum credential_kind token_kind(struct str token)
{
	static const struct {
		const char *begins;
		enum credential_kind kind;
	} table[] = {
		{ "sk-ant-oat", CREDENTIAL_OAUTH }, { "gho_", CREDENTIAL_OAUTH }, { "ghu_", CREDENTIAL_OAUTH },
		{ "tid=", CREDENTIAL_OAUTH }, { "ya29.", CREDENTIAL_CLOUD_TOKEN }, { "eyJ", CREDENTIAL_CLOUD_TOKEN },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (str_starts(token, str_of(table[i].begins)))
			return table[i].kind;
	return CREDENTIAL_API_KEY;
}

static struct credential signature(struct str value)
{
	ptrdiff_t at = str_find(value, STR("Credential="));
	struct str scope = at < 0 ? (struct str){ "", 0 } : str_sub(value, (size_t)at + 11, value.n);
	struct credential c = { .scheme = str_sub(value, 0, at < 0 ? 0 : (size_t)at + 11), .kind = CREDENTIAL_SIGV4 };
	ptrdiff_t end = str_chr(scope, ','), slash;

	scope = str_trim(end < 0 ? scope : str_sub(scope, 0, (size_t)end));
	slash = str_chr(scope, '/');
	c.secret = slash < 0 ? scope : str_sub(scope, 0, (size_t)slash);
	c.rest = slash < 0 ? (struct str){ "", 0 } : str_sub(scope, (size_t)slash, scope.n);
	return c;
}

static struct credential parse(struct str value)
{
	struct credential c = { .scheme = { "", 0 }, .secret = value, .rest = { "", 0 } };
	ptrdiff_t space = str_chr(value, ' ');

	if (str_istarts(value, STR("AWS4-")))
		return signature(value);
	if (space > 0 && space < 16) {
		c.scheme = str_sub(value, 0, (size_t)space + 1);
		c.secret = str_trim(str_sub(value, (size_t)space + 1, value.n));
	}
	c.kind = token_kind(c.secret);
	return c;
}

static const struct str headers[] = {
	S("authorization"), S("x-api-key"), S("api-key"), S("x-goog-api-key"), S("ocp-apim-subscription-key"),
	S("x-portkey-api-key"),
	S("cf-aig-authorization"), S("xi-api-key"),
};

static const struct str secrets[] = {
	S("cookie"), S("set-cookie"), S("proxy-authorization"), S("x-amz-security-token"), S("helicone-auth"), S("x-auth-token"),
	S("x-forwarded-access-token"), S("x-csrf-token"), S("authentication"), S("x-goog-iam-authorization-token"),
};

static const struct str parameters[] = { S("key"), S("api-key"), S("api_key"), S("access_token"), S("token") };

static bool among(const struct str *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, list[i]))
			return true;
	return false;
}

#define AMONG(list, name) among(list, sizeof(list) / sizeof(*(list)), name)

bool credential_header(struct str name)
{
	return AMONG(headers, name) || AMONG(secrets, name);
}

bool credential_parameter(struct str name)
{
	return AMONG(parameters, name);
}

/* aitap:KIND:k1:0123456789abcdef */
static bool stand_in(struct str secret, enum credential_kind *ret_kind, struct str *ret_fingerprint)
{
	struct str rest = str_sub(secret, STAND_IN.n, secret.n), kind;

	if (!str_starts(secret, STAND_IN) || !str_split(&rest, ':', &kind) || rest.n < 4 ||
	    rest.n >= FINGERPRINT_MAX || rest.p[0] != 'k')
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!str_eq(kind, str_of(kinds[i])))
			continue;
		*ret_kind = (enum credential_kind)i;
		*ret_fingerprint = rest;
		return true;
	}
	return false;
}

static void take(const struct credential *c, const struct wants *wants, struct call *call)
{
	enum credential_kind kind = c->kind;
	struct str rest = c->rest, known;

	if (!c->secret.n)
		return;
	if (stand_in(c->secret, &kind, &known))
		STR_COPY(call->credential, known);
	else
		fingerprint(wants->secret, wants->secret_generation, c->secret, call->credential);
	call->credential_kind = (uint8_t)kind;
	/* /date/region/service/aws4_request */
	for (int i = 0; i < 3 && str_split(&rest, '/', &known); i++)
		if (i == 2 && c->kind == CREDENTIAL_SIGV4 && known.n)
			STR_COPY(call->region, known);
}

void credential_read(const struct head *head, const struct wants *wants, struct call *call)
{
	char text[512];

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers) && !call->credential_kind; i++) {
		struct str value = head_get(head, headers[i]);
		struct credential c = parse(value);
		if (value.n)
			take(&c, wants, call);
	}
	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters) && head->query.n && !call->credential_kind; i++) {
		struct credential c;
		if (!query_get(head->query, parameters[i].p, text, sizeof(text)))
			continue;
		c = parse(str_of(text));
		take(&c, wants, call);
	}
	explicit_bzero(text, sizeof(text));
}

int credential_stand_in(const struct wants *wants, struct str name, struct str value, struct buf *ret)
{
	struct credential c = parse(value);
	char known[FINGERPRINT_MAX];

	if (!AMONG(headers, name) && !AMONG(parameters, name))
		return buf_puts(ret, "aitap:dropped");
	fingerprint(wants->secret, wants->secret_generation, c.secret, known);
	buf_str(ret, c.scheme);
	buf_printf(ret, "aitap:%s:%s", kinds[c.kind], known);
	buf_str(ret, c.rest);
	return ret->error;
}
