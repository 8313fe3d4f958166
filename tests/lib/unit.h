/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit test begins with: cmocka and its three prerequisites, and a walk over tables. */
#ifndef AITAP_TESTS_UNIT_H
#define AITAP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#define EACH(row, table) \
	for (size_t row##_i = 0; row##_i < sizeof(table) / sizeof((table)[0]); row##_i++) \
		for (__typeof__(&(table)[0]) row = &(table)[row##_i]; row; row = NULL)

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
