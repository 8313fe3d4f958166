/* SPDX-License-Identifier: Apache-2.0 */
/* What is armed, and what is let go, as files of this very process come, change and go. Needs no privilege. */
#include "tests/lib/unit.h"

#include <sys/stat.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tap/targets.h"
#include "tests/lib/made_elf.h"

#define SIZE 8192

struct world {
	struct targets *targets;
	pid_t pid;
	int armed, disarmed, refuse;	/* refuse: what arm() says instead of 0 */
	uint64_t inode;
	char path[TARGET_PATH_MAX];
	int told[5];			/* by enum event_target_state */
	enum event_target_state state;
	char reason[128];
};

#define PREFIX "/tmp/test_tap_targets."

/* The program itself may have libraries with TLS in it. */
static bool is_ours(const struct target *target)
{
	return !strncmp(target->name, PREFIX, sizeof(PREFIX) - 1);
}

static int on_arm(void *ctx, const struct target *target, pid_t pid)
{
	struct world *w = ctx;
	struct stat st;

	assert_int_equal(pid, w->pid);
	/* the path opens the very file */
	assert_int_equal(stat(target->path, &st), 0);
	assert_int_equal(st.st_ino, target->inode);
	if (!is_ours(target))
		return 0;
	w->inode = target->inode;
	w->armed += !w->refuse;
	return w->refuse;
}

static int on_disarm(void *ctx, const struct target *target, pid_t pid)
{
	struct world *w = ctx;

	assert_int_equal(pid, w->pid);
	if (!is_ours(target))
		return 0;
	assert_int_equal(target->inode, w->inode);
	w->disarmed++;
	return 0;
}

static void on_state(void *ctx, const struct target_state *state)
{
	struct world *w = ctx;

	if (!is_ours(state->target))
		return;
	w->told[state->state]++;
	w->state = state->state;
	snprintf(w->reason, sizeof(w->reason), "%s", state->reason);
	snprintf(w->path, sizeof(w->path), "%s", state->target->name);
}

static const struct targets_ops ops = { on_arm, on_disarm };

static struct world *begin(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct targets_config config;

	w->pid = getpid();
	config = (struct targets_config){ .ops = &ops, .ops_ctx = w, .pids = &w->pid, .n_pids = 1,
					  .changed = on_state, .changed_ctx = w };
	assert_int_equal(targets_new(&config, &w->targets), 0);
	return w;
}

static void end(struct world *w)
{
	targets_free(w->targets);
	assert_int_equal(w->armed, w->disarmed);	/* nothing stays behind */
	free(w);
}

struct mapped {
	char name[64];
	void *p;
};

static void write_file(const char *name, const struct made_elf *elf)
{
	struct made_file f = made_elf(elf);
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, f.p, f.n) == (ssize_t)f.n);
	close(fd);
	free(f.p);
}

static struct mapped map_file(const struct made_elf *elf)
{
	struct mapped m = { .name = PREFIX "XXXXXX" };
	int fd = mkstemp(m.name);

	assert_true(fd >= 0);
	write_file(m.name, elf);
	m.p = mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(m.p, MAP_FAILED);
	close(fd);
	return m;
}

static void unmap_file(struct mapped *m)
{
	munmap(m->p, SIZE);
	unlink(m->name);
}

static const struct made_elf libssl = MADE_LIBSSL;

static void test_armed_once(void **state)
{
	struct mapped m = map_file(&libssl);
	struct world *w = begin();

	(void)state;
	assert_int_equal(targets_scan(w->targets), 0);
	assert_int_equal(w->armed, 1);
	assert_int_equal(w->told[EVENT_TARGET_ARMED], 1);
	assert_string_equal(w->path, m.name);
	assert_string_equal(w->reason, "");
	assert_int_equal(targets_scan(w->targets), 0);
	assert_int_equal(w->armed, 1);
	assert_true(targets_counts(w->targets).armed >= 1);
	end(w);
	unmap_file(&m);
}

static void test_exported_only_is_remarked(void **state)
{
	static const uint8_t apart[] = {
		MADE_CALL(0, 4), MADE_PLAIN, MADE_CALL(2, 5), MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN };
	struct made_elf elf = MADE_LIBSSL;
	struct mapped m;
	struct world *w = begin();

	(void)state;
	elf.code = apart;
	m = map_file(&elf);
	targets_scan(w->targets);
	assert_int_equal(w->armed, 1);
	assert_non_null(strstr(w->reason, "internal functions not found"));
	end(w);
	unmap_file(&m);
}

static void test_blind_is_told_and_not_armed(void **state)
{
	struct made_elf elf = { .code = "\xc3", .code_size = 1, .symbols = { { "gnutls_record_send", 0, 1 } } };
	struct mapped m = map_file(&elf);
	struct world *w = begin();

	(void)state;
	targets_scan(w->targets);
	targets_scan(w->targets);
	assert_int_equal(w->armed, 0);
	assert_int_equal(w->told[EVENT_TARGET_BLIND], 1);
	assert_true(targets_counts(w->targets).blind >= 1);
	end(w);
	unmap_file(&m);
}

/* What could not be armed is tried again with the next scan. */
static void test_refused(void **state)
{
	struct mapped m = map_file(&libssl);
	struct world *w = begin();

	(void)state;
	w->refuse = -EPERM;
	targets_scan(w->targets);
	assert_int_equal(w->told[EVENT_TARGET_FAILED], 1);
	assert_non_null(strstr(w->reason, "CAP_SYS_ADMIN"));	/* the mend */
	assert_true(targets_counts(w->targets).failed >= 1);
	w->refuse = 0;
	targets_scan(w->targets);
	assert_int_equal(w->armed, 1);
	assert_int_equal(w->state, EVENT_TARGET_ARMED);
	end(w);
	unmap_file(&m);
}

static void test_gone(void **state)
{
	struct mapped m = map_file(&libssl);
	struct world *w = begin();

	(void)state;
	targets_scan(w->targets);
	munmap(m.p, SIZE);
	targets_scan(w->targets);
	assert_int_equal(w->disarmed, 0);	/* its name still leads there: it may be used again */
	unlink(m.name);
	targets_scan(w->targets);
	assert_int_equal(w->disarmed, 1);
	assert_int_equal(w->told[EVENT_TARGET_GONE], 1);
	end(w);
}

/* Offsets of the old contents must not stay probed. */
static void test_rewritten_in_place(void **state)
{
	struct made_elf changed = MADE_LIBSSL;
	struct mapped m = map_file(&libssl);
	struct world *w = begin();

	(void)state;
	targets_scan(w->targets);
	changed.rodata = "\0OpenSSL 3.1.5 30 Jan 2024 and more";
	changed.rodata_size = 36;
	usleep(20000);		/* the time of change has to differ */
	write_file(m.name, &changed);
	targets_scan(w->targets);
	assert_int_equal(w->disarmed, 1);
	assert_int_equal(w->armed, 2);
	end(w);
	unmap_file(&m);
}

static void test_hostile_file(void **state)
{
	struct mapped m = map_file(&libssl);
	struct world *w = begin();

	(void)state;
	assert_int_equal(truncate(m.name, 300), 0);
	targets_scan(w->targets);
	assert_int_equal(w->armed, 0);
	assert_true(targets_counts(w->targets).refused >= 1);
	end(w);
	unmap_file(&m);
}

static void test_out_of_scope(void **state)
{
	struct mapped m = map_file(&libssl);
	struct world *w = calloc(1, sizeof(*w));
	pid_t other = getppid();
	struct targets_config config = { .ops = &ops, .ops_ctx = w, .pids = &other, .n_pids = 1 };
	struct mapping mapping = { .inode = 1, .path = str_of(m.name) };

	(void)state;
	assert_int_equal(targets_new(&config, &w->targets), 0);
	targets_mapping(w->targets, getpid(), &mapping);
	assert_int_equal(w->armed, 0);
	targets_free(w->targets);
	config.n_pids = 0;	/* every process but our own */
	assert_int_equal(targets_new(&config, &w->targets), 0);
	targets_mapping(w->targets, getpid(), &mapping);
	assert_int_equal(targets_counts(w->targets).files, 0);
	config.n_pids = 1000;
	assert_int_equal(targets_new(&config, &(struct targets *){ NULL }), -E2BIG);
	end(w);
	unmap_file(&m);
}

static void test_no_memory(void **state)
{
	struct mapped m = map_file(&libssl);

	(void)state;
	for (uint64_t nth = 1; nth < 40; nth++) {
		struct world *w = begin();

		mem_fail_at(nth);
		targets_scan(w->targets);
		mem_fail_at(0);
		targets_scan(w->targets);	/* as if nothing had been */
		end(w);
	}
	unmap_file(&m);
}

/* A file in hand stays known while what is remembered of others is given up. */
static void test_too_many_mappings(void **state)
{
	struct world *w = begin();
	char name[] = PREFIX "XXXXXX";
	int fd = mkstemp(name);
	struct mapping m = { .path = str_of(name) };
	struct stat st;

	(void)state;
	assert_true(fd >= 0 && !fstat(fd, &st));
	m.inode = st.st_ino;
	m.device = st.st_dev;
	for (m.generation = 0; m.generation < LIMIT_FILES + 2; m.generation++)
		for (int again = 0; again < 2; again++)
			targets_mapping(w->targets, w->pid, &m);
	assert_int_equal(targets_counts(w->targets).files, 2);	/* forgotten once */
	close(fd);
	unlink(name);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_armed_once), cmocka_unit_test(test_exported_only_is_remarked),
		cmocka_unit_test(test_blind_is_told_and_not_armed), cmocka_unit_test(test_refused), cmocka_unit_test(test_gone),
		cmocka_unit_test(test_rewritten_in_place), cmocka_unit_test(test_hostile_file),
		cmocka_unit_test(test_out_of_scope), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_too_many_mappings),
	};

	return RUN(tests);
}
