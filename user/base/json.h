/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON into a buf, one value after another; commas are placed by
 * itself. Strings are escaped as RFC 8259 section 7 says; bytes that are not
 * UTF-8 become U+FFFD. Reading trees is json-c's work, skimming wire bodies ai/skim's.
 */
#ifndef AITAP_BASE_JSON_H
#define AITAP_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *to;
	bool comma;	/* a value stands before */
};

void json_open(struct json *, char bracket);	/* { or [ */
void json_close(struct json *, char bracket);	/* } or ] */
void json_key(struct json *, const char *key);
void json_str(struct json *, struct str);
void json_cstr(struct json *, const char *);	/* NULL gives null */
void json_u64(struct json *, uint64_t);
void json_i64(struct json *, int64_t);
void json_bool(struct json *, bool);
void json_null(struct json *);
void json_raw(struct json *, struct str);	/* a value that is JSON already */

#endif
