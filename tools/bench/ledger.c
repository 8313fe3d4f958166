/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many records a second the ledger takes: records of 3 lines, committed in
 * batches of 32 (what the cold half hands over at most) and of 1,000, into a
 * fresh file, one thread. The goal is 100,000.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "book/ledger.h"
#include "tests/lib/made_record.h"

#define RECORDS 200000ul
#define GOAL 100000

static const char *const teams[] = { "search", "support", "data", "" };

/* Only what differs from call to call is made anew, so that the ledger is what is measured. */
static void next(struct made *made, unsigned long n)
{
	snprintf(made->record.id, sizeof(made->record.id), "01KB%022lu", n);
	made->record.time_ns += 1000000;
	STR_COPY(made->record.team, str_of(teams[n % 4]));
	snprintf(made->call.response_id, sizeof(made->call.response_id), "chatcmpl-%016lx", n * 0x9e3779b97f4a7c15ul);
}

static int fill(struct sink *ledger, unsigned long batch, uint64_t *ret_ns)
{
	static struct made made;
	uint64_t began_ns;
	int err = 0;

	made_record(&made, 0, "search");
	made_label(&made, "environment", "prod");
	began_ns = clock_boot_ns();
	for (unsigned long n = 0; err == 0 && n < RECORDS; n++) {
		next(&made, n);
		err = ledger->ops->put(ledger, &made.record);
		if (err == 0 && (n + 1) % batch == 0)
			err = ledger->ops->flush(ledger);
	}
	*ret_ns = clock_boot_ns() - began_ns;
	return err;
}

static int measure(const char *folder, unsigned long batch)
{
	char path[128], why[STORE_WHY];
	struct sink *ledger;
	struct stat st;
	uint64_t ns;
	int err;

	snprintf(path, sizeof(path), "%s/%lu.db", folder, batch);
	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0) {
		fprintf(stderr, "ledger: %s\n", why);
		return -1;
	}
	err = fill(ledger, batch, &ns);
	ledger->ops->close(ledger);
	if (err < 0 || stat(path, &st) < 0) {
		fprintf(stderr, "ledger: %s\n", strerror(-err));
		return -1;
	}
	printf("%8lu %12" PRIu64 " %12.2f %14" PRIu64 "\n", batch, (uint64_t)(RECORDS * NSEC_PER_SEC / ns), (double)ns / RECORDS / 1000,
	       (uint64_t)st.st_size / RECORDS);
	return 0;
}

int main(void)
{
	char folder[] = "/var/tmp/aitap-bench-XXXXXX", command[64];
	int failed;

	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	printf("%8s %12s %12s %14s   (goal: %d records/s)\n", "batch", "records/s", "us/record", "bytes/record", GOAL);
	failed = measure(folder, 32) < 0 || measure(folder, 1000) < 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) != 0 || failed;
}
