/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own sources: asked about a child of ours, and about texts as other hosts have them. */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"
#include "who/card.h"
#include "who/cgroup.h"
#include "who/environ.h"
#include "who/host.h"
#include "who/mount.h"

static struct origin origin;

static const struct {
	const char *path, *unit;
} units[] = {
	{ "/", "" },
	{ "", "" },
	{ "/system.slice/etl-7.service", "etl-7.service" },
	{ "/system.slice/etl-7.service/child", "etl-7.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "app-x.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope" },
	{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-6f1c.scope", "cri-containerd-6f1c.scope" },
	{ "/system.slice/_cpu.service", "cpu.service" },
	{ "/.service/.scope", "" },
	{ "/docker/6f1c", "" },
};

static void test_units(void **state)
{
	(void)state;
	EACH(row, units) {
		struct str unit = cgroup_unit(str_of(row->path));

		assert_int_equal(unit.n, strlen(row->unit));
		assert_memory_equal(unit.p, row->unit, unit.n);
	}
}

static const struct {
	const char *text, *v2, *pids, *memory, *root;
} mountinfos[] = {
	{ "", "", "", "", "" },
	{ "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup", "", "", "/" },
	{ "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	  "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	  "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory", "/" },
	{ "41 31 0:38 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n41 31 0:38 / /host/cgroup ro - cgroup2 cgroup rw\n", "/host/cgroup", "", "", "/" },
	{ "41 31 0:38 / /a\\040b\\134c rw - cgroup2 x rw\n", "/a b\\c", "", "", "/" },
	{ "41 31\nx\n - \n41 31 0:38 / /sys - cgroup2\n41 31 0:38 / /sys rw - ext4 x rw", "", "", "", "" },
};

static void test_mounts(void **state)
{
	(void)state;
	EACH(row, mountinfos) {
		struct mounts mounts;

		mounts_parse(str_of(row->text), &mounts);
		assert_string_equal(mounts.of[CGROUP_V2].point, row->v2);
		assert_string_equal(mounts.of[CGROUP_V1_PIDS].point, row->pids);
		assert_string_equal(mounts.of[CGROUP_V1_MEMORY].point, row->memory);
		assert_string_equal(mounts.of[CGROUP_V2].root, row->root);
	}
}

static const struct {
	const char *otel;
	size_t n;
	const char *key, *value;	/* of the first */
} attributes[] = {
	{ "", 0, "", "" },
	{ "team=blue", 1, "team", "blue" },
	{ " team = blue ,b=c", 2, "team", "blue" },
	{ "a=%41%4a%7e", 1, "a", "AJ~" },
	{ "a=%4,b=%zz", 2, "a", "%4" },
	{ "a=b=c", 1, "a", "b=c" },
	{ ",,=x,y,", 0, "", "" },
	{ "a=1,a=2", 1, "a", "1" },
};

static void test_otel(void **state)
{
	(void)state;
	EACH(row, attributes) {
		memset(&origin, 0, sizeof(origin));
		environ_otel(str_of(row->otel), &origin);
		assert_int_equal(origin.n_labels, row->n);
		assert_string_equal(origin.labels[0].key, row->key);
		assert_string_equal(origin.labels[0].value, row->value);
	}
}

static void test_environ(void **state)
{
	static const char block[] = "PATH=/bin\0AI_TEAM=blue\0AI_TEAM=second\0TOKEN=two words\0OTEL_SERVICE_NAME=svc\0"
				    "OTEL_RESOURCE_ATTRIBUTES=service.name=no,team=green\0=x\0EMPTY=\0AI_TEAMS=no";
	struct wants wants = { .n_wanted = 6, .wanted = { { WANTED_ENV, "AI_TEAM" }, { WANTED_HEADER, "path" }, { WANTED_ENV, "TOKEN" },
			       { WANTED_ENV, "OTEL_RESOURCE_ATTRIBUTES" }, { 0 }, { WANTED_ENV, "EMPTY" } } };

	(void)state;
	memset(&origin, 0, sizeof(origin));
	environ_fill((struct str){ block, sizeof(block) - 1 }, &wants, &origin);
	assert_int_equal(origin.values[0].wanted, 0);
	assert_string_equal(origin.values[0].text, "blue");
	assert_int_equal(origin.values[1].wanted, 2);
	assert_string_equal(origin.values[1].text, "_invalid");
	assert_int_equal(origin.n_labels, 2);
	assert_string_equal(origin.labels[0].value, "svc");
	assert_string_equal(origin.labels[1].value, "green");
}

/* Cards hold what an origin held, and fill only what is empty. */
static void test_card(void **state)
{
	static struct origin full;
	struct card *card;

	(void)state;
	memset(&origin, 0, sizeof(origin));
	STR_COPY(origin.user, STR("ann"));
	STR_COPY(origin.workload, STR("Deployment/x"));
	origin_add_label(&origin, 'p', STR("app"), STR(""));
	origin_add_value(&origin, 47, STR("blue"));
	origin.known_uid = true;
	origin.uid = 5;
	assert_int_equal(card_of(&origin, &card), 0);
	assert_true(card_size(card) < 200);
	STR_COPY(full.user, STR("bob"));
	card_fill(card, &full);
	assert_string_equal(full.user, "bob");
	assert_string_equal(full.workload, "Deployment/x");
	assert_string_equal(full.labels[0].key, "app");
	assert_int_equal(full.values[0].wanted, 47);
	assert_int_equal(full.uid, 5);
	mem_free(card);
}

static pid_t child(const char *team)
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ready[1], 9);
		setenv("AI_TEAM", team, 1);
		execl("/bin/sh", "sh", "-c", "echo >&9; kill -STOP $$", NULL);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The whole table, as explain and run use it. */
static void test_child(void **state)
{
	struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_ENV, "AI_TEAM" } } };
	struct who_source sources[WHO_SOURCES];
	struct call call = { 0 };
	struct host *host;
	struct who *who;
	struct passwd *me = getpwuid(getuid());
	pid_t pid = child("blue");

	(void)state;
	assert_int_equal(host_new(&host), 0);
	assert_int_equal(who_new(&(struct who_config){ sources, host_sources(host, sources), true }, &who), 0);
	assert_int_equal(who_wants(who, &wants), 0);
	assert_int_equal(task_of_pid((uint32_t)pid, &call.task), 0);
	call.uid = getuid();
	assert_int_equal(who_origin(who, &call, 1000, &origin), 0);
	assert_false(origin.incomplete);
	assert_true(str_ends(str_of(origin.exe), STR("sh")));
	assert_string_equal(origin.user, me ? me->pw_name : "");
	assert_int_equal(origin.cgroup[0], '/');
	assert_int_equal(origin.n_values, 1);
	assert_string_equal(origin.values[0].text, "blue");

	/* the same number, another process: nothing of this one is told */
	call.task.start_ns -= 20000000;
	assert_int_equal(who_origin(who, &call, 1000, &origin), 0);
	assert_string_equal(origin.exe, "");
	assert_int_equal(origin.n_values, 0);
	end(pid);
	/* gone before it was asked about */
	call.task.start_ns += 20000000 - 1;
	assert_int_equal(who_origin(who, &call, 1000, &origin), 0);
	assert_string_equal(origin.exe, "");
	who_free(who);
	host_free(host);
}

/* A cgroup by its id, also with its last process gone, and remembered once the cgroup is gone too. */
static void test_cgroup_id(void **state)
{
	struct cgroup_source *source;
	struct mounts mounts;
	struct task nobody = { 4000000000u, 1 };
	char path[400], name[64];
	int which = cgroup_hierarchy();
	uint64_t id;

	(void)state;
	snprintf(name, sizeof(name), "/aitap-test-%d.service", (int)getpid());
	if (which < 0 || mounts_read(&mounts) < 0)
		skip();
	snprintf(path, sizeof(path), "%s%s", mounts.of[which].point, name);
	if (mkdir(path, 0755) < 0) {
		/* without privileges the fallback is all there is: test_child has it */
		assert_int_not_equal(getuid(), 0);
		return;
	}
	assert_int_equal(cgroup_id_of(name, &id), 0);
	assert_int_equal(cgroup_id_of("/nonexistent-aitap", &id), -ENOENT);
	assert_int_equal(cgroup_id_of(path, &id), 0);
	assert_int_equal(cgroup_new(&source), 0);
	for (int i = 0; i < 2; i++) {
		memset(&origin, 0, sizeof(origin));
		origin.cgroup_id = id;
		origin.hierarchy = (uint8_t)which;
		assert_int_equal(cgroup_ops.fill(source, &nobody, &origin, 0), 1);
		assert_string_equal(origin.cgroup, name);
		assert_string_equal(origin.unit, name + 1);
		rmdir(path);
	}
	memset(&origin, 0, sizeof(origin));
	origin.cgroup_id = id + 12345;
	assert_int_equal(cgroup_ops.fill(source, &nobody, &origin, 0), 0);
	assert_string_equal(origin.cgroup, "");
	cgroup_free(source);
}

static void test_no_memory(void **state)
{
	struct host *host = NULL;
	int r = -ENOMEM;

	(void)state;
	for (uint64_t n = 1; r == -ENOMEM; n++) {
		mem_fail_at(n);
		r = host_new(&host);
		mem_fail_at(0);
		assert_true(n < 100);
	}
	assert_int_equal(r, 0);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units), cmocka_unit_test(test_mounts), cmocka_unit_test(test_otel), cmocka_unit_test(test_environ),
		cmocka_unit_test(test_card), cmocka_unit_test(test_child), cmocka_unit_test(test_cgroup_id), cmocka_unit_test(test_no_memory),
	};

	return RUN(tests);
}
