/* SPDX-License-Identifier: Apache-2.0 */
/* From the skeleton to programs in the kernel: which of them this kernel can have is tried, never guessed by version. */
#ifndef AITAP_TAP_LOAD_H
#define AITAP_TAP_LOAD_H

#include <stdint.h>

#include "base/buf.h"
#include "tap/tap.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#include "skel/aitap.skel.h"

/*
 * Loads the programs of the best mode that works, or of the one asked for. On
 * failure ret_reason has what is missing and the mend, as one line.
 */
int load_programs(const struct tap_config *, struct buf *ret_reason, enum tap_mode *ret_mode, struct aitap_bpf **ret);

/* The bytes of stack that the largest function of a loaded program uses. */
unsigned int load_stack(const struct bpf_program *);

/* Why this process or kernel cannot do it, in words. */
void load_reason(int error, struct buf *ret);

#endif
