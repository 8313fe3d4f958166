/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file that is worth probing, and where in it: what tap/elf and tap/site
 * found out, what tap/targets decides about, and what tap_arm() attaches to.
 * Plain facts without pointers; whoever holds one owns it. Addresses are file
 * offsets of verified instruction boundaries, as uprobes want them.
 *
 * The sites of one target never overlap in what they see: where a library's
 * internal function was found, the exported functions that call it are not in
 * the list. So everything in the list is to be attached.
 */
#ifndef AITAP_TAP_TARGET_H
#define AITAP_TAP_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/event.h"

enum site_role {
	SITE_WRITE_INTERNAL,	/* int (SSL *, const void *buf, size_t n[, uint64_t flags], size_t *done): > 0 is success */
	SITE_READ_INTERNAL,	/* int (SSL *, void *buf, size_t n, size_t *done): > 0 is success */
	SITE_WRITE,		/* int SSL_write(SSL *, const void *buf, int n): returns the bytes written */
	SITE_READ,		/* int SSL_read(SSL *, void *buf, int n): returns the bytes read */
	SITE_WRITE_EX,		/* int SSL_write_ex(SSL *, const void *buf, size_t n, size_t *done): 1 is success */
	SITE_READ_EX,		/* int SSL_read_ex(SSL *, void *buf, size_t n, size_t *done): 1 is success */
	SITE_NEW,		/* SSL *SSL_new(SSL_CTX *): the object is what returns */
	SITE_FREE,		/* void SSL_free(SSL *) */
	SITE_CLEAR,		/* int SSL_clear(SSL *) */
	SITE_SHUTDOWN,		/* int SSL_shutdown(SSL *) */
	SITE_CTRL,		/* long SSL_ctrl(SSL *, int cmd, long, void *): cmd 55 with 0 names the server */
	SITE_SET_CONNECT_STATE,	/* void SSL_set_connect_state(SSL *) */
	SITE_SET_ACCEPT_STATE,	/* void SSL_set_accept_state(SSL *) */
	SITE_ROLES,
};

/* The instruction at the site decides what a hit costs. */
enum site_class {
	SITE_STEPPED,	/* single-stepped out of line: two more traps */
	SITE_NOP,	/* the others are emulated by the kernel */
	SITE_PUSH,
	SITE_CALL,
	SITE_JUMP,	/* unconditional */
	SITE_BRANCH,	/* conditional */
	SITE_ADDRESS,	/* adr, adrp (arm64) */
};

struct site {
	uint8_t role;		/* enum site_role */
	uint8_t class;		/* enum site_class */
	bool ret_ok;		/* a return probe here sees the caller's return address, at (%rsp) or in x30 */
	uint8_t done_arg;	/* argument number of size_t *done, from 0; 0 where the function has none */
	uint64_t offset;	/* in the file */
	uint64_t entry;		/* file offset of the function's first instruction */
	char reason[64];	/* why here, for people */
};

#define TARGET_BUILD_ID_MAX 20
#define TARGET_PATH_MAX 512
#define TARGET_SITES 16

struct target {
	uint64_t device;	/* as stat shows them through path */
	uint64_t inode;
	int64_t changed_ns;	/* on overlayfs, where a file keeps both numbers when it is copied up; 0 elsewhere */
	uint8_t library;	/* enum event_library */
	uint8_t major;		/* of the library's version string; 0.0.0 where the file does not tell */
	uint8_t minor;
	uint8_t patch;
	uint8_t build_id_len;
	uint8_t build_id[TARGET_BUILD_ID_MAX];
	uint8_t n_sites;
	char version[48];	/* "OpenSSL 3.0.22", "GnuTLS"; "" where unknown */
	char path[TARGET_PATH_MAX];	/* opens the file from this process; good while it is being armed */
	char name[TARGET_PATH_MAX];	/* as its own process calls it, for people */
	struct site sites[TARGET_SITES];
};

/*
 * Looks into an open file: 0 with everything but path and name filled, without sites where it
 * carries TLS that cannot be read yet (GnuTLS, NSS, Go, rustls, Java: version names it); -ENOENT
 * where it carries none that is known; other negative errno as elf_file_open() says.
 */
int target_inspect(int fd, struct target *ret);

/* What people should know of a target that is armed all the same; "" where there is nothing. */
const char *target_remark(const struct target *);

const char *site_role_name(enum site_role);	/* "ssl_write_internal", "SSL_new", ... */
const char *site_class_name(enum site_class);	/* "push", "stepped", ... */

#endif
