/* SPDX-License-Identifier: Apache-2.0 */
#include "tap/blind.h"

#include <errno.h>

#include "base/str.h"

static bool contains(void *ctx, struct str bytes)
{
	return str_find(bytes, *(const struct str *)ctx) >= 0;
}

static bool has_text(struct elf_file *file, const char *section, struct str text)
{
	return elf_file_scan(file, section, contains, &text) == 1;
}

/* The function table of a Go program keeps its names, stripped or not. */
static bool has_go_tls(struct elf_file *file)
{
	struct str name = STR("crypto/tls.(*Conn).Write");

	return has_text(file, ".gopclntab", name) || has_text(file, ".data.rel.ro.gopclntab", name);
}

/* elf_scan_fn: paths of source files, which panics refer to, survive stripping: ".../rustls-0.23.1/src/conn.rs" */
static bool names_rustls(void *ctx, struct str bytes)
{
	struct str word = STR("/rustls-");
	ptrdiff_t at;

	(void)ctx;
	while ((at = str_find(bytes, word)) >= 0) {
		bytes = str_sub(bytes, (size_t)at + word.n, bytes.n);
		if (bytes.n && bytes.p[0] >= '0' && bytes.p[0] <= '9')
			return true;
	}
	return false;
}

int blind_find(struct elf_file *file, struct blind *ret)
{
	static const struct blind by_symbol[] = {
		{ EVENT_LIBRARY_GNUTLS, "GnuTLS" },
		{ EVENT_LIBRARY_NSS, "NSS" },
		{ EVENT_LIBRARY_NONE, "Java" },
	};
	static const char *const symbols[] = { "gnutls_record_send", "SSL_ImportFD", "JNI_CreateJavaVM" };
	struct elf_symbol found[3];

	if (elf_file_find(file, symbols, 3, found) > 0) {
		for (size_t i = 0; i < 3; i++) {
			if (!found[i].address)
				continue;
			*ret = by_symbol[i];
			return 0;
		}
	}
	if (has_go_tls(file)) {
		*ret = (struct blind){ EVENT_LIBRARY_GO, "Go" };
		return 0;
	}
	if (elf_file_is_program(file) && elf_file_scan(file, ".rodata", names_rustls, NULL) == 1) {
		*ret = (struct blind){ EVENT_LIBRARY_RUSTLS, "rustls" };
		return 0;
	}
	return -ENOENT;
}
