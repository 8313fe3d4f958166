/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a trace file, shared by its writer and its reader and by nobody else; told in trace.c. */
#ifndef AITAP_FEED_TRACE_LAYOUT_H
#define AITAP_FEED_TRACE_LAYOUT_H

#include <stdint.h>

#define TRACE_MAGIC "aitaptr\n"		/* without its NUL */
#define TRACE_VERSION 1u
#define TRACE_BLOCK_MAGIC 0x6b6c4274u	/* "tBlk" */
#define TRACE_SCRUBBED 0x0001

struct trace_file_head {
	char magic[8];
	uint32_t version;
	uint16_t abi;
	uint16_t flags;
	uint8_t boot_id[16];
	char arch[16];
	char node[64];
	uint32_t crc;
	uint32_t reserved;
};

enum trace_block_kind { TRACE_ANCHOR = 1, TRACE_EVENTS = 2, TRACE_END = 3 };

struct trace_block {
	uint32_t magic;
	uint32_t kind;		/* enum trace_block_kind; others are skipped */
	uint32_t size;
	uint32_t crc;
};

struct trace_entry {
	uint32_t ring;
	uint32_t reserved;
};

_Static_assert(sizeof(struct trace_file_head) == 120 && sizeof(struct trace_block) == 16 && sizeof(struct trace_entry) == 8,
	       "a trace has no padding of its own");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "events and traces are little-endian");

#endif
