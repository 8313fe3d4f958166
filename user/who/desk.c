/* SPDX-License-Identifier: Apache-2.0 */
#include "who/desk.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

int desk_init(struct desk *desk, const struct who_source *sources, size_t n)
{
	int r;

	if (n > WHO_SOURCES)
		return -EINVAL;
	/* one row of the questions' lane is for news of the wants */
	r = lane_init(&desk->questions, (size_t)2 * LIMIT_QUESTIONS);
	if (r >= 0)
		r = lane_init(&desk->replies, (size_t)2 * WHO_SOURCES * LIMIT_QUESTIONS);
	if (n)
		memcpy(desk->sources, sources, n * sizeof(*sources));
	desk->n_sources = n;
	return r;
}

static void question_free(struct question *question)
{
	if (question->wants)
		explicit_bzero(question->wants, sizeof(*question->wants));
	mem_free(question->wants);
	mem_free(question->last);
	mem_free(question);
}

void desk_done(struct desk *desk)
{
	struct question *question;
	struct reply *reply;

	while (desk->questions.slots && (question = lane_get(&desk->questions)))
		question_free(question);
	while (desk->replies.slots && (reply = lane_get(&desk->replies))) {
		mem_free(reply->card);
		mem_free(reply);
	}
	lane_done(&desk->questions);
	lane_done(&desk->replies);
}

int desk_ask(struct desk *desk, const struct question *question)
{
	struct question *own;

	if (!question->wants && desk->open >= LIMIT_QUESTIONS)
		return -EAGAIN;
	own = mem_dup(question, sizeof(*question));
	if (!own)
		return -ENOMEM;
	own->last = question->wants ? NULL : mem_new(sizeof(*own->last));
	if ((!own->last && !own->wants) || !lane_put(&desk->questions, own)) {
		own->wants = NULL;	/* still the caller's */
		question_free(own);
		return -EAGAIN;
	}
	desk->open += !question->wants;
	return 0;
}

struct reply *desk_reply(struct desk *desk)
{
	struct reply *reply = lane_get(&desk->replies);

	if (reply && reply->last)
		desk->open--;
	return reply;
}

int desk_wait(struct desk *desk, int timeout_ms)
{
	return lane_wait(&desk->replies, timeout_ms);
}

/* The last reply must arrive, for the asker counts it; what lies between may get lost. */
static void tell(struct desk *desk, struct question *question, bool last)
{
	struct reply *reply = last ? TAKE_PTR(question->last) : mem_new(sizeof(*reply));

	if (!reply)
		return;
	*reply = (struct reply){ .task = question->task, .number = question->number, .last = last };
	if ((card_of(&desk->scratch, &reply->card) < 0 && !last) || !lane_put(&desk->replies, reply)) {
		mem_free(reply->card);
		mem_free(reply);
	}
}

static void answer(struct desk *desk, struct question *question)
{
	struct origin *o = &desk->scratch;
	bool late = false;

	memset(o, 0, sizeof(*o));
	o->task = question->task;
	o->known_uid = question->known_uid;
	o->uid = question->uid;
	o->cgroup_id = question->cgroup_id;
	o->hierarchy = question->hierarchy;
	STR_COPY(o->comm, str_of(question->comm));
	for (size_t i = 0; i < desk->n_sources; i++) {
		const struct who_source *source = &desk->sources[i];
		int r = source->ops->fill(source->self, &question->task, o, LIMIT_SOURCE_MS);

		late |= r < 0;
		if (r > 0 && i + 1 < desk->n_sources)
			tell(desk, question, false);
	}
	o->incomplete = late;
	tell(desk, question, true);
}

static void pass_on(struct desk *desk, const struct wants *wants)
{
	for (size_t i = 0; i < desk->n_sources; i++)
		if (desk->sources[i].ops->want)
			desk->sources[i].ops->want(desk->sources[i].self, wants);
}

static void tick(struct desk *desk)
{
	for (size_t i = 0; i < desk->n_sources; i++)
		if (desk->sources[i].ops->tick)
			desk->sources[i].ops->tick(desk->sources[i].self, LIMIT_SOURCE_MS);
}

int desk_work(struct desk *desk, int timeout_ms)
{
	int r = lane_wait(&desk->questions, timeout_ms), n = 0;
	struct question *question;

	while (r > 0 && (question = lane_get(&desk->questions))) {
		if (question->wants) {
			pass_on(desk, question->wants);
		} else {
			answer(desk, question);
			n++;
		}
		question_free(question);
	}
	if (r == 0)
		tick(desk);
	return r < 0 ? r : n;
}
