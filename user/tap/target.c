/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file to its sites. Everything that an application writes or reads
 * through OpenSSL 1.1.1 and newer passes ssl_write_internal and
 * ssl_read_internal, which have no symbol in a stripped library. They are what
 * SSL_write and SSL_write_ex both call with the caller's own first two
 * arguments (SSL_read and SSL_read_ex likewise). Where the compiler has inlined
 * them (node does), the two agree on nothing, or on what the write and the
 * read side share, such as ERR_new: then the exported functions are probed
 * themselves. Never both, or every byte would be seen twice.
 *
 * OpenSSL 3.3 gave ssl_write_internal an argument, flags, before done, and
 * with it came SSL_write_ex2, which SSL_write_ex became a jump to: so the
 * symbol tells which of the two it is.
 */
#include "tap/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"
#include "tap/blind.h"
#include "tap/elf.h"
#include "tap/file.h"
#include "tap/site.h"
#include "tap/version.h"

enum function {
	FN_WRITE, FN_WRITE_EX, FN_WRITE_EX2, FN_READ, FN_READ_EX, FN_NEW, FN_FREE, FN_CLEAR, FN_SHUTDOWN,
	FN_CTRL, FN_SET_CONNECT_STATE, FN_SET_ACCEPT_STATE, FUNCTIONS,
};

static const char *const function_names[FUNCTIONS] = {
	[FN_WRITE] = "SSL_write", [FN_WRITE_EX] = "SSL_write_ex", [FN_WRITE_EX2] = "SSL_write_ex2",
	[FN_READ] = "SSL_read", [FN_READ_EX] = "SSL_read_ex", [FN_NEW] = "SSL_new",
	[FN_FREE] = "SSL_free", [FN_CLEAR] = "SSL_clear", [FN_SHUTDOWN] = "SSL_shutdown",
	[FN_CTRL] = "SSL_ctrl", [FN_SET_CONNECT_STATE] = "SSL_set_connect_state",
	[FN_SET_ACCEPT_STATE] = "SSL_set_accept_state",
};

static const struct role {
	const char *name;
	struct site_need need;
	uint8_t done_arg;
} roles[SITE_ROLES] = {
	[SITE_WRITE_INTERNAL] = { "ssl_write_internal", { 4, true }, 3 },
	[SITE_READ_INTERNAL] = { "ssl_read_internal", { 4, true }, 3 },
	[SITE_WRITE] = { "SSL_write", { 3, true }, 0 },
	[SITE_READ] = { "SSL_read", { 3, true }, 0 },
	[SITE_WRITE_EX] = { "SSL_write_ex", { 4, true }, 3 },
	[SITE_READ_EX] = { "SSL_read_ex", { 4, true }, 3 },
	[SITE_NEW] = { "SSL_new", { 1, true }, 0 },
	[SITE_FREE] = { "SSL_free", { 1, false }, 0 },
	[SITE_CLEAR] = { "SSL_clear", { 1, false }, 0 },
	[SITE_SHUTDOWN] = { "SSL_shutdown", { 1, true }, 0 },
	[SITE_CTRL] = { "SSL_ctrl", { 4, true }, 0 },
	[SITE_SET_CONNECT_STATE] = { "SSL_set_connect_state", { 1, false }, 0 },
	[SITE_SET_ACCEPT_STATE] = { "SSL_set_accept_state", { 1, false }, 0 },
};

const char *site_role_name(enum site_role role)
{
	return role < SITE_ROLES ? roles[role].name : "unknown";
}

const char *site_class_name(enum site_class class)
{
	static const char *const names[] = {
		[SITE_STEPPED] = "stepped", [SITE_NOP] = "nop", [SITE_PUSH] = "push", [SITE_CALL] = "call",
		[SITE_JUMP] = "jump", [SITE_BRANCH] = "branch", [SITE_ADDRESS] = "address",
	};

	return class <= SITE_ADDRESS ? names[class] : "unknown";
}

/* One look into one file. */
struct look {
	struct elf_file *file;
	struct decoder *decoder;
	struct elf_symbol functions[FUNCTIONS];
	struct target *target;
	uint8_t bytes[LIMIT_FUNCTION];
};

/* Where the table does not give the length, or lies, one KiB is enough for a prologue. */
static int load_function(struct look *look, uint64_t address, uint64_t size, struct code *ret)
{
	int n;

	if (!size)
		size = KIB(1);
	if (size > sizeof(look->bytes))
		size = sizeof(look->bytes);
	n = elf_file_code(look->file, address, look->bytes, size);
	if (n < 0)
		return n;
	*ret = (struct code){ look->bytes, (size_t)n, address };
	return 0;
}

static int add_site(struct look *look, enum site_role role, uint64_t address, uint64_t size, uint8_t done_arg)
{
	struct target *target = look->target;
	struct site_need need = roles[role].need;
	struct site site = { .role = (uint8_t)role, .done_arg = done_arg };
	struct site_place place = { 0 };
	struct code code;
	int error;

	if (target->n_sites == TARGET_SITES)
		return -ENOSPC;
	if (done_arg >= need.arguments)
		need.arguments = (uint8_t)(done_arg + 1);
	error = load_function(look, address, size, &code);
	if (!error)
		error = site_choose(look->decoder, &code, need, &place);
	if (!error)
		error = elf_file_offset(look->file, place.address, &site.offset);
	if (!error)
		error = elf_file_offset(look->file, address, &site.entry);
	if (error)
		return error;
	site.class = (uint8_t)place.class;
	site.ret_ok = place.ret_ok;
	memcpy(site.reason, place.reason, sizeof(site.reason));
	target->sites[target->n_sites++] = site;
	return 0;
}

/* A function that is not there is no error; one whose code cannot be read is. */
static int add_exported(struct look *look, enum site_role role, enum function function, uint8_t done_arg)
{
	const struct elf_symbol *symbol = &look->functions[function];

	return symbol->address ? add_site(look, role, symbol->address, symbol->size, done_arg) : 0;
}

/* ---- the internal functions */

#define CALLEES 8

struct callees {
	uint64_t address[CALLEES];
	size_t n;
};

static bool is_internal(struct look *look, uint64_t address)
{
	struct code code;

	for (size_t i = 0; i < FUNCTIONS; i++)
		if (look->functions[i].address == address)
			return false;
	return !load_function(look, address, 32, &code) && !site_is_stub(look->decoder, &code);
}

static void callees_of(struct look *look, enum function function, struct callees *ret)
{
	const struct elf_symbol *symbol = &look->functions[function];
	uint64_t found[CALLEES];
	struct code code;
	int n;

	ret->n = 0;
	if (!symbol->address || load_function(look, symbol->address, symbol->size, &code))
		return;
	n = site_callees(look->decoder, &code, found, CALLEES);
	for (int i = 0; i < n; i++)
		if (is_internal(look, found[i]))
			ret->address[ret->n++] = found[i];
}

/* What both call; 0 unless that is exactly one function. Both must exist: 1.1.0 has neither _ex nor internals. */
static uint64_t common_callee(struct look *look, enum function plain, enum function ex)
{
	struct callees a, b;
	uint64_t common = 0;

	callees_of(look, plain, &a);
	callees_of(look, ex, &b);
	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++) {
			if (a.address[i] != b.address[k])
				continue;
			if (common)
				return 0;
			common = a.address[i];
		}
	return common;
}

static bool has_ex2(const struct look *look)
{
	return look->functions[FN_WRITE_EX2].address;
}

/* The symbol may be missing from a static binary that has no use for it. */
static uint8_t internal_write_done(const struct look *look)
{
	const struct target *t = look->target;

	return has_ex2(look) || t->major > 3 || (t->major == 3 && t->minor >= 3) ? 4 : 3;
}

static enum function write_ex(const struct look *look)
{
	return has_ex2(look) ? FN_WRITE_EX2 : FN_WRITE_EX;
}

static bool find_internals(struct look *look, uint64_t *ret_write, uint64_t *ret_read)
{
	uint64_t w = common_callee(look, FN_WRITE, write_ex(look));
	uint64_t r = common_callee(look, FN_READ, FN_READ_EX);

	if (!w || !r || w == r || elf_file_is_other(look->file, w, "ssl_write_internal") ||
	    elf_file_is_other(look->file, r, "ssl_read_internal"))
		return false;
	*ret_write = w;
	*ret_read = r;
	return true;
}

/* ---- the whole */

static int add_data_sites(struct look *look, enum version_maker maker)
{
	uint64_t w, r;
	int error;

	if (maker == MAKER_OPENSSL && find_internals(look, &w, &r)) {
		error = add_site(look, SITE_WRITE_INTERNAL, w, 0, internal_write_done(look));
		return error ? error : add_site(look, SITE_READ_INTERNAL, r, 0, 3);
	}
	error = add_exported(look, SITE_WRITE, FN_WRITE, 0);
	if (!error)
		error = add_exported(look, SITE_READ, FN_READ, 0);
	/* LibreSSL's SSL_write_ex calls its SSL_write */
	if (error || maker == MAKER_LIBRESSL)
		return error;
	error = add_exported(look, SITE_WRITE_EX, write_ex(look), has_ex2(look) ? 4 : 3);
	return error ? error : add_exported(look, SITE_READ_EX, FN_READ_EX, 3);
}

static int add_life_sites(struct look *look)
{
	static const struct {
		enum site_role role;
		enum function function;
	} life[] = {
		{ SITE_NEW, FN_NEW }, { SITE_FREE, FN_FREE }, { SITE_CLEAR, FN_CLEAR },
		{ SITE_SHUTDOWN, FN_SHUTDOWN }, { SITE_CTRL, FN_CTRL },
		{ SITE_SET_CONNECT_STATE, FN_SET_CONNECT_STATE }, { SITE_SET_ACCEPT_STATE, FN_SET_ACCEPT_STATE },
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(life) / sizeof(*life); i++)
		error = add_exported(look, life[i].role, life[i].function, 0);
	return error;
}

/* A second site at the same address (folded functions) would attach twice: one breakpoint, two meanings. */
static bool sites_are_distinct(const struct target *target)
{
	for (size_t i = 0; i < target->n_sites; i++)
		for (size_t k = 0; k < i; k++)
			if (target->sites[i].offset == target->sites[k].offset)
				return false;
	return true;
}

static int look_for_blind(struct look *look)
{
	struct blind blind;
	int error = blind_find(look->file, &blind);

	if (error)
		return error;
	look->target->library = (uint8_t)blind.library;
	snprintf(look->target->version, sizeof(look->target->version), "%s", blind.name);
	return 0;
}

static int look_into(struct look *look)
{
	struct target *target = look->target;
	struct version version = { 0 };
	int n = elf_file_find(look->file, function_names, FUNCTIONS, look->functions);
	int error;

	if (n < 0)
		return n;
	if (!look->functions[FN_WRITE].address || !look->functions[FN_READ].address)
		return look_for_blind(look);
	version_of(look->file, &version);
	target->library = version.maker == MAKER_BORINGSSL ? EVENT_LIBRARY_BORINGSSL : EVENT_LIBRARY_OPENSSL;
	target->major = version.major;
	target->minor = version.minor;
	target->patch = version.patch;
	memcpy(target->version, version.text, sizeof(target->version));
	target->build_id_len =
		(uint8_t)elf_file_build_id(look->file, target->build_id, sizeof(target->build_id));
	error = add_data_sites(look, version.maker ? version.maker : MAKER_OPENSSL);
	if (!error)
		error = add_life_sites(look);
	if (!error && !sites_are_distinct(target))
		error = -EBADMSG;
	return error;
}

static void look_done(struct look *look)
{
	decoder_free(look->decoder);
	elf_file_close(look->file);
}

int target_inspect(int fd, struct target *ret)
{
	_cleanup_free_ struct look *look = mem_new(sizeof(*look));
	_cleanup_free_ struct target *target = mem_new(sizeof(*target));
	struct file_id id;
	struct stat st;
	int error;

	if (!look || !target)
		return -ENOMEM;
	if (fstat(fd, &st))
		return -errno;
	error = file_id_of(fd, &id);
	if (error)
		return error;
	target->device = st.st_dev;
	target->inode = st.st_ino;
	target->changed_ns = id.changed_ns;
	look->target = target;
	error = elf_file_open(fd, &look->file);
	if (!error)
		error = decoder_new(elf_file_arch(look->file), &look->decoder);
	if (!error)
		error = look_into(look);
	look_done(look);
	if (!error)
		*ret = *target;
	return error;
}

const char *target_remark(const struct target *target)
{
	if (target->library == EVENT_LIBRARY_OPENSSL && target->sites[0].role != SITE_WRITE_INTERNAL)
		return "internal functions not found: exported ones are probed, BIO_f_ssl passes unseen";
	return "";
}
