/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secret under which credentials and persons get their fingerprints. A
 * fleet has one, handed out as a file: 64 hexadecimal digits, with "k2:" before
 * them if it is the second generation. A host that was given none makes its
 * own at first use and keeps it; fingerprints then compare within this host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "run/config_inside.h"

#define SECRET_SIZE sizeof(((struct wants *)0)->secret)

const char *config_state(void)
{
	static char folder[200];
	const char *given = getenv("STATE_DIRECTORY");	/* systemd's, for a unit with StateDirectory= */

	if (!given || given[0] != '/')
		return CONFIG_STATE;
	/* several are separated by colons: systemd.exec(5) */
	return str_copy(folder, sizeof(folder), str_sub(str_of(given), 0, strcspn(given, ":"))) ? folder : CONFIG_STATE;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_secret(struct str text, struct wants *ret)
{
	uint64_t generation = 1;
	ptrdiff_t colon;

	text = str_trim(text);
	colon = str_chr(text, ':');
	if (colon >= 0) {
		if (text.p[0] != 'k' || !str_u64(str_sub(text, 1, (size_t)colon - 1), &generation) || !generation || generation > 99999)
			return false;
		text = str_sub(text, (size_t)colon + 1, text.n);
	}
	if (text.n != 2 * SECRET_SIZE)
		return false;
	for (size_t i = 0; i < SECRET_SIZE; i++) {
		int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret->secret[i] = (uint8_t)(high << 4 | low);
	}
	ret->secret_generation = (uint32_t)generation;
	return true;
}

/* 0; -EBADMSG: no secret in it; other negative errno. */
static int read_secret_file(const char *path, struct wants *ret)
{
	struct buf text = BUF(4096);
	int r = file_read(path, &text);

	if (r == 0 && !parse_secret(buf_view(&text), ret))
		r = -EBADMSG;
	if (text.p)
		explicit_bzero(text.p, text.size);
	buf_done(&text);
	return r;
}

/* Whole or not at all, and whoever comes second takes what the first one made. */
static int make_secret_file(const char *path)
{
	_cleanup_close_ int fd = -1;
	uint8_t secret[SECRET_SIZE];
	char text[2 * SECRET_SIZE + 2], draft[300];
	int r = 0;

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -EIO;
	for (size_t i = 0; i < SECRET_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", secret[i]);
	text[2 * SECRET_SIZE] = '\n';
	snprintf(draft, sizeof(draft), "%s.%d", path, (int)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, 2 * SECRET_SIZE + 1) != 2 * SECRET_SIZE + 1 || fsync(fd) < 0)
		r = -EIO;
	else if (link(draft, path) < 0 && errno != EEXIST)
		r = -errno;
	unlink(draft);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(secret, sizeof(secret));
	return r;
}

/* Makes what is missing of a folder, for its owner alone. */
static void make_folder(const char *path)
{
	char part[256];

	for (size_t i = 1; i < sizeof(part) && path[i]; i++)
		if (path[i] == '/' && STR_COPY(part, str_sub(str_of(path), 0, i)))
			mkdir(part, 0700);
	mkdir(path, 0700);
}

static int host_secret(const char *folder, struct wants *ret)
{
	char path[256];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/host.key", folder) >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_secret_file(path, ret);
	if (r != -ENOENT)
		return r;
	make_folder(folder);
	r = make_secret_file(path);
	return r < 0 ? r : read_secret_file(path, ret);
}

/* Where the state of a user who is not root belongs: XDG Base Directory Specification. */
static bool user_state(char *ret, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (state && state[0] == '/')
		n = snprintf(ret, size, "%s/aitap", state);
	else if (home && home[0] == '/')
		n = snprintf(ret, size, "%s/.local/state/aitap", home);
	return n > 0 && (size_t)n < size;
}

static void own_secret(struct reading *r, const struct config *previous)
{
	struct wants *wants = &r->config->wants;
	int err = host_secret(config_state(), wants), first = err;
	char folder[200];

	if (err < 0 && err != -EBADMSG && user_state(folder, sizeof(folder)))
		err = host_secret(folder, wants);
	r->config->secret_kept = err == 0;
	if (err == 0 && first == -EACCES)
		problem(r, PROBLEM_WARNING, NULL, "%s/host.key is not ours to read: fingerprints are made with this user's own secret, "
			"and differ from those of an aitap that may read it", config_state());
	if (err == 0)
		return;
	if (err == -EBADMSG) {
		problem(r, PROBLEM_ERROR, NULL, "the host's secret, %s/host.key, is damaged: remove it for a new one", config_state());
		return;
	}
	if (previous && previous->wants.secret_generation) {
		memcpy(wants->secret, previous->wants.secret, sizeof(wants->secret));
		wants->secret_generation = previous->wants.secret_generation;
		return;
	}
	problem(r, PROBLEM_WARNING, NULL, "no secret can be kept in %s (%s): fingerprints of credentials hold for this run only",
		config_state(), strerror(-first));
	wants->secret_generation = 1;
	if (getrandom(wants->secret, sizeof(wants->secret), 0) != sizeof(wants->secret))
		reading_failed(r, -EIO);
}

static void secret_of_file(struct reading *r)
{
	struct stat st;
	int err = read_secret_file(r->secret, &r->config->wants);

	file_used(r, r->secret);
	if (err == -EBADMSG)
		refuse(r, r->secret_at, "'%s' holds no secret: 64 hexadecimal digits, as `openssl rand -hex 32` prints them", r->secret);
	else if (err < 0)
		refuse(r, r->secret_at, "'%s': %s", r->secret, strerror(-err));
	else if (stat(r->secret, &st) == 0 && st.st_mode & 07)
		problem(r, PROBLEM_WARNING, r->secret_at, "'%s' is open to everyone on this host: chmod 600", r->secret);
}

void secret_take(struct reading *r, const struct config *previous)
{
	const char *given = r->secret_env[0] ? getenv(r->secret_env) : NULL;

	if (r->remote && !r->secret_at)
		problem(r, PROBLEM_ERROR, NULL, "a sink sends records to others: privacy.secret_file is needed, one for the whole fleet");
	if (!(r->flags & CONFIG_SECRET))
		return;
	r->config->secret_kept = true;
	if (r->secret[0])
		secret_of_file(r);
	else if (r->secret_env[0] && (!given || !parse_secret(str_of(given), &r->config->wants)))
		refuse(r, r->secret_at, "the environment's %s holds no secret: 64 hexadecimal digits", r->secret_env);
	else if (!r->secret_at)
		own_secret(r, previous);
}

struct privacy {
	const struct node *file, *variable;
	uint8_t user;
};

void read_privacy(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const char *const users[] = { "hash", "keep", "drop", NULL };	/* as enum user_privacy */
	static const struct field fields[] = {
		{ "secret_file", read_node, NODE_AT(struct privacy, file) },
		{ "secret_env", read_node, NODE_AT(struct privacy, variable) },
		{ "user", read_name, FIELD_AT(struct privacy, user), .names = users },
		{ 0 },
	};
	struct privacy privacy = { 0 };

	(void)to;
	(void)field;
	read_map(r, node, fields, &privacy);
	r->config->wants.keep_user = privacy.user;
	r->secret_at = privacy.file ? privacy.file : privacy.variable;
	if (privacy.file && privacy.variable)
		refuse(r, privacy.variable->key, "one of secret_file and secret_env is enough");
	/* commands that need no secret also run as users who may not read it */
	if (privacy.file && path_of(r, privacy.file, r->secret, sizeof(r->secret)) && r->flags & (CONFIG_SECRET | CONFIG_LINT) &&
	    !file_there(r, privacy.file, r->secret))
		r->secret[0] = 0;
	if (privacy.variable)
		read_text(r, privacy.variable, r->secret_env, &(struct field){ .key = "secret_env", .size = sizeof(r->secret_env) });
}
