/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "pipeline/identity.h"

static const uint8_t boot[16] = "one boot", other_boot[16] = "another one";

static void id_of(int64_t wall_ns, const uint8_t *boot_id, uint64_t conn, uint32_t exchange, uint16_t part, char *ret)
{
	static struct call call;

	call.conn_id = conn;
	call.exchange = exchange;
	call.part = part;
	identity(wall_ns, boot_id, &call, ret);
}

static void test_sorts_by_time(void **state)
{
	static const int64_t times[] = { 0, 1000000, 999999999999, 1767225600000000000, 1767225600001000000, 4102444800000000000 };
	char last[RECORD_ID_MAX] = "", id[RECORD_ID_MAX];

	(void)state;
	EACH(time, times) {
		id_of(*time, boot, 1, 0, 0, id);
		assert_int_equal(strlen(id), 26);
		assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
		assert_true(strcmp(last, id) < 0);
		strcpy(last, id);
	}
	/* 1767225600000 ms */
	id_of(1767225600000000000, boot, 1, 0, 0, id);
	id[10] = 0;
	assert_string_equal(id, "01KDVDNA00");
}

static void test_is_derived_from_what_the_call_is(void **state)
{
	char id[RECORD_ID_MAX], again[RECORD_ID_MAX], other[RECORD_ID_MAX];
	struct call call = { .conn_id = 1 };

	(void)state;
	id_of(5000000, boot, 1, 0, 0, id);
	id_of(5000000, boot, 1, 0, 0, again);
	assert_string_equal(id, again);
	id_of(5000000, other_boot, 1, 0, 0, other);
	assert_string_not_equal(id, other);
	id_of(5000000, boot, 2, 0, 0, other);
	assert_string_not_equal(id, other);
	id_of(5000000, boot, 1, 1, 0, other);
	assert_string_not_equal(id, other);
	id_of(5000000, boot, 1, 0, 1, other);
	assert_string_not_equal(id, other);
	/* what was learnt of it does not matter */
	strcpy(call.model, "gpt-4o");
	call.status = 200;
	identity(5000000, boot, &call, other);
	assert_string_equal(id, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorts_by_time), cmocka_unit_test(test_is_derived_from_what_the_call_is),
	};

	return RUN(tests);
}
