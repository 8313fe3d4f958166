/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Do bytes begin an HTTP request? A connection that was not AI so far is looked
 * at again when one begins (RFC 9110 section 9.3, RFC 9113 section 3.4).
 */
#include "core.bpf.h"

#define WORD(a, b, c, d, e, f, g, h) \
	((u64)(a) | (u64)(b) << 8 | (u64)(c) << 16 | (u64)(d) << 24 | \
	 (u64)(e) << 32 | (u64)(f) << 40 | (u64)(g) << 48 | (u64)(h) << 56)

static __always_inline bool begins(u64 word, u64 seen, u64 method, u64 length)
{
	return !((word ^ method) & seen & (length < 8 ? (1ull << 8 * length) - 1 : ~0ull));
}

/*
 * Fewer bytes than a method has are enough if they agree with one, and so are
 * bytes that cannot be read: too much is reopened rather than too little.
 */
__noinline int begins_request(u64 from, u64 n)
{
	u64 word = 0, seen = ~0ull;

	if (n >= sizeof(word)) {
		if (bpf_probe_read_user(&word, sizeof(word), (void *)from))
			return true;
	} else {
		if (bpf_probe_read_user(&word, n & 7, (void *)from))
			return true;
		seen = (1ull << 8 * (n & 7)) - 1;
	}
	return begins(word, seen, WORD('P', 'O', 'S', 'T', ' ', 0, 0, 0), 5) ||
	       begins(word, seen, WORD('G', 'E', 'T', ' ', 0, 0, 0, 0), 4) ||
	       begins(word, seen, WORD('P', 'U', 'T', ' ', 0, 0, 0, 0), 4) ||
	       begins(word, seen, WORD('H', 'E', 'A', 'D', ' ', 0, 0, 0), 5) ||
	       begins(word, seen, WORD('P', 'A', 'T', 'C', 'H', ' ', 0, 0), 6) ||
	       begins(word, seen, WORD('D', 'E', 'L', 'E', 'T', 'E', ' ', 0), 7) ||
	       begins(word, seen, WORD('O', 'P', 'T', 'I', 'O', 'N', 'S', ' '), 8) ||
	       begins(word, seen, WORD('C', 'O', 'N', 'N', 'E', 'C', 'T', ' '), 8) ||
	       begins(word, seen, WORD('P', 'R', 'I', ' ', '*', ' ', 'H', 'T'), 8);
}
