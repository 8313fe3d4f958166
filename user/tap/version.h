/* SPDX-License-Identifier: Apache-2.0 */
/* Which library a file carries and how old it is, by the text that it keeps of itself. Keeps nothing. */
#ifndef AITAP_TAP_VERSION_H
#define AITAP_TAP_VERSION_H

#include <stdint.h>

#include "tap/elf.h"

enum version_maker { MAKER_UNKNOWN, MAKER_OPENSSL, MAKER_LIBRESSL, MAKER_BORINGSSL };

struct version {
	enum version_maker maker;
	uint8_t major, minor, patch;
	char text[48];		/* "OpenSSL 3.0.22", "OpenSSL 3.0.3 or newer" */
};

int version_of(struct elf_file *, struct version *ret);	/* -ENOENT where nothing tells */

#endif
