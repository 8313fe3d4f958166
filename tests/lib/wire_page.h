/* SPDX-License-Identifier: Apache-2.0 */
/* Input that ends where the next page cannot be read: one byte too far, and the test is over. */
#ifndef AITAP_TESTS_WIRE_PAGE_H
#define AITAP_TESTS_WIRE_PAGE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/limits.h"

/* A copy of bytes that ends where the next page cannot be read. */
static inline const uint8_t *page_guarded(const void *p, size_t n)
{
	static uint8_t *page;
	static const size_t size = MIB(1);

	if (!page) {
		page = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(page, MAP_FAILED);
		assert_int_equal(mprotect(page + size, 4096, PROT_NONE), 0);
	}
	if (n > size)
		return p;
	memcpy(page + size - n, p, n);
	return page + size - n;
}

#endif
