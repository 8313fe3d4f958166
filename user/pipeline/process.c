/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/process.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

void processes_init(struct processes *processes)
{
	processes->by_task = MAP(LIMIT_TASKS);
	list_init(&processes->idle);
	processes->assembling = 0;
}

static void drop_environ(struct processes *processes, struct process *process)
{
	if (!process->environ)
		return;
	/* what was not wanted does not stay behind in freed memory */
	explicit_bzero(process->environ, EVENT_ENVIRON_MAX);
	process->environ = mem_free(process->environ);
	process->environ_bytes = 0;
	processes->assembling--;
}

void processes_done(struct processes *processes)
{
	struct process *process;
	uint64_t key;

	for (size_t i = 0; map_next(&processes->by_task, &i, &key, (void **)&process);) {
		drop_environ(processes, process);
		mem_free(process);
	}
	map_done(&processes->by_task);
}

struct process *process_find(const struct processes *processes, struct task task)
{
	struct process *process = map_get(&processes->by_task, task_hash(task));

	return process && task_eq(process->task, task) ? process : NULL;
}

void process_forget(struct processes *processes, struct process *process)
{
	map_remove(&processes->by_task, task_hash(process->task));
	list_remove(&process->idle);
	drop_environ(processes, process);
	mem_free(process);
}

int process_get(struct processes *processes, struct task task, bool *ret_new, struct process **ret)
{
	struct process *process = map_get(&processes->by_task, task_hash(task));
	int err;

	if (process) {
		*ret_new = false;
		*ret = process;
		return task_eq(process->task, task) ? 0 : -EEXIST;
	}
	if (processes->by_task.n >= LIMIT_TASKS && !list_empty(&processes->idle))
		process_forget(processes, LIST_ENTRY(processes->idle.next, struct process, idle));
	process = mem_new(sizeof(*process));
	if (!process)
		return -ENOMEM;
	process->task = task;
	list_init(&process->strands);
	list_init(&process->idle);
	err = map_put(&processes->by_task, task_hash(task), process);
	if (err < 0) {
		mem_free(process);
		return err;
	}
	list_insert(&process->idle, &processes->idle);
	*ret_new = true;
	*ret = process;
	return 0;
}

void process_busy(struct process *process)
{
	list_remove(&process->idle);
}

void process_rest(struct processes *processes, struct process *process)
{
	if (!list_empty(&process->strands))
		return;
	if (process->gone)
		process_forget(processes, process);
	else
		list_insert(&process->idle, &processes->idle);
}

/* What fits becomes a value; anything else says only that there was one. */
static void set_value(struct wanted_value *value, size_t wanted, struct str text)
{
	bool fits = text.n > 0 && text.n < sizeof(value->text);

	for (size_t i = 0; fits && i < text.n; i++) {
		char c = text.p[i];

		fits = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("._/@:-", c));
	}
	value->wanted = (uint8_t)wanted;
	STR_COPY(value->text, fits ? text : STR("_invalid"));
}

int environ_pick(struct str environ, const struct wants *wants, struct trait *ret)
{
	struct str entry, rest = environ;
	int err = 0;

	while (str_split(&rest, '\0', &entry)) {
		ptrdiff_t equals = str_chr(entry, '=');
		struct str name, value;

		if (equals <= 0)
			continue;
		name = str_sub(entry, 0, (size_t)equals);
		value = str_sub(entry, (size_t)equals + 1, SIZE_MAX);
		for (size_t i = 0; i < wants->n_wanted; i++) {
			if (wants->wanted[i].kind != WANTED_ENV || !str_eq(name, str_of(wants->wanted[i].name)))
				continue;
			if (str_eq(name, STR("OTEL_RESOURCE_ATTRIBUTES")))
				STR_COPY(ret->otel, value);
			else if (ret->n_values < WANTED_VALUES)
				set_value(&ret->values[ret->n_values++], i, value);
			else
				err = -ENOSPC;
		}
	}
	return err;
}

/* Several rings may tell the same environment, so a piece may come twice. */
static int add_piece(struct process *process, const struct event_environ *event)
{
	uint32_t end = event->offset + event->len;

	if (event->offset > process->environ_bytes)
		return -ENODATA;
	if (event->offset > EVENT_ENVIRON_MAX || event->len > EVENT_ENVIRON_MAX - event->offset)
		return -ENOSPC;
	memcpy(process->environ + event->offset, event + 1, event->len);
	if (end > process->environ_bytes)
		process->environ_bytes = end;
	return 0;
}

int process_environ(struct processes *processes, struct process *process, const struct event_environ *event,
		    const struct wants *wants, struct trait *ret)
{
	int err;

	if (!process->environ) {
		if (event->offset)
			return event->header.flags & EVENT_ENVIRON_LAST ? -ENODATA : 0;
		if (processes->assembling >= LIMIT_ENVIRONS)
			return -ENOSPC;
		process->environ = mem_new(EVENT_ENVIRON_MAX);
		if (!process->environ)
			return -ENOMEM;
		processes->assembling++;
	}
	err = add_piece(process, event);
	if (err == 0 && !(event->header.flags & EVENT_ENVIRON_LAST))
		return 0;
	if (err == 0) {
		ret->cut = (event->header.flags & EVENT_ENVIRON_CUT) != 0;
		environ_pick((struct str){ process->environ, process->environ_bytes }, wants, ret);
	}
	drop_environ(processes, process);
	return err < 0 ? err : 1;
}
