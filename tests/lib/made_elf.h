/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small ELF file made in memory: one executable segment, functions by name in
 * .dynsym, constants in .rodata, a build id. Code goes to MADE_ADDRESS on, and a
 * symbol without an address is one that the file needs from elsewhere.
 */
#ifndef AITAP_TESTS_MADE_ELF_H
#define AITAP_TESTS_MADE_ELF_H

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MADE_ADDRESS 0x401000ull
#define MADE_OFFSET 0x400ull	/* in the file */
#define MADE_MAX (1 << 20)

struct made_symbol {
	const char *name;
	uint64_t at;	/* in the code; MADE_NEEDED: undefined */
	uint64_t size;
};
#define MADE_NEEDED (~0ull)

struct made_elf {
	uint16_t machine;	/* 0: EM_X86_64 */
	const void *code;
	size_t code_size;
	const void *rodata;
	size_t rodata_size;
	struct made_symbol symbols[16];	/* up to a NULL name */
};

struct made_file {
	uint8_t *p;
	size_t n;
};

enum { MADE_NULL, MADE_TEXT, MADE_RODATA, MADE_DYNSYM, MADE_DYNSTR, MADE_NOTE, MADE_SHSTRTAB, MADE_SECTIONS };

static inline size_t made_put(struct made_file *f, const void *p, size_t n, size_t align)
{
	size_t at = (f->n + align - 1) / align * align;

	if (at + n > MADE_MAX)
		abort();
	if (n)
		memcpy(f->p + at, p, n);
	f->n = at + n;
	return at;
}

static inline void made_symbols(const struct made_elf *elf, struct made_file *f, Elf64_Shdr *sections)
{
	char names[1024] = "";
	size_t n_names = 1;
	Elf64_Sym table[17] = { { 0 } };
	size_t n = 1;

	for (const struct made_symbol *s = elf->symbols; s->name; s++, n++) {
		table[n].st_name = (Elf64_Word)n_names;
		table[n].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
		table[n].st_shndx = s->at == MADE_NEEDED ? SHN_UNDEF : MADE_TEXT;
		table[n].st_value = s->at == MADE_NEEDED ? 0 : MADE_ADDRESS + s->at;
		table[n].st_size = s->size;
		n_names += (size_t)snprintf(names + n_names, sizeof(names) - n_names, "%s", s->name) + 1;
	}
	sections[MADE_DYNSYM] = (Elf64_Shdr){ .sh_name = 15, .sh_type = SHT_DYNSYM, .sh_link = MADE_DYNSTR,
		.sh_offset = made_put(f, table, n * sizeof(*table), 8), .sh_size = n * sizeof(*table),
		.sh_entsize = sizeof(*table) };
	sections[MADE_DYNSTR] = (Elf64_Shdr){ .sh_name = 23, .sh_type = SHT_STRTAB,
		.sh_offset = made_put(f, names, n_names, 8), .sh_size = n_names };
}

/* free() its p. */
static inline struct made_file made_elf(const struct made_elf *elf)
{
	static const char names[] = "\0.text\0.rodata\0.dynsym\0.dynstr\0.note.gnu.build-id\0.shstrtab";
	static const struct { Elf64_Nhdr head; char name[4]; uint8_t id[4]; } note = {
		{ 4, 4, NT_GNU_BUILD_ID }, "GNU", { 0xde, 0xad, 0xbe, 0xef } };
	struct made_file f = { calloc(1, MADE_MAX), MADE_OFFSET };
	Elf64_Shdr sections[MADE_SECTIONS] = { { 0 } };
	Elf64_Ehdr head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN, .e_machine = elf->machine ? elf->machine : EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(head), .e_ehsize = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = MADE_SECTIONS, .e_shstrndx = MADE_SHSTRTAB };
	Elf64_Phdr load = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = MADE_OFFSET,
		.p_vaddr = MADE_ADDRESS, .p_filesz = elf->code_size, .p_memsz = elf->code_size };

	sections[MADE_TEXT] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = MADE_ADDRESS,
		.sh_offset = made_put(&f, elf->code, elf->code_size, 1), .sh_size = elf->code_size };
	sections[MADE_RODATA] = (Elf64_Shdr){ .sh_name = 7, .sh_type = SHT_PROGBITS,
		.sh_offset = made_put(&f, elf->rodata, elf->rodata_size, 8), .sh_size = elf->rodata_size };
	made_symbols(elf, &f, sections);
	sections[MADE_NOTE] = (Elf64_Shdr){ .sh_name = 31, .sh_type = SHT_NOTE, .sh_addralign = 4,
		.sh_offset = made_put(&f, &note, sizeof(note), 4), .sh_size = sizeof(note) };
	sections[MADE_SHSTRTAB] = (Elf64_Shdr){ .sh_name = 50, .sh_type = SHT_STRTAB,
		.sh_offset = made_put(&f, names, sizeof(names), 1), .sh_size = sizeof(names) };
	head.e_shoff = made_put(&f, sections, sizeof(sections), 8);
	memcpy(f.p, &head, sizeof(head));
	memcpy(f.p + sizeof(head), &load, sizeof(load));
	return f;
}

/* A file without a name that holds these bytes. */
static inline int made_fd(const void *p, size_t n)
{
	int fd = memfd_create("made", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	return fd;
}

static inline int made_elf_fd(const struct made_elf *elf)
{
	struct made_file f = made_elf(elf);
	int fd = made_fd(f.p, f.n);

	free(f.p);
	return fd;
}

/*
 * The shape of libssl 3: both exported functions of a side call one internal
 * function with their own arguments. 16 bytes each: write, write_ex, read,
 * read_ex, the two internals, the rest.
 */
#define MADE_SLOT 16
#define MADE_CALL(from, to) 0x55, 0xe8, ((to) - (from)) * MADE_SLOT - 6, ((to) < (from) ? 0xff : 0), \
	((to) < (from) ? 0xff : 0), ((to) < (from) ? 0xff : 0), 0x5d, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90
#define MADE_PLAIN 0x41, 0x57, 0x31, 0xc0, 0x41, 0x5f, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90
static const uint8_t made_libssl_code[] = {
	MADE_CALL(0, 4), MADE_CALL(1, 4), MADE_CALL(2, 5), MADE_CALL(3, 5), MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN,
};
#define MADE_FUNCTION(name, slot) { name, (slot) * MADE_SLOT, MADE_SLOT }
#define MADE_LIBSSL { \
	.code = made_libssl_code, .code_size = sizeof(made_libssl_code), \
	.rodata = "\0OpenSSL 3.1.4 24 Oct 2023", .rodata_size = 27, \
	.symbols = { MADE_FUNCTION("SSL_write@@OPENSSL_3.0.0", 0), MADE_FUNCTION("SSL_write_ex", 1), \
		     MADE_FUNCTION("SSL_read", 2), MADE_FUNCTION("SSL_read_ex", 3), MADE_FUNCTION("SSL_new", 6), \
		     MADE_FUNCTION("SSL_free", 7) } }

#endif
