/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program or library file says of itself: symbols, where an address
 * stands in the file, build id, the bytes of its sections. Files come from
 * containers that may be hostile, so nothing is mapped (a file that shrinks
 * under a mapping is a SIGBUS): libelf and we read with pread, and sizes are
 * judged before they are believed. It decides nothing. One owner, one thread.
 */
#ifndef AITAP_TAP_ELF_H
#define AITAP_TAP_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct elf_file;

enum elf_arch { ELF_ARCH_X86_64 = 1, ELF_ARCH_ARM64 };

struct elf_symbol {
	uint64_t address;	/* virtual; 0: not there */
	uint64_t size;		/* 0: the table does not say */
};

/*
 * fd stays the caller's and must outlive the file. -ENOEXEC: not ELF; -ENOTSUP: not 64-bit
 * x86-64 or arm64 code; -EFBIG: above a ceiling; -EBADMSG: malformed.
 */
int elf_file_open(int fd, struct elf_file **ret);
struct elf_file *elf_file_close(struct elf_file *);
enum elf_arch elf_file_arch(const struct elf_file *);
bool elf_file_is_program(const struct elf_file *);	/* it names an interpreter, or stands at a fixed address */

/* Looks for defined functions, in the dynamic table first, then in the full one; returns how many were found. */
int elf_file_find(struct elf_file *, const char *const names[], size_t n, struct elf_symbol ret[]);
/* Does a function start there whose global name is another one? */
bool elf_file_is_other(struct elf_file *, uint64_t address, const char *name);
/* -ENOENT where no executable part of the file is mapped there. */
int elf_file_offset(const struct elf_file *, uint64_t address, uint64_t *ret);
/* Copies at most size bytes of code from an address on; returns how many there were. */
int elf_file_code(const struct elf_file *, uint64_t address, void *ret, size_t size);
int elf_file_build_id(struct elf_file *, uint8_t *ret, size_t size);	/* its length; 0 where there is none */

/*
 * Shows a section's bytes piece by piece, each beginning with the last ELF_SCAN_OVERLAP bytes of the
 * one before, until fn returns true: 1 then, else 0; -ENOENT where there is no such section.
 */
#define ELF_SCAN_OVERLAP 64
typedef bool (*elf_scan_fn)(void *ctx, struct str bytes);
int elf_file_scan(struct elf_file *, const char *section, elf_scan_fn, void *ctx);

#endif
