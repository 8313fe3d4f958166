/* SPDX-License-Identifier: Apache-2.0 */
/* Text to a small number: ids and aliases of teams, people. Copies the text; has a ceiling on entries. */
#ifndef AITAP_WHO_NAMES_H
#define AITAP_WHO_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"

struct names {
	struct map map;
	size_t n;
	size_t ceiling;
};

#define NAMES(max) ((struct names){ .map = MAP(max), .ceiling = (max) })

int names_put(struct names *, struct str name, uint32_t value);	/* -EEXIST, -ENOSPC, -ENOMEM */
bool names_get(const struct names *, struct str name, uint32_t *ret);
void names_done(struct names *);

#endif
