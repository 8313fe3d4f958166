/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many records a second the ledger takes: records of 3 lines with response
 * ids in no order (the worst for an index), into a fresh file on a disk, one
 * thread. Committed in batches of 32, which is what the cold half hands over at
 * most, of 1,000, and of 20,000, which is what 200 ms bring at the goal of 100,000
 * records a second. With memory, each record's response id is also asked for in
 * vain and then left for later calls. Best of some runs, which take turns; CPU is
 * beside it, for a disk has its own say.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "book/ledger.h"
#include "tests/lib/made_record.h"

#define RECORDS 200000ul
#define GOAL 100000
#define RUNS 3

static const char *const teams[] = { "search", "support", "data", "" };

/* Only what differs from call to call is made anew, so that the ledger is what is measured. */
static void next(struct made *made, unsigned long n)
{
	snprintf(made->record.id, sizeof(made->record.id), "01KB%022lu", n);
	made->record.time_ns += 1000000;
	STR_COPY(made->record.team, str_of(teams[n % 4]));
	snprintf(made->call.response_id, sizeof(made->call.response_id), "chatcmpl-%016lx", n * 0x9e3779b97f4a7c15ul);
}

static uint64_t cpu_ns(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
}

struct run {
	uint64_t wall_ns, cpu_ns, bytes;
};

static int remember(struct memory *memory, const struct record *record)
{
	struct memory_key key = { .kind = MEMORY_ANSWER };
	struct memory_value value = { .time_ns = record->time_ns, .until_ns = record->time_ns + 30 * 86400 * (int64_t)NSEC_PER_SEC };

	STR_COPY(key.provider, str_of(record->call->provider));
	STR_COPY(key.name, str_of(record->call->response_id));
	if (memory->ops->get(memory, &key, &value) == 0)
		return -EEXIST;
	snprintf(value.text, sizeof(value.text), "{\"record\":\"%s\"}", record->id);
	return memory->ops->put(memory, &key, &value);
}

static int fill(struct sink *ledger, unsigned long batch, bool remembers, struct run *ret)
{
	static struct made made;
	uint64_t wall = clock_boot_ns(), cpu = cpu_ns();
	int err = 0;

	made_record(&made, 0, "search");
	made_label(&made, "environment", "prod");
	for (unsigned long n = 0; err == 0 && n < RECORDS; n++) {
		next(&made, n);
		err = ledger->ops->put(ledger, &made.record);
		if (err == 0 && remembers)
			err = remember(ledger_memory(ledger), &made.record);
		if (err == 0 && (n + 1) % batch == 0)
			err = ledger->ops->flush(ledger);
	}
	ret->wall_ns = clock_boot_ns() - wall;
	ret->cpu_ns = cpu_ns() - cpu;
	return err;
}

static int run(const char *path, unsigned long batch, bool remembers, struct run *ret)
{
	char why[STORE_WHY];
	struct sink *ledger;
	struct stat st;
	int err;

	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0) {
		fprintf(stderr, "ledger: %s\n", why);
		return -1;
	}
	err = fill(ledger, batch, remembers, ret);
	ledger->ops->close(ledger);
	if (err < 0 || stat(path, &st) < 0) {
		fprintf(stderr, "ledger: %s\n", strerror(-err));
		return -1;
	}
	ret->bytes = (uint64_t)st.st_size;
	return unlink(path);
}

static void tell(unsigned long batch, bool remembers, const struct run *run)
{
	printf("%8lu %8s %12" PRIu64 " %12.2f %12.2f %14" PRIu64 "\n", batch, remembers ? "yes" : "no",
	       (uint64_t)(RECORDS * NSEC_PER_SEC / run->wall_ns), (double)run->wall_ns / RECORDS / 1000,
	       (double)run->cpu_ns / RECORDS / 1000, run->bytes / RECORDS);
}

static int measure(const char *folder, unsigned long batch)
{
	struct run best[2] = { { .wall_ns = UINT64_MAX }, { .wall_ns = UINT64_MAX } }, one;
	char path[128];

	snprintf(path, sizeof(path), "%s/%lu.db", folder, batch);
	for (int i = 0; i < 2 * RUNS; i++) {
		if (run(path, batch, i % 2, &one) < 0)
			return -1;
		if (one.wall_ns < best[i % 2].wall_ns)
			best[i % 2] = one;
	}
	tell(batch, false, &best[0]);
	tell(batch, true, &best[1]);
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
	printf("%8s %8s %12s %12s %12s %14s   (goal: %d records/s)\n", "batch", "memory", "records/s", "us/record", "CPU us", "bytes/record", GOAL);
	failed = measure(folder, 32) < 0 || measure(folder, 1000) < 0 || measure(folder, 20000) < 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) != 0 || failed;
}
