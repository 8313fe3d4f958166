/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fingerprint.h"

#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

static void hex(const uint8_t *bytes, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	ret[2 * n] = 0;
}

static void keyed(char letter, const uint8_t *secret, uint32_t generation, struct str text, char *ret)
{
	struct hmac_sha256_ctx hmac;
	uint8_t digest[8];
	char digits[17];

	hmac_sha256_set_key(&hmac, FINGERPRINT_SECRET, secret);
	hmac_sha256_update(&hmac, text.n, (const uint8_t *)text.p);
	hmac_sha256_digest(&hmac, sizeof(digest), digest);
	hex(digest, sizeof(digest), digits);
	snprintf(ret, FINGERPRINT_MAX, "%c%u:%s", letter, generation % 100000, digits);
	explicit_bzero(&hmac, sizeof(hmac));
}

void fingerprint(const uint8_t secret[static FINGERPRINT_SECRET], uint32_t generation, struct str credential,
		 char ret[static FINGERPRINT_MAX])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	char digits[2 * SHA256_DIGEST_SIZE + 1];
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, credential.n, (const uint8_t *)credential.p);
	sha256_digest(&sha, sizeof(digest), digest);
	hex(digest, sizeof(digest), digits);
	keyed('k', secret, generation, str_of(digits), ret);
	explicit_bzero(&sha, sizeof(sha));
	explicit_bzero(digits, sizeof(digits));
	explicit_bzero(digest, sizeof(digest));
}

void fingerprint_person(const uint8_t secret[static FINGERPRINT_SECRET], uint32_t generation, struct str name,
			char ret[static FINGERPRINT_MAX])
{
	keyed('u', secret, generation, name, ret);
}
