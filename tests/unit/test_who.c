/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of origins: what the probes told, what sources reply, and what happens where these are late or hang. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"
#include "who/attribution.h"
#include "who/who.h"

/* A source that says its own name and how often it was asked, waits for a gate, or fails. */
struct fake {
	const char *user;	/* fills this */
	const char *exe;
	int result;		/* instead, where negative */
	atomic_uint asked;
	atomic_bool *gate;	/* waits until it opens */
	uint32_t generation;	/* of the wants it was told */
};

static int fake_fill(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	struct fake *fake = self;

	(void)task;
	(void)deadline_ms;
	atomic_fetch_add(&fake->asked, 1);
	while (fake->gate && !atomic_load(fake->gate))
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	if (fake->result < 0)
		return fake->result;
	if (fake->user && !o->user[0])
		STR_COPY(o->user, str_of(fake->user));
	if (fake->exe && !o->exe[0])
		STR_COPY(o->exe, str_of(fake->exe));
	return fake->user || fake->exe;
}

static int fake_want(void *self, const struct wants *wants)
{
	struct fake *fake = self;

	fake->generation = wants->generation;
	return 0;
}

static const struct origin_source fake_ops = { .name = "fake", .fill = fake_fill, .want = fake_want };

static struct origin origin;

static struct who *made(struct fake *fakes, size_t n, bool alone)
{
	struct who_source sources[WHO_SOURCES];
	struct who *who;

	for (size_t i = 0; i < n; i++)
		sources[i] = (struct who_source){ &fake_ops, &fakes[i] };
	assert_int_equal(who_new(&(struct who_config){ sources, n, alone }, &who), 0);
	return who;
}

static struct call called(uint32_t tgid)
{
	struct call call = { .task = { tgid, 1000000000 }, .uid = 1000, .cgroup_id = 77 };

	STR_COPY(call.comm, STR("python3"));
	return call;
}

static struct trait traited(enum trait_kind kind, uint32_t tgid)
{
	struct trait trait = { .kind = (uint8_t)kind, .uid = 1000, .task = { tgid, 1000000000 }, .cgroup_id = 77 };

	STR_COPY(trait.comm, STR("python3"));
	return trait;
}

static void test_traits_only(void **state)
{
	struct trait trait = traited(TRAIT_ENVIRON, 7);
	struct call call = called(7);
	struct who *who = made(NULL, 0, false);

	(void)state;
	trait.n_values = 1;
	trait.values[0].wanted = 3;
	STR_COPY(trait.values[0].text, STR("blue"));
	STR_COPY(trait.otel, STR("team=green,service.name=a%20b,=x,novalue,k="));
	assert_int_equal(who_trait(who, &trait), 0);
	trait = traited(TRAIT_EXIT, 7);
	assert_int_equal(who_trait(who, &trait), 0);
	assert_int_equal(who_origin(who, &call, 0, &origin), 0);
	assert_int_equal(origin.n_values, 1);
	assert_int_equal(origin.values[0].wanted, 3);
	assert_string_equal(origin.values[0].text, "blue");
	assert_int_equal(origin.n_labels, 3);
	assert_string_equal(origin.labels[1].value, "a b");
	assert_string_equal(origin.comm, "python3");
	assert_int_equal(origin.uid, 1000);
	assert_false(origin.incomplete);
	who_free(who);
}

static void test_alone(void **state)
{
	struct fake fakes[] = { { .user = "ann" }, { .user = "bob", .exe = "/usr/bin/x" } };
	struct call call = called(7);
	struct who *who = made(fakes, 2, true);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(who_origin(who, &call, 100, &origin), 0);
		assert_string_equal(origin.user, "ann");
		assert_string_equal(origin.exe, "/usr/bin/x");
		assert_false(origin.incomplete);
	}
	assert_int_equal(fakes[0].asked, 1);
	assert_int_equal(who_counts(who).tasks, 1);
	who_free(who);
}

/* Another program in the same process: what was known of the first does not pass to it. */
static void test_exec(void **state)
{
	struct fake fake = { .user = "ann" };
	struct trait trait = traited(TRAIT_ENVIRON, 7);
	struct call call = called(7);
	struct who *who = made(&fake, 1, true);

	(void)state;
	trait.n_values = 1;
	STR_COPY(trait.values[0].text, STR("blue"));
	assert_int_equal(who_trait(who, &trait), 0);
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_int_equal(origin.n_values, 1);
	trait = traited(TRAIT_EXEC, 7);
	assert_int_equal(who_trait(who, &trait), 0);
	fake.user = "root";
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_int_equal(origin.n_values, 0);
	assert_string_equal(origin.user, "root");
	assert_int_equal(fake.asked, 2);
	who_free(who);
}

/* The same number with another start is another process. */
static void test_reuse(void **state)
{
	struct fake fake = { .user = "ann" };
	struct call call = called(7);
	struct who *who = made(&fake, 1, true);

	(void)state;
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	fake.user = "bob";
	call.task.start_ns += 1;
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_string_equal(origin.user, "bob");
	call.task.start_ns -= 1;
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_string_equal(origin.user, "ann");
	call.task = (struct task){ 0 };
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_string_equal(origin.user, "");
	who_free(who);
}

/* A source that fails leaves the origin incomplete, and the others' answers in it. */
static void test_failing(void **state)
{
	struct fake fakes[] = { { .result = -EIO }, { .exe = "/x" } };
	struct call call = called(7);
	struct who *who = made(fakes, 2, true);

	(void)state;
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_true(origin.incomplete);
	assert_string_equal(origin.exe, "/x");
	/* not asked again at once */
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_true(origin.incomplete);
	assert_int_equal(fakes[0].asked, 1);
	who_free(who);
}

struct helper {
	struct who *who;
	atomic_bool stop;
	pthread_t thread;
};

static void *help(void *p)
{
	struct helper *helper = p;

	while (!atomic_load(&helper->stop))
		who_work(helper->who, 5);
	return NULL;
}

static uint64_t ms_since(uint64_t then_ns)
{
	return (clock_boot_ns() - then_ns) / NSEC_PER_MSEC;
}

static void until_complete(struct who *who, const struct call *call)
{
	uint64_t since = clock_boot_ns();

	do {
		assert_int_equal(who_origin(who, call, 10, &origin), 0);
		if (origin.incomplete)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	} while (origin.incomplete && ms_since(since) < 10000);
}

/* A source that hangs: what came before it is handed out, the deadline holds, and only once. */
static void test_hanging(void **state)
{
	atomic_bool gate = false;
	struct fake fakes[] = { { .exe = "/x" }, { .user = "ann", .gate = &gate } };
	struct helper helper = { .who = made(fakes, 2, false) };
	struct call call = called(7), other = called(8);
	struct trait trait = traited(TRAIT_SEEN, 7);
	uint64_t since;

	(void)state;
	assert_int_equal(pthread_create(&helper.thread, NULL, help, &helper), 0);
	assert_int_equal(who_trait(helper.who, &trait), 0);
	while (!atomic_load(&fakes[1].asked))	/* it hangs by now, however busy this machine is */
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	since = clock_boot_ns();
	assert_int_equal(who_origin(helper.who, &call, 60, &origin), 0);
	assert_true(ms_since(since) >= 50 && ms_since(since) < 3000);
	assert_true(origin.incomplete);
	assert_string_equal(origin.exe, "/x");
	assert_string_equal(origin.user, "");
	since = clock_boot_ns();
	for (int i = 0; i < 100; i++)
		assert_int_equal(who_origin(helper.who, &other, 60, &origin), 0);
	assert_true(ms_since(since) < 4000);	/* 6 s, were each to wait */
	assert_true(origin.incomplete);
	assert_true(who_counts(helper.who).late >= 101);

	atomic_store(&gate, true);
	until_complete(helper.who, &call);
	assert_false(origin.incomplete);
	assert_string_equal(origin.user, "ann");
	atomic_store(&helper.stop, true);
	pthread_join(helper.thread, NULL);
	who_free(helper.who);
}

/* Far more questions than the desk takes: refused ones are counted, and asked again later. */
static void test_flood(void **state)
{
	atomic_bool gate = false;
	struct fake fake = { .user = "ann", .gate = &gate };
	struct helper helper = { .who = made(&fake, 1, false) };
	struct who_counts counts;

	(void)state;
	for (uint32_t i = 1; i <= LIMIT_QUESTIONS + 500; i++) {
		struct trait trait = traited(TRAIT_SEEN, i);

		assert_int_equal(who_trait(helper.who, &trait), 0);
	}
	counts = who_counts(helper.who);
	assert_int_equal(counts.asked, LIMIT_QUESTIONS);
	assert_int_equal(counts.refused, 500);
	atomic_store(&gate, true);
	assert_int_equal(pthread_create(&helper.thread, NULL, help, &helper), 0);
	for (uint32_t i = 1; i <= LIMIT_QUESTIONS + 500; i++) {
		struct call call = called(i);

		until_complete(helper.who, &call);
		assert_string_equal(origin.user, "ann");
	}
	atomic_store(&helper.stop, true);
	pthread_join(helper.thread, NULL);
	who_free(helper.who);
}

/* Bounded, the one used longest ago is forgotten first. */
static void test_ceiling(void **state)
{
	struct who *who = made(NULL, 0, false);
	struct call first = called(1);

	(void)state;
	for (uint32_t i = 1; i <= LIMIT_TASKS + 100; i++) {
		struct trait trait = traited(TRAIT_ENVIRON, i);

		trait.n_values = 1;
		STR_COPY(trait.values[0].text, STR("blue"));
		assert_int_equal(who_trait(who, &trait), 0);
		if (i % 1000 == 0)
			assert_int_equal(who_origin(who, &first, 0, &origin), 0);
	}
	assert_true(who_counts(who).tasks <= LIMIT_TASKS);
	assert_true(who_counts(who).bytes <= LIMIT_TASKS_BYTES);
	assert_true(who_counts(who).dropped >= 100);
	assert_int_equal(who_origin(who, &first, 0, &origin), 0);
	assert_string_equal(origin.values[0].text, "blue");
	who_free(who);
}

/* After a reload a number may mean another name: its old value is not that name's. */
static void test_reload(void **state)
{
	struct fake fake = { .user = "ann" };
	struct wants wants = { .generation = 1, .n_wanted = 2, .wanted = { { WANTED_ENV, "A" }, { WANTED_ENV, "B" } } };
	struct trait trait = traited(TRAIT_ENVIRON, 7);
	struct call call = called(7);
	struct who *who = made(&fake, 1, true);

	(void)state;
	assert_int_equal(who_wants(who, &wants), 0);
	trait.n_values = 2;
	trait.values[1].wanted = 1;
	STR_COPY(trait.values[0].text, STR("a"));
	STR_COPY(trait.values[1].text, STR("b"));
	assert_int_equal(who_trait(who, &trait), 0);
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_int_equal(fake.generation, 1);
	assert_int_equal(origin.n_values, 2);
	STR_COPY(wants.wanted[0].name, STR("C"));
	wants.generation = 2;
	assert_int_equal(who_wants(who, &wants), 0);
	assert_int_equal(who_origin(who, &call, 100, &origin), 0);
	assert_int_equal(fake.generation, 2);
	assert_int_equal(origin.n_values, 1);
	assert_int_equal(origin.values[0].wanted, 1);
	assert_int_equal(fake.asked, 2);
	who_free(who);
}

static void test_service_name(void **state)
{
	struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_ENV, "OTEL_SERVICE_NAME" } } };
	struct trait trait = traited(TRAIT_ENVIRON, 7);
	struct call call = called(7);
	struct who *who = made(NULL, 0, false);

	(void)state;
	assert_int_equal(who_wants(who, &wants), 0);
	trait.n_values = 1;
	STR_COPY(trait.values[0].text, STR("named"));
	STR_COPY(trait.otel, STR("service.name=attribute,team=x"));
	assert_int_equal(who_trait(who, &trait), 0);
	assert_int_equal(who_origin(who, &call, 0, &origin), 0);
	assert_int_equal(origin.n_labels, 2);
	assert_string_equal(origin.labels[0].value, "named");
	who_free(who);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 60; n++) {
		struct fake fakes[] = { { .user = "ann" }, { .exe = "/x" } };
		struct who_source sources[] = { { &fake_ops, &fakes[0] }, { &fake_ops, &fakes[1] } };
		struct trait trait = traited(TRAIT_ENVIRON, 7);
		struct call call = called(7);
		struct wants wants = { .generation = 1 };
		struct who *who = NULL;
		int r;

		trait.n_values = 1;
		mem_fail_at(n);
		r = who_new(&(struct who_config){ sources, 2, true }, &who);
		if (r == 0) {
			who_wants(who, &wants);
			who_trait(who, &trait);
			r = who_origin(who, &call, 10, &origin);
			assert_true(r == 0 || r == -ENOMEM);
			assert_true(r == 0 || origin.incomplete);
		} else {
			assert_int_equal(r, -ENOMEM);
		}
		mem_fail_at(0);
		who_free(who);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traits_only), cmocka_unit_test(test_alone), cmocka_unit_test(test_exec), cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_failing), cmocka_unit_test(test_hanging), cmocka_unit_test(test_flood), cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_reload), cmocka_unit_test(test_service_name), cmocka_unit_test(test_no_memory),
	};

	return RUN(tests);
}
