/* SPDX-License-Identifier: Apache-2.0 */
#include "who/environ.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "who/attribution.h"
#include "who/card.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct str percent_decoded(struct str s, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < size; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;

		to[n++] = low >= 0 ? (char)(high << 4 | low) : s.p[i];
		i += low >= 0 ? 2 : 0;
	}
	return (struct str){ to, n };
}

void environ_otel(struct str attributes, struct origin *o)
{
	struct str pair;

	while (str_split(&attributes, ',', &pair)) {
		ptrdiff_t equals = str_chr(pair, '=');
		char key[96], value[128];

		if (equals <= 0)
			continue;
		origin_add_label(o, 'o', percent_decoded(str_trim(str_sub(pair, 0, (size_t)equals)), key, sizeof(key)),
				 percent_decoded(str_trim(str_sub(pair, (size_t)equals + 1, pair.n)), value, sizeof(value)));
	}
}

static void fill_row(const struct wants *wants, uint8_t row, struct str value, struct origin *o)
{
	struct str name = str_of(wants->wanted[row].name);

	if (str_eq(name, STR("OTEL_RESOURCE_ATTRIBUTES")))
		environ_otel(value, o);
	origin_add_value(o, row, attribution_value_ok(value) ? value : STR("_invalid"));
}

/* OTEL_SERVICE_NAME goes before service.name of the attributes, so it is looked for first. */
void environ_fill(struct str block, const struct wants *wants, struct origin *o)
{
	struct str rest = block, entry;

	while (str_split(&rest, 0, &entry))
		if (str_starts(entry, STR("OTEL_SERVICE_NAME=")) && entry.n > strlen("OTEL_SERVICE_NAME="))
			origin_add_label(o, 'o', STR("service.name"), str_sub(entry, strlen("OTEL_SERVICE_NAME="), entry.n));
	while (str_split(&block, 0, &entry)) {
		ptrdiff_t equals = str_chr(entry, '=');

		for (uint32_t i = 0; equals > 0 && i < wants->n_wanted; i++)
			if (wants->wanted[i].kind == WANTED_ENV &&
			    str_eq(str_of(wants->wanted[i].name), str_sub(entry, 0, (size_t)equals)))
				fill_row(wants, (uint8_t)i, str_sub(entry, (size_t)equals + 1, entry.n), o);
	}
}

struct environ_source {
	struct wants wants;
	struct buf block;
};

int environ_new(struct environ_source **ret)
{
	struct environ_source *s = mem_new(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->block = BUF(LIMIT_ENVIRON);
	*ret = s;
	return 0;
}

struct environ_source *environ_free(struct environ_source *s)
{
	if (!s)
		return NULL;
	buf_done(&s->block);
	return mem_free(s);
}

static int environ_want(void *self, const struct wants *wants)
{
	struct environ_source *s = self;

	s->wants = *wants;
	explicit_bzero(s->wants.secret, sizeof(s->wants.secret));
	return 0;
}

static bool wants_any(const struct wants *wants)
{
	for (uint32_t i = 0; i < wants->n_wanted; i++)
		if (wants->wanted[i].kind == WANTED_ENV)
			return true;
	return false;
}

static int read_block(struct environ_source *s, uint32_t pid)
{
	_cleanup_close_ int fd = -1;
	char path[32], piece[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	buf_reset(&s->block);
	while ((n = read(fd, piece, sizeof(piece))) > 0 && buf_add(&s->block, piece, (size_t)n) == 0)
		;
	return n < 0 ? -errno : 0;
}

static int environ_source_fill(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	struct environ_source *s = self;
	struct task now;
	int r;

	(void)deadline_ms;	/* a copy of memory by the kernel: it does not wait */
	if (!wants_any(&s->wants))
		return 0;
	r = read_block(s, task->tgid);
	/* the start time is read after the text: had the pid been used again, it would show */
	if (r < 0 || task_of_pid(task->tgid, &now) < 0 || !task_same(now, *task))
		return 0;
	environ_fill(buf_view(&s->block), &s->wants, o);
	if (s->block.p)
		explicit_bzero(s->block.p, s->block.size);
	return 1;
}

const struct origin_source environ_ops = {
	.name = "environ",
	.fill = environ_source_fill,
	.want = environ_want,
};
