/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table that comes with the program, as a file inside it. .incbin keeps it
 * out of the C compiler, which would need seconds for an array of its size. The
 * path is the build's working directory's, as every path of the Makefile.
 */
#include "money/price.h"

__asm__(".pushsection .rodata.prices, \"a\"\n"
	".globl aitap_prices_begin, aitap_prices_end\n"
	".hidden aitap_prices_begin, aitap_prices_end\n"
	"aitap_prices_begin:\n"
	".incbin \"tools/prices/prices.json\"\n"
	"aitap_prices_end:\n"
	".popsection\n");

extern const char aitap_prices_begin[], aitap_prices_end[];

int prices_builtin(struct prices **ret, struct buf *error)
{
	/* the linker makes one object of both */
	/* cppcheck-suppress comparePointers */
	struct str text = { aitap_prices_begin, (size_t)(aitap_prices_end - aitap_prices_begin) };

	return prices_parse(text, "built-in prices", ret, error);
}
