/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the two halves of this room: what targets decides, the tap does. */
#include "tap/tap.h"
#include "tap/targets.h"

static int arm(void *ctx, const struct target *target, pid_t pid)
{
	return tap_arm(ctx, target, pid);
}

static int disarm(void *ctx, const struct target *target, pid_t pid)
{
	return tap_disarm(ctx, target, pid);
}

const struct targets_ops targets_tap_ops = { .arm = arm, .disarm = disarm };
