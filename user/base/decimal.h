/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact decimal text of scaled integers: 665000000 at scale 12 is "0.000665".
 * No exponent, no rounding, no locale; trailing zeros are trimmed, and so is a
 * point that nothing follows.
 */
#ifndef AITAP_BASE_DECIMAL_H
#define AITAP_BASE_DECIMAL_H

#include <stdint.h>

#include "base/str.h"

#define DECIMAL_PICO 12		/* USD are kept as 1e-12 */
#define DECIMAL_NANO 9
#define DECIMAL_MILLI 3
#define DECIMAL_MAX 64		/* any 128-bit integer with sign, point, leading zero and NUL */

/* Returns the length; scale is 0 to 18. */
size_t decimal_text(__int128 value, int scale, char ret[static DECIMAL_MAX]);

/*
 * [-]digits[.digits][e[+-]digits] to value * 10^scale. -EINVAL for anything
 * else, -ERANGE where the result does not fit or has digits below the scale.
 */
int decimal_parse(struct str, int scale, int64_t *ret);

#endif
