/* SPDX-License-Identifier: Apache-2.0 */
#include "who/users.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define USERS_MAX 4096
#define USERS_AGE_NS (600 * NSEC_PER_SEC)

struct users_source {
	struct map names;	/* by uid, char * */
	uint64_t since_ns;
	char space[KIB(16)];	/* for getpwuid_r() */
};

int users_new(struct users_source **ret)
{
	struct users_source *s = mem_new(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->names = MAP(USERS_MAX);
	*ret = s;
	return 0;
}

static void forget_all(struct users_source *s)
{
	uint64_t key;
	void *name;

	for (size_t i = 0; map_next(&s->names, &i, &key, &name);)
		mem_free(name);
	map_done(&s->names);
	s->names = MAP(USERS_MAX);
	s->since_ns = clock_boot_ns();
}

struct users_source *users_free(struct users_source *s)
{
	if (!s)
		return NULL;
	forget_all(s);
	return mem_free(s);
}

/* "" : the uid has no name. A negative errno: the database did not answer. */
static int look_up(struct users_source *s, uint32_t uid, char *ret, size_t size)
{
	struct passwd entry, *found = NULL;
	int r;

	ret[0] = 0;
	r = getpwuid_r(uid, &entry, s->space, sizeof(s->space), &found);
	if (found)
		str_copy(ret, size, str_of(found->pw_name));
	/* getpwuid(3): several errors only say that there is no such user */
	return r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM ? 0 : -r;
}

static int users_fill(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	struct users_source *s = self;
	char name[sizeof(o->user)], *known;
	int r;

	(void)task;
	(void)deadline_ms;	/* NSS knows no deadline: who/desk lives with that */
	if (!o->known_uid || o->user[0])
		return 0;
	if (s->names.n == USERS_MAX || clock_boot_ns() - s->since_ns > USERS_AGE_NS)
		forget_all(s);
	known = map_get(&s->names, o->uid);
	if (!known) {
		r = look_up(s, o->uid, name, sizeof(name));
		if (r < 0)
			return r;
		known = mem_strndup(name, strlen(name));
		if (!known || map_put(&s->names, o->uid, known) < 0) {
			mem_free(known);
			return -ENOMEM;
		}
	}
	STR_COPY(o->user, str_of(known));
	return o->user[0] != 0;
}

const struct origin_source users_ops = {
	.name = "users",
	.fill = users_fill,
};
