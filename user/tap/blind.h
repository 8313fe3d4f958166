/* SPDX-License-Identifier: Apache-2.0 */
/* Files that carry TLS which cannot be read yet: they are named, so that a gap is never silent. Keeps nothing. */
#ifndef AITAP_TAP_BLIND_H
#define AITAP_TAP_BLIND_H

#include "bpf/event.h"
#include "tap/elf.h"

struct blind {
	enum event_library library;	/* EVENT_LIBRARY_NONE for Java's, which has no number */
	const char *name;		/* "GnuTLS" */
};

int blind_find(struct elf_file *, struct blind *ret);	/* -ENOENT: none is known in there */

#endif
