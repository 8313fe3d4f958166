/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libelf is opened for plain reading, so that it uses pread and loads only the
 * sections that are asked for: of a 100 MB node binary that is its symbol and
 * string tables. Before a section is loaded its size is held against a
 * ceiling; before the file is opened at all its header is, because libelf
 * allocates for as many sections as the header claims.
 */
#include "tap/elf.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#define SEGMENTS 32
#define WINDOW KIB(256)

struct segment {
	uint64_t address, offset, size;
};

struct elf_file {
	int fd;
	uint64_t size;
	Elf *elf;
	enum elf_arch arch;
	bool program;
	size_t n_segments;
	struct segment segments[SEGMENTS];	/* executable ones */
};

DEFINE_FREEP(struct elf_file, elf_file_close)

/* Like pread, but all or nothing. */
static int read_at(int fd, void *to, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int check_header(int fd, uint64_t size, struct elf_file *file)
{
	Elf64_Ehdr header;
	int error;

	if (size < sizeof(header))
		return -ENOEXEC;
	error = read_at(fd, &header, sizeof(header), 0);
	if (error)
		return error;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64))
		return -ENOTSUP;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return -ENOTSUP;
	if (header.e_shnum && header.e_shentsize != sizeof(Elf64_Shdr))
		return -EBADMSG;
	/* 0 with a table means more than 65,279 sections, told elsewhere: no program has those */
	if (!header.e_shnum && header.e_shoff)
		return -EFBIG;
	file->arch = header.e_machine == EM_X86_64 ? ELF_ARCH_X86_64 : ELF_ARCH_ARM64;
	file->program = header.e_type == ET_EXEC;
	return 0;
}

static int read_segments(struct elf_file *file)
{
	size_t n;

	if (elf_getphdrnum(file->elf, &n))
		return -EBADMSG;
	for (size_t i = 0; i < n && file->n_segments < SEGMENTS; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(file->elf, (int)i, &p))
			return -EBADMSG;
		file->program |= p.p_type == PT_INTERP;
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X))
			continue;
		if (p.p_offset > file->size || p.p_filesz > file->size - p.p_offset ||
		    p.p_vaddr + p.p_filesz < p.p_vaddr)
			return -EBADMSG;
		file->segments[file->n_segments++] =
			(struct segment){ p.p_vaddr, p.p_offset, p.p_filesz };
	}
	return 0;
}

int elf_file_open(int fd, struct elf_file **ret)
{
	_cleanup_(elf_file_closep) struct elf_file *file = mem_new(sizeof(*file));
	struct stat st;
	int error;

	if (!file)
		return -ENOMEM;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOEXEC;
	if ((uint64_t)st.st_size > LIMIT_ELF)
		return -EFBIG;
	file->fd = fd;
	file->size = (uint64_t)st.st_size;
	error = check_header(fd, file->size, file);
	if (error)
		return error;
	elf_version(EV_CURRENT);
	file->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF)
		return -EBADMSG;
	error = read_segments(file);
	if (error)
		return error;
	*ret = TAKE_PTR(file);
	return 0;
}

struct elf_file *elf_file_close(struct elf_file *file)
{
	if (!file)
		return NULL;
	elf_end(file->elf);
	return mem_free(file);
}

enum elf_arch elf_file_arch(const struct elf_file *file)
{
	return file->arch;
}

bool elf_file_is_program(const struct elf_file *file)
{
	return file->program;
}

/* ---- sections */

static Elf_Data *load(struct elf_file *file, Elf_Scn *section, uint32_t *ret_link)
{
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
	    header.sh_size > LIMIT_ELF_TABLE || header.sh_offset > file->size ||
	    header.sh_size > file->size - header.sh_offset)
		return NULL;
	if (ret_link)
		*ret_link = header.sh_link;
	return elf_getdata(section, NULL);
}

struct table {
	Elf_Data *symbols;
	Elf_Data *names;
	size_t n;
};

static int load_table(struct elf_file *file, uint32_t type, struct table *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		struct table table = { 0 };
		uint32_t link = 0;

		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		table.symbols = load(file, section, &link);
		table.names = load(file, elf_getscn(file->elf, link), NULL);
		if (!table.symbols || !table.symbols->d_buf || !table.names || !table.names->d_buf)
			return -EBADMSG;
		table.n = table.symbols->d_size / sizeof(Elf64_Sym);
		*ret = table;
		return 0;
	}
	return -ENOENT;
}

/* The name without its version suffix; false where the table lies. */
static bool symbol_name(const struct table *table, const GElf_Sym *symbol, struct str *ret)
{
	const char *names = table->names->d_buf;
	size_t n = table->names->d_size;
	struct str name;
	ptrdiff_t at;

	if (symbol->st_name >= n)
		return false;
	name.p = names + symbol->st_name;
	name.n = strnlen(name.p, n - symbol->st_name);
	at = str_chr(name, '@');
	*ret = at >= 0 ? str_sub(name, 0, (size_t)at) : name;
	return true;
}

static bool defined_function(const struct table *table, size_t i, GElf_Sym *ret)
{
	return gelf_getsym(table->symbols, (int)i, ret) && GELF_ST_TYPE(ret->st_info) == STT_FUNC &&
	       ret->st_shndx != SHN_UNDEF && ret->st_value;
}

static int find_in(const struct table *table, const char *const names[], size_t n, struct elf_symbol to[])
{
	int found = 0;

	for (size_t i = 0; i < table->n; i++) {
		GElf_Sym symbol;
		struct str name;

		if (!defined_function(table, i, &symbol) || !symbol_name(table, &symbol, &name))
			continue;
		for (size_t k = 0; k < n; k++) {
			if (to[k].address || !str_eq(name, str_of(names[k])))
				continue;
			to[k] = (struct elf_symbol){ symbol.st_value, symbol.st_size };
			found++;
		}
	}
	return found;
}

int elf_file_find(struct elf_file *file, const char *const names[], size_t n, struct elf_symbol ret[])
{
	static const uint32_t types[] = { SHT_DYNSYM, SHT_SYMTAB };
	size_t found = 0;

	memset(ret, 0, n * sizeof(*ret));
	for (size_t i = 0; i < 2 && found < n; i++) {
		struct table table;
		int error = load_table(file, types[i], &table);

		if (error == -ENOENT)
			continue;
		if (error)
			return error;
		found += (size_t)find_in(&table, names, n, ret);
		/* what the library exports is all that its users can call */
		if (found)
			break;
	}
	return (int)found;
}

static bool has_other_name(const struct table *table, uint64_t address, struct str expected)
{
	for (size_t i = 0; i < table->n; i++) {
		GElf_Sym symbol;
		struct str name;

		if (defined_function(table, i, &symbol) && symbol.st_value == address &&
		    GELF_ST_BIND(symbol.st_info) != STB_LOCAL && symbol_name(table, &symbol, &name) &&
		    !str_eq(name, expected))
			return true;
	}
	return false;
}

bool elf_file_is_other(struct elf_file *file, uint64_t address, const char *name)
{
	struct table table;

	return (!load_table(file, SHT_DYNSYM, &table) && has_other_name(&table, address, str_of(name))) ||
	       (!load_table(file, SHT_SYMTAB, &table) && has_other_name(&table, address, str_of(name)));
}

/* ---- addresses */

static const struct segment *segment_of(const struct elf_file *file, uint64_t address)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const struct segment *s = &file->segments[i];

		if (address >= s->address && address - s->address < s->size)
			return s;
	}
	return NULL;
}

int elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *ret)
{
	const struct segment *s = segment_of(file, address);

	if (!s)
		return -ENOENT;
	*ret = s->offset + (address - s->address);
	return 0;
}

int elf_file_code(const struct elf_file *file, uint64_t address, void *ret, size_t size)
{
	const struct segment *s = segment_of(file, address);
	int error;

	if (!s)
		return -ENOENT;
	if (size > s->size - (address - s->address))
		size = s->size - (address - s->address);
	error = read_at(file->fd, ret, size, s->offset + (address - s->address));
	return error ? error : (int)size;
}

/* ---- identity */

static int build_id_in(Elf_Data *notes, uint8_t *to, size_t size)
{
	GElf_Nhdr note;
	size_t at = 0, name, text;

	while ((at = gelf_getnote(notes, at, &note, &name, &text)) > 0) {
		const char *bytes = notes->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name, "GNU", 4) || note.n_descsz > size)
			continue;
		memcpy(to, bytes + text, note.n_descsz);
		return (int)note.n_descsz;
	}
	return 0;
}

int elf_file_build_id(struct elf_file *file, uint8_t *ret, size_t size)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		Elf_Data *notes;
		int n;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE)
			continue;
		notes = load(file, section, NULL);
		if (!notes || !notes->d_buf)
			continue;
		n = build_id_in(notes, ret, size);
		if (n)
			return n;
	}
	return 0;
}

/* ---- sections by name */

static int find_section(struct elf_file *file, const char *name, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names) || !load(file, elf_getscn(file->elf, names), NULL))
		return -ENOENT;
	while ((section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		const char *text;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		text = elf_strptr(file->elf, names, header.sh_name);
		if (text && str_eq(str_of(text), str_of(name))) {
			*ret = header;
			return 0;
		}
	}
	return -ENOENT;
}

/* In windows: .rodata may be as large as the file. */
int elf_file_scan(struct elf_file *file, const char *section, elf_scan_fn fn, void *ctx)
{
	_cleanup_free_ char *window = mem_new(WINDOW);
	GElf_Shdr header;
	uint64_t at = 0;
	int error = find_section(file, section, &header);

	if (error)
		return error;
	if (!window)
		return -ENOMEM;
	if (header.sh_offset > file->size || header.sh_size > file->size - header.sh_offset)
		return -EBADMSG;
	while (at < header.sh_size) {
		size_t n = header.sh_size - at < WINDOW ? header.sh_size - at : WINDOW;

		error = read_at(file->fd, window, n, header.sh_offset + at);
		if (error)
			return error;
		if (fn(ctx, (struct str){ window, n }))
			return 1;
		if (n < WINDOW)
			break;
		at += n - ELF_SCAN_OVERLAP;
	}
	return 0;
}
