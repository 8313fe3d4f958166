/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

size_t decimal_text(__int128 value, int scale, char ret[static DECIMAL_MAX])
{
	char digits[DECIMAL_MAX];
	size_t at = sizeof(digits);
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	int place = 0;
	bool kept = false;	/* a digit behind the point that is not a trailing zero */

	for (; place < scale || rest; place++, rest /= 10) {
		if (place == scale && kept)
			digits[--at] = '.';
		if (place >= scale || kept || rest % 10) {
			digits[--at] = (char)('0' + (int)(rest % 10));
			kept = true;
		}
	}
	if (place == scale) {
		if (kept)
			digits[--at] = '.';
		digits[--at] = '0';
	}
	if (value < 0)
		digits[--at] = '-';

	size_t n = sizeof(digits) - at;
	memcpy(ret, digits + at, n);
	ret[n] = '\0';
	return n;
}

static bool digit(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* e[+-]digits at *at; clamped far beyond what any scale can hold */
static bool exponent(struct str s, size_t *at, int *ret)
{
	int sign = 1, power = 0;
	size_t i = *at + 1;

	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		sign = s.p[i++] == '-' ? -1 : 1;
	if (!digit(s, i))
		return false;
	for (; digit(s, i); i++)
		power = power < 1000 ? power * 10 + (s.p[i] - '0') : power;
	*at = i;
	*ret = sign * power;
	return true;
}

/* magnitude * 10^power; zero stays zero whatever the power */
static int shift(uint64_t magnitude, int power, uint64_t *ret)
{
	for (; magnitude && power > 0; power--)
		if (__builtin_mul_overflow(magnitude, 10, &magnitude))
			return -ERANGE;
	for (; magnitude && power < 0; power++) {
		if (magnitude % 10)
			return -ERANGE;
		magnitude /= 10;
	}
	*ret = magnitude;
	return 0;
}

int decimal_parse(struct str s, int scale, int64_t *ret)
{
	bool negative = s.n && s.p[0] == '-', point = false;
	size_t i = negative;
	uint64_t magnitude = 0;
	int power = scale, zeros = 0, e = 0;

	if (!digit(s, i))
		return -EINVAL;
	for (; i < s.n; i++) {
		if (s.p[i] == '.' && !point && digit(s, i + 1)) {
			point = true;
			continue;
		}
		if (!digit(s, i))
			break;
		power -= point;
		zeros++;
		/* zeros wait until a digit follows, so that a long tail of them overflows nothing */
		if (s.p[i] == '0')
			continue;
		for (; zeros; zeros--)
			if (__builtin_mul_overflow(magnitude, 10, &magnitude))
				return -ERANGE;
		if (__builtin_add_overflow(magnitude, (uint64_t)(s.p[i] - '0'), &magnitude))
			return -ERANGE;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E') && !exponent(s, &i, &e))
		return -EINVAL;
	if (i != s.n)
		return -EINVAL;
	int error = shift(magnitude, power + zeros + e, &magnitude);
	if (error)
		return error;
	if (magnitude > (uint64_t)INT64_MAX)
		return -ERANGE;
	*ret = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return 0;
}
