/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says EPERM to many things and nothing more. So when it has refused,
 * we look at what it takes: its type information, our capabilities, lockdown,
 * the memory that may be locked. The first that is missing is the reason told.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "tap/load.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"
#define LOCKDOWN_FILE "/sys/kernel/security/lockdown"
#define MEMLOCK_WANTED (96ull << 20)	/* maps and rings, where kernels before 5.11 count them */

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { 0 } };

	if (syscall(SYS_capget, &head, caps))
		return true;
	return caps[capability / 32].effective >> capability % 32 & 1;
}

static void name_capability(struct buf *names, unsigned int capability, const char *name)
{
	if (has_capability(capability))
		return;
	buf_puts(names, names->n ? ", " : "");
	buf_puts(names, name);
}

/* True where something was missing. CAP_SYS_ADMIN includes the two newer ones. */
static bool tell_capabilities(struct buf *ret)
{
	struct buf names = BUF(128);
	bool missing;

	if (!has_capability(CAP_SYS_ADMIN)) {
		name_capability(&names, CAP_BPF, "CAP_BPF");
		name_capability(&names, CAP_PERFMON, "CAP_PERFMON");
		if (!names.n)
			buf_puts(&names, "CAP_SYS_ADMIN");
	}
	missing = names.n;
	if (missing)
		buf_printf(ret, "missing privilege: %s; run aitap as root, or in a container with these capabilities",
			   buf_cstr(&names));
	buf_done(&names);
	return missing;
}

static bool tell_lockdown(struct buf *ret)
{
	_cleanup_close_ int fd = open(LOCKDOWN_FILE, O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n <= 0 || str_find((struct str){ text, (size_t)n }, STR("[confidentiality]")) < 0)
		return false;
	buf_puts(ret, "the kernel is locked down for confidentiality, so programs may not read memory; "
		      "boot with lockdown=integrity or none");
	return true;
}

static bool tell_memlock(struct buf *ret)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= MEMLOCK_WANTED)
		return false;
	buf_puts(ret, "the kernel refused memory for its maps; raise the limit of locked memory "
		      "(ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit), or the container's memory");
	return true;
}

void load_reason(int error, struct buf *ret)
{
	if (access(BTF_FILE, R_OK)) {
		buf_puts(ret, BTF_FILE " cannot be read: aitap needs a kernel of 5.10 or newer built with "
			      "CONFIG_DEBUG_INFO_BTF=y, and /sys mounted");
		return;
	}
	if ((error == -EPERM || error == -EACCES) && (tell_capabilities(ret) || tell_lockdown(ret)))
		return;
	if ((error == -EPERM || error == -ENOMEM) && tell_memlock(ret))
		return;
	buf_printf(ret, "the kernel refused aitap's programs: %s; --log-level debug shows what it said",
		   strerror(-error));
}
