/* SPDX-License-Identifier: Apache-2.0 */
/* From a target's sites to links of the loaded programs. An attachment owns its links; main thread. */
#ifndef AITAP_TAP_ATTACH_H
#define AITAP_TAP_ATTACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "tap/tap.h"

struct bpf_object;
struct attachment;

/* As linux/bpf.h numbers them; libbpf before 1.3 does not know them. */
#define ATTACH_UPROBE_MULTI 48		/* kernel 6.6 */
#define ATTACH_UPROBE_SESSION 57	/* kernel 6.13 */

/* Does the kernel link programs of this attach type, and by process as it should (6.10)? */
bool attach_works(int prog_fd, unsigned int attach_type);

/* All sites of the target or none; pid 0: every process. */
int attach_target(struct bpf_object *, enum tap_mode, const struct target *, pid_t pid, struct attachment **ret);
struct attachment *attachment_free(struct attachment *);

#endif
