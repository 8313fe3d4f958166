/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name under which a credential is known: "k1:" and 16 hex digits of
 * HMAC-SHA256(fleet secret, hex(sha256(credential))), 1 being the secret's
 * generation. The same everywhere: what the wire carries, what `aitap key` prints.
 */
#ifndef AITAP_BASE_FINGERPRINT_H
#define AITAP_BASE_FINGERPRINT_H

#include <stdint.h>

#include "base/str.h"

#define FINGERPRINT_SECRET 32
#define FINGERPRINT_MAX 24	/* "k99999:", 16 digits and NUL */

void fingerprint(const uint8_t secret[static FINGERPRINT_SECRET], uint32_t generation, struct str credential,
		 char ret[static FINGERPRINT_MAX]);
/* A person or an account: "u1:" and 16 hex digits of HMAC-SHA256(fleet secret, name). */
void fingerprint_person(const uint8_t secret[static FINGERPRINT_SECRET], uint32_t generation, struct str name,
			char ret[static FINGERPRINT_MAX]);

#endif
