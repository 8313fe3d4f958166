/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and the lines that it stands in, which json-c's trees do not know. */
#ifndef AITAP_MONEY_PLACE_H
#define AITAP_MONEY_PLACE_H

#include <json-c/json.h>

#include "base/str.h"

#define PLACE_KEY SIZE_MAX

/*
 * The line, from 1, of the nth element of the list or object under a key of the
 * outermost object; PLACE_KEY: of the key itself. The text is well-formed JSON;
 * key NULL or what is not found is line 1.
 */
size_t place_line(struct str json, const char *key, size_t n);
/* The whole text as one tree, the caller's; NULL: it is not JSON, from which line on, and why. */
struct json_object *place_parse(struct str json, size_t *ret_line, const char **ret_why);

#endif
