/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL 1.1.1 and programs that carry it whole keep "OpenSSL 1.1.1w  11 Sep
 * 2023" among their constants. A libssl.so.3 does not (libcrypto does): then
 * the symbol versions that it defines and needs give a lower bound.
 */
#include "tap/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

/* "3.0.22", "1_1_1": three numbers below 256; returns the characters read, 0 where it is something else. */
static size_t parse_triple(struct str s, char separator, uint8_t ret[3])
{
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		unsigned value = 0;
		size_t digits = 0;

		for (; at < s.n && isdigit((unsigned char)s.p[at]) && digits < 3; at++, digits++)
			value = value * 10 + (unsigned)(s.p[at] - '0');
		if (!digits || value > 255)
			return 0;
		ret[i] = (uint8_t)value;
		if (i < 2 && (at >= s.n || s.p[at++] != separator))
			return 0;
	}
	return at;
}

static bool parse_text(struct str s, enum version_maker maker, struct version *ret)
{
	struct version v = { .maker = maker };
	uint8_t triple[3];
	size_t n = parse_triple(s, '.', triple);

	if (!n)
		return false;
	if (str_starts(str_sub(s, n, s.n), STR(" (compatible; BoringSSL)"))) {
		v.maker = MAKER_BORINGSSL;
		snprintf(v.text, sizeof(v.text), "BoringSSL");
		*ret = v;
		return true;
	}
	if (n < s.n && islower((unsigned char)s.p[n]))	/* 1.1.1w */
		n++;
	/* LibreSSL's text ends with the number */
	if (n >= s.n || (s.p[n] != ' ' && s.p[n] != '-' && (s.p[n] || maker != MAKER_LIBRESSL)))
		return false;
	v.major = triple[0];
	v.minor = triple[1];
	v.patch = triple[2];
	snprintf(v.text, sizeof(v.text), "%s %.*s", maker == MAKER_LIBRESSL ? "LibreSSL" : "OpenSSL",
		 (int)n, s.p);
	*ret = v;
	return true;
}

/* elf_scan_fn */
static bool find_text(void *ctx, struct str bytes)
{
	static const struct {
		struct str word;
		enum version_maker maker;
	} makers[] = {
		{ { "OpenSSL ", 8 }, MAKER_OPENSSL },
		{ { "LibreSSL ", 9 }, MAKER_LIBRESSL },
	};

	for (size_t m = 0; m < 2; m++) {
		struct str rest = bytes;
		ptrdiff_t at;

		while ((at = str_find(rest, makers[m].word)) >= 0) {
			rest = str_sub(rest, (size_t)at + makers[m].word.n, rest.n);
			if (parse_text(rest, makers[m].maker, ctx))
				return true;
		}
	}
	return false;
}

/* elf_scan_fn: the highest OPENSSL_3.0.3 or OPENSSL_1_1_1 among the names of symbol versions */
static bool raise_bound(void *ctx, struct str bytes)
{
	struct version *best = ctx;
	struct str rest = bytes;
	ptrdiff_t at;

	while ((at = str_find(rest, STR("OPENSSL_"))) >= 0) {
		uint8_t v[3];

		rest = str_sub(rest, (size_t)at + 8, rest.n);
		if (!parse_triple(rest, '.', v) && !parse_triple(rest, '_', v))
			continue;
		if ((v[0] << 16 | v[1] << 8 | v[2]) > (best->major << 16 | best->minor << 8 | best->patch)) {
			best->major = v[0];
			best->minor = v[1];
			best->patch = v[2];
		}
	}
	return false;
}

int version_of(struct elf_file *file, struct version *ret)
{
	struct version v = { 0 };

	if (elf_file_scan(file, ".rodata", find_text, &v) != 1) {
		v = (struct version){ .maker = MAKER_OPENSSL };
		if (elf_file_scan(file, ".dynstr", raise_bound, &v) < 0 || !v.major)
			return -ENOENT;
		snprintf(v.text, sizeof(v.text), "OpenSSL %d.%d.%d or newer", v.major, v.minor, v.patch);
	}
	*ret = v;
	return 0;
}
