/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks by trying: the programs are loaded and one library is probed for this
 * process alone, so an answer holds for this kernel and these privileges as
 * they are, whatever versions and capability sets may say.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/limits.h"
#include "out/record.h"
#include "run/command.h"
#include "run/survey.h"
#include "tap/tap.h"
#include "who/cgroup.h"

static const char usage[] =
	"aitap doctor [--json]\n"
	"\n"
	"What this kernel, these privileges and these processes allow, probe by probe: nothing is changed, and nothing is\n"
	"read but files and /proc.\n"
	"\n"
	"Exit codes: 0 calls can be read here; 1 they cannot, and why; 2 bad usage.\n";

/* What was found out; text for people is made from it, or JSON. */
struct findings {
	bool json;
	struct buf text;
	struct json to;
	bool can;
	uint64_t armed, blind;
};

static void finding(struct findings *found, const char *key, const char *value)
{
	if (found->json) {
		json_key(&found->to, key);
		json_cstr(&found->to, value);
	} else {
		buf_printf(&found->text, "%-16s %s\n", key, value);
	}
}

static void look_at_kernel(struct findings *found)
{
	static const char *const hierarchies[] = { "v2", "v1 pids", "v1 memory" };
	struct utsname host;
	char text[256];
	int hierarchy = cgroup_hierarchy();

	if (uname(&host) == 0) {
		snprintf(text, sizeof(text), "%.64s %.64s", host.release, host.machine);
		finding(found, "kernel", text);
	}
	finding(found, "btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "yes" : "no: /sys/kernel/btf/vmlinux is missing");
	finding(found, "user", geteuid() == 0 ? "root" : "not root");
	finding(found, "cgroups", hierarchy < 0 ? "none found" : hierarchies[hierarchy]);
}

static void look_at_program(struct findings *found, const struct tap_program *program)
{
	if (!found->json) {
		buf_printf(&found->text, "  program        %-24s %7u instructions verified, %6u bytes of machine code\n", program->name,
			   program->verified, program->bytes);
		return;
	}
	json_open(&found->to, '{');
	json_key(&found->to, "name");
	json_cstr(&found->to, program->name);
	json_key(&found->to, "verified_instructions");
	json_u64(&found->to, program->verified);
	json_key(&found->to, "bytes");
	json_u64(&found->to, program->bytes);
	json_close(&found->to, '}');
}

static void look_at_tap(struct findings *found, struct tap **ret)
{
	_cleanup_(buf_done) struct buf reason = BUF(KIB(4));
	struct tap_program program;
	int err = tap_open(&(struct tap_config){ .rings = 1, .only_followed = true }, &reason, ret);

	found->can = err == 0;
	if (err < 0) {
		finding(found, "probes", reason.n ? buf_cstr(&reason) : strerror(-err));
		return;
	}
	finding(found, "probes", "the programs load");
	finding(found, "mode", tap_mode_name(tap_mode(*ret)));
	if (found->json) {
		json_key(&found->to, "programs");
		json_open(&found->to, '[');
	}
	for (unsigned int i = 0; tap_program(*ret, i, &program) == 0; i++)
		look_at_program(found, &program);
	if (found->json)
		json_close(&found->to, ']');
}

/* ---- files with TLS in them */

struct look {
	struct findings *found;
	struct tap *tap;
};

static void site_text(struct findings *found, const struct site *site)
{
	if (!found->json) {
		buf_printf(&found->text, "    %-22s at 0x%-10jx %-8s %s\n", site_role_name(site->role), (uintmax_t)site->offset,
			   site_class_name(site->class), site->reason);
		return;
	}
	json_open(&found->to, '{');
	json_key(&found->to, "function");
	json_cstr(&found->to, site_role_name(site->role));
	json_key(&found->to, "offset");
	json_u64(&found->to, site->offset);
	json_key(&found->to, "instruction");
	json_cstr(&found->to, site_class_name(site->class));
	json_key(&found->to, "reason");
	json_cstr(&found->to, site->reason);
	json_close(&found->to, '}');
}

/* Attached for this process alone, and taken away at once. Its path led through a file that is closed by now. */
static int try_to_arm(struct look *look, const struct target *target)
{
	_cleanup_close_ int fd = -1;
	struct target now = { 0 };
	int err;

	if (!look->tap)
		return -EPERM;
	fd = open(target->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = target_inspect(fd, &now);
	if (err < 0)
		return err;
	snprintf(now.path, sizeof(now.path), "/proc/self/fd/%d", fd);
	err = tap_arm(look->tap, &now, getpid());
	if (err == 0)
		tap_disarm(look->tap, &now, getpid());
	return err;
}

static void look_at_target(void *ctx, const struct target_state *state)
{
	struct look *look = ctx;
	struct findings *found = look->found;
	const struct target *target = state->target;
	bool sites = state->state == EVENT_TARGET_ARMED;
	int err = sites ? try_to_arm(look, target) : 0;
	const char *what = !sites ? "blind" : err ? "failed" : "can be read", *reason = err ? strerror(-err) : state->reason;

	found->armed += sites && !err;
	found->blind += !sites || err;
	if (found->json) {
		json_open(&found->to, '{');
		json_key(&found->to, "file");
		json_cstr(&found->to, target->name);
		json_key(&found->to, "library");
		json_cstr(&found->to, target->version);
		json_key(&found->to, "state");
		json_cstr(&found->to, what);
		json_key(&found->to, "reason");
		json_cstr(&found->to, reason);
		json_key(&found->to, "sites");
		json_open(&found->to, '[');
	} else {
		buf_printf(&found->text, "%-16s %s, %s%s%s\n", what, target->name, target->version[0] ? target->version : "unknown library",
			   reason[0] ? ": " : "", reason);
	}
	for (unsigned int i = 0; i < target->n_sites; i++)
		site_text(found, &target->sites[i]);
	if (found->json) {
		json_close(&found->to, ']');
		json_close(&found->to, '}');
	}
}

static int look_at_files(struct findings *found, struct tap *tap)
{
	struct look look = { found, tap };
	struct targets_counts counts;
	int err;

	if (found->json) {
		json_key(&found->to, "files");
		json_open(&found->to, '[');
	}
	err = survey(look_at_target, &look, &counts);
	if (found->json)
		json_close(&found->to, ']');
	if (err < 0)
		finding(found, "processes", strerror(-err));
	return err;
}

static void conclude(struct findings *found)
{
	if (found->json) {
		json_key(&found->to, "can_read");
		json_bool(&found->to, found->can);
		json_close(&found->to, '}');
		buf_char(&found->text, '\n');
		return;
	}
	buf_printf(&found->text, "%-16s ledger.path, metrics.listen, sinks, --workers and --ring-size\n", "needs a restart");
	buf_printf(&found->text, "%s: %ju files can be read now, %ju cannot\n",
		   found->can ? "calls can be read here" : "calls cannot be read here", (uintmax_t)found->armed, (uintmax_t)found->blind);
}

static int doctor_run(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	_cleanup_(tap_closep) struct tap *tap = NULL;
	struct findings found = { .text = BUF(MIB(8)) };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return EXIT_USAGE;
		found.json = true;
	}
	if (optind < argc)
		return command_fail(EXIT_USAGE, "doctor", "'%s'? It takes no argument", argv[optind]);
	found.to.to = &found.text;
	if (found.json)
		json_open(&found.to, '{');
	look_at_kernel(&found);
	look_at_tap(&found, &tap);
	look_at_files(&found, tap);
	conclude(&found);
	fwrite(found.text.p, 1, found.text.n, stdout);
	buf_done(&found.text);
	return found.can ? EXIT_DONE : EXIT_DIFFERS;
}

const struct command cmd_doctor = { "doctor", "what this kernel, these privileges and these processes allow", usage, doctor_run };
