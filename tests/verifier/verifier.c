/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the programs of every mode and prints what the verifier had to do: at
 * most 1,000,000 instructions a program are allowed by any kernel, and older
 * ones prune less than this one. So each has a ceiling far below. And no function
 * may use so much stack that a kernel since 6.13 takes it from the processor.
 */
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "tap/tap.h"

#define CEILING 100000
#define STACK_MAX 48

static unsigned int failures;

static void check(bool ok, const char *mode, const char *what, unsigned int n)
{
	printf("%s %s: %s (%u)\n", ok ? "ok" : "not ok", mode, what, n);
	failures += !ok;
}

static void tell_programs(const struct tap *tap, const char *mode)
{
	struct tap_program program;
	unsigned int i, sum = 0;

	printf("# %-8s %-22s %10s %8s %6s\n", "mode", "program", "verified", "bytes", "stack");
	for (i = 0; !tap_program(tap, i, &program); i++) {
		printf("# %-8s %-22s %10u %8u %6u\n", mode, program.name, program.verified, program.bytes, program.stack);
		sum += program.verified;
		check(program.verified < CEILING && program.bytes, mode, program.name, program.verified);
		check(program.stack && program.stack <= STACK_MAX, mode, "its stack", program.stack);
	}
	check(i >= 10, mode, "programs loaded", i);
	if (!sum)
		printf("# %s: this kernel does not tell what it verified (before 5.16)\n", mode);
}

static void try_mode(enum tap_mode mode, bool follow)
{
	const char *name = follow ? "followed" : tap_mode_name(mode);
	struct tap_config config = { .mode = mode, .rings = 2, .ring_bytes = 1 << 20, .only_followed = follow };
	struct buf reason = BUF(1024);
	struct tap *tap = NULL;
	int err = tap_open(&config, &reason, &tap);

	if (!err)
		tell_programs(tap, name);
	else if (err == -EOPNOTSUPP)
		printf("# %s: %s\n", name, buf_cstr(&reason));
	else
		printf("not ok %s: %s\n", name, buf_cstr(&reason));
	failures += err && err != -EOPNOTSUPP;
	tap_close(tap);
	buf_done(&reason);
}

int main(void)
{
	try_mode(TAP_MODE_PERF, false);
	try_mode(TAP_MODE_MULTI, false);
	try_mode(TAP_MODE_SESSION, false);
	try_mode(TAP_MODE_BEST, true);
	return failures ? 1 : 0;
}
