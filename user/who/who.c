/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry has three cards: what the probes told of the environment, what the
 * sources replied, and the program's file as the kernel saw it, which counts
 * only where /proc came too late. They are kept apart because an exec or a
 * reload may void one and not the other, and laid over each other, told first,
 * when an origin is handed out.
 *
 * Each question carries a number. A reply to a number that the entry no longer
 * waits for (the process has executed another program since) is thrown away.
 */
#include "who/who.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "who/desk.h"
#include "who/environ.h"

#define RETRY_NS (2 * NSEC_PER_SEC)	/* before a source that failed is asked again about the same process */

enum state { STATE_NEW, STATE_ASKED, STATE_ANSWERED };

struct entry {
	struct list age;
	struct task task;
	uint64_t cgroup_id;
	uint64_t number;	/* of the last question */
	uint64_t asked_ns;
	uint32_t uid;
	bool known_uid;
	bool exited;
	bool failed;		/* the last reply lacked something */
	uint8_t hierarchy;
	uint8_t state;		/* enum state */
	char comm[16];
	struct card *told;
	struct card *replied;
	struct card *file;
};

struct who {
	struct map by_task;
	struct list by_age;	/* the one used longest ago first */
	size_t bytes;
	bool alone;
	bool overdue;		/* a wait was in vain, and nothing came since */
	uint64_t number;
	struct who_counts counts;
	struct wants wants;
	struct wants *news;	/* for the helper, and not handed over yet */
	struct origin scratch;
	struct desk desk;
};

int who_new(const struct who_config *config, struct who **ret)
{
	struct who *who = mem_new(sizeof(*who));
	int r;

	if (!who)
		return -ENOMEM;
	who->by_task = MAP(LIMIT_TASKS);
	list_init(&who->by_age);
	who->alone = config->alone;
	r = desk_init(&who->desk, config->sources, config->n_sources);
	if (r < 0) {
		who_free(who);
		return r;
	}
	*ret = who;
	return 0;
}

static size_t entry_size(const struct entry *entry)
{
	return sizeof(*entry) + card_size(entry->told) + card_size(entry->replied) + card_size(entry->file);
}

static void entry_drop(struct who *who, struct entry *entry)
{
	who->bytes -= entry_size(entry);
	list_remove(&entry->age);
	map_remove(&who->by_task, task_hash(entry->task));
	mem_free(entry->told);
	mem_free(entry->replied);
	mem_free(entry->file);
	mem_free(entry);
}

struct who *who_free(struct who *who)
{
	if (!who)
		return NULL;
	LIST_EACH(node, &who->by_age)
		entry_drop(who, LIST_ENTRY(node, struct entry, age));
	map_done(&who->by_task);
	desk_done(&who->desk);
	if (who->news)
		explicit_bzero(who->news, sizeof(*who->news));
	mem_free(who->news);
	explicit_bzero(&who->wants, sizeof(who->wants));
	return mem_free(who);
}

static void make_room(struct who *who, size_t entries, const struct entry *keep)
{
	while (!list_empty(&who->by_age) &&
	       (who->by_task.n + entries > LIMIT_TASKS || who->bytes > LIMIT_TASKS_BYTES)) {
		struct entry *oldest = LIST_ENTRY(who->by_age.next, struct entry, age);

		if (oldest == keep)
			break;
		entry_drop(who, oldest);
		who->counts.dropped++;
	}
}

static void card_set(struct who *who, struct entry *entry, struct card **place, struct card *card)
{
	who->bytes -= card_size(*place);
	mem_free(*place);
	*place = card;
	who->bytes += card_size(card);
	make_room(who, 0, entry);
}

static struct entry *entry_find(struct who *who, struct task task)
{
	struct entry *entry = map_get(&who->by_task, task_hash(task));

	return entry && task_eq(entry->task, task) ? entry : NULL;
}

static int entry_get(struct who *who, struct task task, struct entry **ret)
{
	struct entry *entry = map_get(&who->by_task, task_hash(task));
	int r;

	if (entry && task_eq(entry->task, task)) {
		list_remove(&entry->age);
		list_insert(&entry->age, &who->by_age);
		*ret = entry;
		return 0;
	}
	if (entry)	/* the same 64-bit hash */
		entry_drop(who, entry);
	make_room(who, 1, NULL);
	entry = mem_new(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->task = task;
	list_init(&entry->age);
	r = map_put(&who->by_task, task_hash(task), entry);
	if (r < 0) {
		mem_free(entry);
		return r;
	}
	list_insert(&entry->age, &who->by_age);
	who->bytes += sizeof(*entry);
	*ret = entry;
	return 0;
}

static void take_replies(struct who *who)
{
	struct reply *reply;

	while ((reply = desk_reply(&who->desk))) {
		struct entry *entry = entry_find(who, reply->task);

		who->overdue = false;
		who->counts.answered += reply->last;
		if (entry && entry->number == reply->number && entry->state == STATE_ASKED) {
			entry->failed = reply->last && !reply->card;
			if (reply->card)
				card_set(who, entry, &entry->replied, TAKE_PTR(reply->card));
			if (reply->last)
				entry->state = STATE_ANSWERED;
		}
		mem_free(reply->card);
		mem_free(reply);
	}
}

static void tell_news(struct who *who)
{
	if (who->news && desk_ask(&who->desk, &(struct question){ .wants = who->news }) == 0)
		who->news = NULL;
}

static void ask(struct who *who, struct entry *entry)
{
	struct question question = {
		.task = entry->task, .number = ++who->number, .cgroup_id = entry->cgroup_id, .hierarchy = entry->hierarchy,
		.known_uid = entry->known_uid, .uid = entry->uid,
	};

	STR_COPY(question.comm, str_of(entry->comm));
	if (!who->desk.n_sources) {
		entry->state = STATE_ANSWERED;
		return;
	}
	tell_news(who);
	if (desk_ask(&who->desk, &question) < 0) {
		who->counts.refused++;
		return;
	}
	who->counts.asked++;
	entry->number = question.number;
	entry->asked_ns = clock_boot_ns();
	entry->state = STATE_ASKED;
	if (who->alone)
		desk_work(&who->desk, 0);
}

/* What the sources may still know of it, and did not say for want of time. */
static bool worth_asking(const struct entry *entry)
{
	if (entry->state == STATE_NEW)
		return true;
	return entry->state == STATE_ANSWERED && entry->failed && !entry->exited &&
	       clock_boot_ns() - entry->asked_ns > RETRY_NS;
}

static int trait_seen(struct who *who, struct entry *entry, const struct trait *trait)
{
	entry->cgroup_id = trait->cgroup_id;
	entry->hierarchy = trait->hierarchy;
	entry->uid = trait->uid;
	entry->known_uid = true;
	STR_COPY(entry->comm, str_of(trait->comm));
	if (worth_asking(entry))
		ask(who, entry);
	return 0;
}

/* A name given by OTEL_SERVICE_NAME goes before the attributes' own. */
static int trait_environ(struct who *who, struct entry *entry, const struct trait *trait)
{
	struct origin *o = &who->scratch;
	struct card *card;
	int r;

	memset(o, 0, sizeof(*o));
	for (uint8_t i = 0; i < trait->n_values && i < WANTED_VALUES; i++) {
		const struct wanted_value *value = &trait->values[i];

		origin_add_value(o, value->wanted, str_of(value->text));
		if (value->wanted < LIMIT_WANTED &&
		    str_eq(str_of(who->wants.wanted[value->wanted].name), STR("OTEL_SERVICE_NAME")))
			origin_add_label(o, 'o', STR("service.name"), str_of(value->text));
	}
	environ_otel(str_of(trait->otel), o);
	r = card_of(o, &card);
	if (r >= 0)
		card_set(who, entry, &entry->told, card);
	return r;
}

static int trait_exe(struct who *who, struct entry *entry, const struct trait *trait)
{
	struct origin *o = &who->scratch;
	struct card *card;
	int r;

	memset(o, 0, sizeof(*o));
	STR_COPY(o->exe, str_of(trait->exe));
	r = card_of(o, &card);
	if (r >= 0)
		card_set(who, entry, &entry->file, card);
	return r;
}

static void entry_forget(struct who *who, struct entry *entry)
{
	card_set(who, entry, &entry->file, NULL);
	card_set(who, entry, &entry->told, NULL);
	card_set(who, entry, &entry->replied, NULL);
	entry->state = STATE_NEW;
	entry->failed = false;
}

int who_trait(struct who *who, const struct trait *trait)
{
	struct entry *entry = entry_find(who, trait->task);
	int r = 0;

	take_replies(who);
	if (!trait->task.tgid || !trait->task.start_ns)
		return 0;
	switch ((enum trait_kind)trait->kind) {
	case TRAIT_SEEN:
		r = entry_get(who, trait->task, &entry);
		return r < 0 ? r : trait_seen(who, entry, trait);
	case TRAIT_ENVIRON:
		r = entry_get(who, trait->task, &entry);
		return r < 0 ? r : trait_environ(who, entry, trait);
	case TRAIT_EXE:
		r = entry_get(who, trait->task, &entry);
		return r < 0 ? r : trait_exe(who, entry, trait);
	case TRAIT_EXEC:	/* another program, with another environment */
		entry = entry_find(who, trait->task);
		if (entry)
			entry_forget(who, entry);
		return 0;
	case TRAIT_EXIT:	/* records of it may still come */
		entry = entry_find(who, trait->task);
		if (entry)
			entry->exited = true;
		return 0;
	}
	return 0;
}

static void await(struct who *who, const struct entry *entry, int deadline_ms)
{
	uint64_t until = clock_boot_ns() + (uint64_t)deadline_ms * NSEC_PER_MSEC;

	take_replies(who);
	while (entry->state == STATE_ASKED && !who->overdue) {
		uint64_t now = clock_boot_ns();

		if (now >= until || desk_wait(&who->desk, (int)((until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC)) < 0)
			who->overdue = true;
		else
			take_replies(who);
	}
}

static void from_call(const struct call *call, struct origin *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->task = call->task;
	ret->uid = call->uid;
	ret->known_uid = call->task.start_ns != 0;
	ret->cgroup_id = call->cgroup_id;
	ret->hierarchy = call->hierarchy;
	STR_COPY(ret->comm, str_of(call->comm));
}

int who_origin(struct who *who, const struct call *call, int deadline_ms, struct origin *ret)
{
	struct entry *entry;
	int r;

	from_call(call, ret);
	if (!call->task.tgid || !call->task.start_ns)
		return 0;
	r = entry_get(who, call->task, &entry);
	if (r < 0) {
		ret->incomplete = true;
		return r;
	}
	if (!entry->known_uid) {	/* its first connection was not told */
		entry->uid = call->uid;
		entry->known_uid = true;
		entry->cgroup_id = call->cgroup_id;
		entry->hierarchy = call->hierarchy;
		STR_COPY(entry->comm, str_of(call->comm));
	}
	if (worth_asking(entry))
		ask(who, entry);
	await(who, entry, deadline_ms);
	card_fill(entry->told, ret);
	card_fill(entry->replied, ret);
	card_fill(entry->file, ret);
	if (entry->state == STATE_ANSWERED)
		entry->failed |= ret->incomplete;
	else
		ret->incomplete = true;
	who->counts.late += entry->state != STATE_ANSWERED;
	return 0;
}

/* Drops the values of rows that now mean another name. */
static struct card *without_rows(struct who *who, struct card *card, uint64_t rows)
{
	struct origin *o = &who->scratch;
	struct card *less = NULL;
	uint32_t n = 0;

	if (!card)
		return NULL;
	memset(o, 0, sizeof(*o));
	card_fill(card, o);
	for (uint32_t i = 0; i < o->n_values; i++)
		if (!(rows >> o->values[i].wanted & 1))
			o->values[n++] = o->values[i];
	o->n_values = n;
	if (card_of(o, &less) < 0)
		return NULL;	/* nothing rather than another's value */
	return less;
}

int who_wants(struct who *who, const struct wants *wants)
{
	struct wants *news = mem_dup(wants, sizeof(*wants));
	uint64_t changed = 0;

	_Static_assert(LIMIT_WANTED <= 64, "rows fit a bit set");
	if (!news)
		return -ENOMEM;
	explicit_bzero(news->secret, sizeof(news->secret));
	for (uint32_t i = 0; i < LIMIT_WANTED; i++)
		if (memcmp(&who->wants.wanted[i], &news->wanted[i], sizeof(news->wanted[i])) != 0)
			changed |= 1ull << i;
	who->wants = *news;
	mem_free(who->news);
	who->news = news;
	tell_news(who);
	LIST_EACH(node, &who->by_age) {
		struct entry *entry = LIST_ENTRY(node, struct entry, age);

		if (!changed)
			break;
		card_set(who, entry, &entry->told, without_rows(who, entry->told, changed));
		card_set(who, entry, &entry->replied, without_rows(who, entry->replied, changed));
		if (!entry->exited)
			entry->state = STATE_NEW;	/* /proc may have the new names */
	}
	return 0;
}

struct who_counts who_counts(const struct who *who)
{
	struct who_counts counts = who->counts;

	counts.tasks = who->by_task.n;
	counts.bytes = who->bytes;
	return counts;
}

int who_work(struct who *who, int timeout_ms)
{
	return desk_work(&who->desk, timeout_ms);
}
