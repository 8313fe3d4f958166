/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expected values were made by another program:
 *	printf %s CREDENTIAL | sha256sum | cut -c1-64 | tr -d '\n' | openssl dgst -sha256 -mac HMAC -macopt hexkey:SECRET
 */
#include "tests/lib/unit.h"

#include "base/fingerprint.h"

static void test_credentials(void **state)
{
	static const uint8_t zeros[FINGERPRINT_SECRET];
	static const uint8_t secret[FINGERPRINT_SECRET] = "0123456789abcdef0123456789abcde";
	static const struct { const uint8_t *secret; uint32_t generation; const char *credential, *id; } table[] = {
		{ zeros, 1, "sk-abc", "k1:7774e67bd720182d" },
		{ secret, 7, "sk-abc", "k7:6a6d9cae0422d05f" },
		{ secret, 99999, "", "k99999:2f5d6bae4e25e1ac" },
	};
	char id[FINGERPRINT_MAX];

	(void)state;
	EACH(row, table) {
		fingerprint(row->secret, row->generation, str_of(row->credential), id);
		assert_string_equal(id, row->id);
	}
}

static void test_people(void **state)
{
	static const uint8_t secret[FINGERPRINT_SECRET] = "0123456789abcdef0123456789abcde";
	char id[FINGERPRINT_MAX], other[FINGERPRINT_MAX];

	(void)state;
	fingerprint_person(secret, 7, STR("ann@example.com"), id);
	assert_string_equal(id, "u7:54338cad9af50b6e");
	fingerprint(secret, 7, STR("ann@example.com"), other);
	assert_string_not_equal(id + 1, other + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_credentials), cmocka_unit_test(test_people) };

	return RUN(tests);
}
