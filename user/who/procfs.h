/* SPDX-License-Identifier: Apache-2.0 */
/* The source that reads a process's executable, name and user from /proc, while it lives. Has no state. */
#ifndef AITAP_WHO_PROCFS_H
#define AITAP_WHO_PROCFS_H

#include "who/origin.h"

extern const struct origin_source procfs_ops;	/* self is not used */

#endif
