/* SPDX-License-Identifier: Apache-2.0 */
/* In which line of a JSON text something stands: json-c's trees do not know. */
#ifndef AITAP_MONEY_PLACE_H
#define AITAP_MONEY_PLACE_H

#include "base/str.h"

#define PLACE_KEY SIZE_MAX

/*
 * The line, from 1, of the nth element of the list or object under a key of the
 * outermost object; PLACE_KEY: of the key itself. The text is well-formed JSON;
 * key NULL or what is not found is line 1.
 */
size_t place_line(struct str json, const char *key, size_t n);

#endif
